"""Compare the generated packages with what `protos/` gives today, or write them with `--write`.

The compiler is the one of `protos/requirements.txt`, in an environment of its own inside ours.
"""

from __future__ import annotations

import importlib.util
import re
import subprocess
import sys
import tempfile
from pathlib import Path

ROOT = Path(__file__).resolve().parents[1]
PROTOS = ROOT / "protos"
PACKAGES = (Path("swath") / "v1", Path("swath") / "worker" / "v1")
COMPILER = Path(sys.prefix) / "protoc" / "bin" / "python"
GENERATED = re.compile(r"_pb2(_grpc)?\.pyi?$")


def google_protos() -> Path:
    """The folder in which `google/rpc/*.proto` lie, as googleapis-common-protos ships them."""
    spec = importlib.util.find_spec("google.rpc")
    if spec is None or not spec.submodule_search_locations:
        sys.exit("googleapis-common-protos is not installed: make check does that")
    return Path(next(iter(spec.submodule_search_locations))).parents[1]


def compile_into(folder: Path) -> None:
    """Write the Python of every proto below `folder`, servicers only where there is a service."""
    sources = [file for p in PACKAGES for file in sorted((PROTOS / p).glob("*.proto"))]
    if not sources:
        sys.exit(f"no protos in {PROTOS}")
    services = [s for s in sources if re.search(r"^service ", s.read_text("utf-8"), re.MULTILINE)]
    run_protoc(sources, [f"--python_out={folder}", f"--pyi_out={folder}"])
    if services:
        run_protoc(services, [f"--grpc_python_out={folder}"])


def run_protoc(sources: list[Path], outputs: list[str]) -> None:
    """Run the compiler over `sources`; ends the program with its message when it fails."""
    command = [str(COMPILER), "-W", "ignore", "-m", "grpc_tools.protoc"]
    include = [f"-I{PROTOS}", f"-I{google_protos()}"]
    names = [str(source.relative_to(PROTOS)) for source in sources]
    if subprocess.run([*command, *include, *outputs, *names], check=False).returncode:
        sys.exit("protoc failed")


def texts(root: Path) -> dict[Path, str]:
    """Path below `root` → text of each generated file of the packages."""
    files = (file for p in PACKAGES for file in (root / p).glob("*"))
    return {f.relative_to(root): f.read_text("utf-8") for f in files if GENERATED.search(f.name)}


def write(fresh: dict[Path, str]) -> None:
    """Make the packages hold exactly the files of `fresh` beside what is written by hand."""
    for path in texts(ROOT).keys() - fresh.keys():
        (ROOT / path).unlink()
    for path, text in fresh.items():
        (ROOT / path).write_text(text, "utf-8")


def main(arguments: list[str]) -> int:
    """Exit status: 0 when the committed files are those that protoc gives, or were written."""
    with tempfile.TemporaryDirectory() as folder:
        compile_into(Path(folder))
        fresh = texts(Path(folder))
    if "--write" in arguments:
        write(fresh)
        return 0
    committed = texts(ROOT)
    paths = sorted(fresh.keys() | committed.keys())
    stale = [path for path in paths if fresh.get(path) != committed.get(path)]
    for path in stale:
        print(f"{path} is not what protos/ gives: run `make gen`", file=sys.stderr)
    return 1 if stale else 0


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
