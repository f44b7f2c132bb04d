"""Compare `swath/v1/` with what `protos/` gives today, or write it anew with `--write`.

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
PACKAGE = Path("swath") / "v1"
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
    sources = sorted((PROTOS / PACKAGE).glob("*.proto"))
    if not sources:
        sys.exit(f"no protos in {PROTOS / PACKAGE}")
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


def texts(folder: Path) -> dict[str, str]:
    """Name → text of each generated file in `folder`."""
    files = (file for file in folder.glob("*") if GENERATED.search(file.name))
    return {file.name: file.read_text("utf-8") for file in files}


def write(fresh: dict[str, str]) -> None:
    """Make `swath/v1/` hold exactly the files of `fresh` beside what is written by hand."""
    target = ROOT / PACKAGE
    for name in texts(target).keys() - fresh.keys():
        (target / name).unlink()
    for name, text in fresh.items():
        (target / name).write_text(text, "utf-8")


def main(arguments: list[str]) -> int:
    """Exit status: 0 when the committed files are those that protoc gives, or were written."""
    with tempfile.TemporaryDirectory() as folder:
        compile_into(Path(folder))
        fresh = texts(Path(folder) / PACKAGE)
    if "--write" in arguments:
        write(fresh)
        return 0
    committed = texts(ROOT / PACKAGE)
    names = sorted(fresh.keys() | committed.keys())
    stale = [name for name in names if fresh.get(name) != committed.get(name)]
    for name in stale:
        print(f"{PACKAGE / name} is not what protos/ gives: run `make gen`", file=sys.stderr)
    return 1 if stale else 0


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
