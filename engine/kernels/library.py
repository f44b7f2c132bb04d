"""The compiled kernels of this machine: one object file per module, loaded by llvmlite alone.

A file holds machine code, so the folder must belong to this user (or root) and be writable by
nobody else. A file's name holds a key of everything that its bits depend on: sources, versions of
the compiler, the processor. Files are written elsewhere and renamed, and carry a checksum: a
reader sees a whole file or none. Only `engine.kernels.build`, in a process of its own, writes.
"""

from __future__ import annotations

import hashlib
import importlib
import json
import os
import platform
import re
import subprocess
import sys
import threading
from collections.abc import Callable
from functools import cache
from importlib import metadata
from pathlib import Path
from typing import Any, Final

import llvmlite.binding as llvm

from swath.errors import InternalError, PermissionDenied

Progress = Callable[[int, int, str], None]
"""Called with (done, total, name) as kernels are compiled."""

_HERE: Final = Path(__file__).resolve().parent
_IMPORT: Final = re.compile(r"^from engine\.([\w.]+) import (\([^)]*\)|[^\n]*)", re.MULTILINE)
_NAME: Final = re.compile(r"\w+")

_lock = threading.RLock()
_addresses: dict[tuple[str, str], int] = {}
_loaded: dict[str, Any] = {}
_folder: list[Path] = []


def default_folder() -> Path:
    """`swath/kernels` in the user's cache folder (XDG base directory specification)."""
    root = os.environ.get("XDG_CACHE_HOME")
    return (Path(root) if root else Path.home() / ".cache") / "swath" / "kernels"


def modules() -> tuple[str, ...]:
    """Full names of the modules of this package that define kernels, in alphabetical order."""
    names = sorted(p.stem for p in _HERE.glob("*.py"))
    return tuple(
        f"engine.kernels.{name}" for name in names if "\n@kernel(" in _source(_HERE / f"{name}.py")
    )


def _source(path: Path) -> str:
    return path.read_text(encoding="utf-8")


def file_name(module: str) -> str:
    """`<module>-<key>.kernels`: changes with anything that could change the code's bits."""
    stem = module.rpartition(".")[2]
    digest = hashlib.blake2b(digest_size=16)
    sources = {_HERE / "compile.py": _source(_HERE / "compile.py")}
    _collect(_HERE / f"{stem}.py", sources)
    for path in sorted(sources):
        digest.update(sources[path].encode() + b"\0")
    digest.update(_machine().encode())
    return f"{stem}-{digest.hexdigest()}.kernels"


def _collect(path: Path, sources: dict[Path, str]) -> None:
    """Add a file and, in turn, those of the engine that it imports: they may hold formulas."""
    sources[path] = _source(path)
    if path.name == "jit.py":
        return
    for package, names in _IMPORT.findall(sources[path]):
        place = _HERE.parent.joinpath(*package.split("."))
        for found in (place.with_suffix(".py"), *(place / f"{n}.py" for n in _NAME.findall(names))):
            if found not in sources and found.is_file():
                _collect(found, sources)


@cache
def _machine() -> str:
    parts = [metadata.version("numba"), metadata.version("llvmlite"), platform.python_version()]
    parts += [llvm.get_process_triple(), llvm.get_host_cpu_name()]
    return "\n".join([*parts, llvm.get_host_cpu_features().flatten()])


def pack(code: bytes, symbols: dict[str, str]) -> bytes:
    """A kernel file: one line of JSON (symbols, checksum), then the object code."""
    head = json.dumps({"symbols": symbols, "checksum": _checksum(code, symbols)})
    return head.encode() + b"\n" + code


def _checksum(code: bytes, symbols: dict[str, str]) -> str:
    names = json.dumps(symbols, sort_keys=True).encode()
    return hashlib.blake2b(names + b"\n" + code, digest_size=16).hexdigest()


def unpack(content: bytes) -> tuple[bytes, dict[str, str]] | None:
    """Code and symbols of a kernel file; None where it is not whole."""
    head, _, code = content.partition(b"\n")
    try:
        fields = json.loads(head)
        symbols, checksum = dict(fields["symbols"]), str(fields["checksum"])
    except (ValueError, KeyError, TypeError):
        return None
    if _checksum(code, symbols) != checksum:
        return None
    return code, symbols


def read(folder: Path, module: str) -> tuple[bytes, dict[str, str]] | None:
    """Code and symbols of a module's kernels; None where they are missing or not whole.

    Raises:
        InternalError: others may write to the folder, so that its code cannot be trusted.
    """
    try:
        content = (folder / file_name(module)).read_bytes()
    except OSError:
        return None
    check_private(folder)
    return unpack(content)


def check_private(folder: Path) -> None:
    """Return if nobody but this user and root may write to the folder.

    Raises:
        InternalError: somebody else may.
    """
    status = folder.stat()
    if status.st_uid not in (0, os.geteuid()) or status.st_mode & 0o022:
        raise InternalError(f"Others may write to the kernel folder {folder}; make it private.")


def missing(folder: Path) -> tuple[str, ...]:
    """Modules whose kernels are not in the folder."""
    return tuple(module for module in modules() if read(folder, module) is None)


def ensure(folder: Path | None = None, progress: Progress | None = None) -> Path:
    """Have all kernels ready and return their folder; build what is missing (up to a minute).

    Afterwards no kernel call of this process compiles or builds. The build runs in a process of
    its own; of several that start at once, one builds and the others wait for it.

    Args:
        folder: absent: the one chosen before, else `default_folder()`.
        progress: told what is being compiled; absent: written to stderr, if anything is.
    Raises:
        InternalError: the build failed, or the folder is not private.
        PermissionDenied: they have to be built, and the folder cannot be made or written.
    """
    with _lock:
        chosen = _chosen() if folder is None else Path(folder)
        if missing(chosen):
            _build(chosen, progress or _report)
        for module in modules():
            _load(module, chosen)
        _folder[:] = [chosen]  # only now: a folder that cannot be used is not chosen
        return chosen


def _chosen() -> Path:
    """The folder chosen before, else the default."""
    return _folder[0] if _folder else default_folder()


def _report(done: int, total: int, name: str) -> None:
    if done == 0:
        sys.stderr.write(f"swath: compiling {total} kernels, once for this machine …\n")


def _build(folder: Path, progress: Progress) -> None:
    _make_writable(folder)
    environment = dict(os.environ, PYTHONPATH=os.pathsep.join(p for p in sys.path if p))
    command = [sys.executable, "-m", "engine.kernels.build", str(folder)]
    with subprocess.Popen(  # noqa: S603 — our own interpreter and module
        command, stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True, env=environment
    ) as child:
        assert child.stdout is not None and child.stderr is not None
        for line in child.stdout:
            done, total, name = line.split(maxsplit=2)
            progress(int(done), int(total), name.strip())
        problem = child.stderr.read()
    if child.returncode != 0:
        last = problem.strip().splitlines()[-1:] or [f"exit status {child.returncode}"]
        raise InternalError(f"The kernels could not be compiled: {last[0]}")


def _make_writable(folder: Path) -> None:
    try:
        folder.mkdir(mode=0o700, parents=True, exist_ok=True)
        problem = None if os.access(folder, os.W_OK) else "it is read-only"
    except OSError as error:
        problem = error.strerror
    if problem is not None:
        raise PermissionDenied(
            f"The compiled kernels cannot be kept in {folder}: {problem}. Name another cache "
            "folder with XDG_CACHE_HOME."
        )


def address(module: str, symbol: str) -> int:
    """Where the code of a kernel is in this process.

    Raises:
        InternalError: the kernels are missing and cannot be built.
    """
    found = _addresses.get((module, symbol))
    if found is not None:
        return found
    with _lock:
        if module not in _loaded and not _load(module, _chosen()):
            ensure()
        return _addresses[module, symbol]


def _load(module: str, folder: Path) -> bool:
    """Load a module's kernels (2 ms); False where the folder lacks them."""
    if module in _loaded:
        return True
    found = read(folder, module)
    if found is None:
        return False
    code, symbols = found
    _loaded[module] = engine = _engine(code)
    for name, symbol in symbols.items():
        _addresses[module, name] = engine.get_function_address(symbol)
    return True


def _engine(code: bytes) -> Any:
    llvm.initialize_native_target()
    llvm.initialize_native_asmprinter()
    machine = llvm.Target.from_default_triple().create_target_machine(
        cpu=llvm.get_host_cpu_name(), features=llvm.get_host_cpu_features().flatten()
    )
    # The engine owns this target machine from here on; sharing one aborts the process.
    engine = llvm.create_mcjit_compiler(llvm.parse_assembly(""), machine)
    engine.add_object_file(llvm.ObjectFileRef.from_data(code))
    engine.finalize_object()
    return engine


def import_all() -> None:
    """Import every module that defines kernels, so that `jit.KERNELS` is complete."""
    for module in modules():
        importlib.import_module(module)
