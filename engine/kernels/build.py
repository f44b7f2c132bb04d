"""Builds the kernels of this machine: `python -m engine.kernels.build FOLDER`, its own process.

One builder at a time, under a lock that dies with its process. Each module is written to a
temporary file in the folder and renamed, so a killed builder leaves nothing half done.
Prints one line `done total name` per kernel.
"""

from __future__ import annotations

import fcntl
import os
import sys
import tempfile
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from engine.kernels import library
from engine.kernels.compile import compile_module
from engine.kernels.jit import KERNELS


@contextmanager
def sole_builder(folder: Path) -> Iterator[None]:
    """The lock of the folder: waits for another builder, as long as it lives."""
    folder.mkdir(mode=0o700, parents=True, exist_ok=True)
    library.check_private(folder)
    with (folder / "build.lock").open("w") as lock:
        fcntl.flock(lock, fcntl.LOCK_EX)
        for left in folder.glob("*.part"):  # of a builder that was killed
            left.unlink()
        yield


def write_whole(folder: Path, name: str, content: bytes) -> None:
    """Write a file so that readers see all of it or none."""
    handle, path = tempfile.mkstemp(dir=folder, suffix=".part")
    with os.fdopen(handle, "wb") as file:
        file.write(content)
        file.flush()
        os.fsync(file.fileno())
    Path(path).replace(folder / name)


def build(folder: Path, progress: library.Progress) -> None:
    """Compile every kernel that the folder lacks, as the only builder.

    Raises:
        InternalError: the folder is not private. NotSelfContained: a kernel needs Python.
    """
    with sole_builder(folder):
        library.import_all()
        wanted = library.missing(folder)
        total = sum(len(KERNELS[module]) for module in wanted)
        done = 0

        def count(name: str) -> None:
            nonlocal done
            done += 1
            progress(done, total, name)

        if wanted:
            progress(0, total, "-")
        for module in wanted:
            code, symbols = compile_module(KERNELS[module], count)
            write_whole(folder, library.file_name(module), library.pack(code, symbols))


def _print(done: int, total: int, name: str) -> None:
    sys.stdout.write(f"{done} {total} {name}\n")
    sys.stdout.flush()


if __name__ == "__main__":
    build(Path(sys.argv[1]), _print)
