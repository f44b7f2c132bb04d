"""Scratch disk of a worker: one folder for each live worker, gone when the worker is.

A folder is held by a lock on a file in it, which the kernel drops when the process ends, however it
ends; a folder that nobody holds is stale. Names and process ids would not do: workers in several
containers may share a disk and have the same ids.
"""

from __future__ import annotations

import fcntl
import os
import shutil
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from pathlib import Path
from typing import IO

from swath.errors import PermissionDenied

PREFIX = "swath-worker-"
HOLD = "held"
"""File in a folder that its worker has locked."""
GATE = "swath-workers.lock"
"""File that is locked while folders are made or swept."""


class Scratch:
    """The folder of this worker."""

    def __init__(self, folder: Path, hold: IO[bytes]) -> None:
        self.folder = folder
        self._hold = hold

    def keep(self) -> None:
        """Make it anew where it is gone: what tidies up temporary files looks only at their age.

        Raises:
            OSError: it cannot be made.
        """
        if not (self.folder / HOLD).exists():
            self.folder.parent.mkdir(parents=True, exist_ok=True)
            with _gate(self.folder.parent):
                self._hold.close()
                self._hold = _held(self.folder)

    def room(self, name: str) -> Path:
        """A fresh folder in it. Raises as `keep`."""
        self.keep()
        path = self.folder / name
        path.mkdir()
        return path

    def close(self) -> None:
        """Remove the folder and all that is in it."""
        shutil.rmtree(self.folder, ignore_errors=True)
        self._hold.close()


def open_scratch(parent: Path, name: str) -> Scratch:
    """A folder of this process in `parent`, which is made if it is missing; sweeps stale ones.

    Args:
        name: of this worker; no other has it.

    Raises:
        PermissionDenied: it cannot be made.
    """
    try:
        parent.mkdir(parents=True, exist_ok=True)
        with _gate(parent):
            _sweep(parent)
            folder = parent / f"{PREFIX}{os.getpid()}-{name}"
            hold = _held(folder)
    except OSError as problem:
        raise PermissionDenied(
            f"Scratch files cannot be written in {parent}: {problem.strerror}."
        ) from None
    return Scratch(folder, hold)


def _held(folder: Path) -> IO[bytes]:
    """Make a folder, and hold it until what this gives is closed."""
    folder.mkdir(mode=0o700, exist_ok=True)
    hold = (folder / HOLD).open("wb")
    fcntl.flock(hold, fcntl.LOCK_EX | fcntl.LOCK_NB)
    return hold


def empty(room: Path) -> None:
    """Have a folder with nothing in it; what cannot be removed now is left to the sweep.

    Raises:
        OSError: it was gone, and cannot be made.
    """
    room.mkdir(parents=True, exist_ok=True)
    for entry in room.iterdir():
        if entry.is_dir() and not entry.is_symlink():
            shutil.rmtree(entry, ignore_errors=True)
        else:
            with suppress(OSError):
                entry.unlink()


@contextmanager
def _gate(parent: Path) -> Iterator[None]:
    with (parent / GATE).open("ab") as gate:
        fcntl.flock(gate, fcntl.LOCK_EX)
        yield


def _sweep(parent: Path) -> None:
    for folder in parent.glob(f"{PREFIX}*"):
        if not _is_held(folder):
            shutil.rmtree(folder, ignore_errors=True)


def _is_held(folder: Path) -> bool:
    try:
        with (folder / HOLD).open("rb") as hold:
            fcntl.flock(hold, fcntl.LOCK_EX | fcntl.LOCK_NB)
    except BlockingIOError:
        return True
    except OSError:
        return False
    return False
