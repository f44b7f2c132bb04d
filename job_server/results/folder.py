"""A result store in a folder of the local disk.

    DIR/staging/          files that are being written, each locked by its writer
    DIR/ab/JOB/NAME-...   objects; `ab` are the first two characters of the job's id

An object is staged, made durable, then renamed into place, and the folder that has it is made
durable too. So a crash leaves nothing or all of it under its key; what it leaves in staging goes
when the folder is opened again. Files that are not ours are neither told nor touched.
"""

from __future__ import annotations

import contextlib
import errno
import fcntl
import os
import tempfile
from collections.abc import Iterable, Iterator
from pathlib import Path
from threading import Lock

from job_server.results.key import is_job, is_key, parse_key
from job_server.results.store import Stored, Upload, checked, gone, written
from swath.errors import StorageUnavailable

STAGING = "staging"
_FULL = (errno.ENOSPC, errno.EDQUOT, errno.EFBIG)


class Folder:
    """Objects as files under one folder. Several processes may read it; one writes."""

    def __init__(self, root: Path) -> None:
        """Open the folder, make it where it is not there, and clear what a crash left.

        Raises:
            StorageUnavailable: it cannot be made or listed.
        """
        self._root = root
        self._staging = root / STAGING
        # Held from looking at a job's folder until the object is in it: a folder is neither
        # removed in between nor relied on before it is durable itself.
        self._shape = Lock()
        with _told("opened"):
            is_new = not root.is_dir()
            self._staging.mkdir(parents=True, exist_ok=True)
            _sync(root)
            if is_new:
                _sync(root.parent)
            _clear(self._staging)

    def begin(self, key: str) -> Upload:
        """As `ResultStore.begin`."""
        target = self._path(key)
        with _told("written"):
            return _Upload(self, target, *_stage(self._staging))

    def write(self, key: str, chunks: Iterable[bytes]) -> Stored:
        """As `ResultStore.write`."""
        return written(self.begin(key), chunks)

    def read(self, key: str, offset: int, most_bytes: int) -> bytes:
        """As `ResultStore.read`."""
        with _told("read"), _opened(self._path(key), key) as file:
            return os.pread(file, most_bytes, offset)

    def size(self, key: str) -> int:
        """As `ResultStore.size`."""
        with _told("read"), _opened(self._path(key), key) as file:
            return os.fstat(file).st_size

    def delete(self, keys: Iterable[str]) -> None:
        """As `ResultStore.delete`."""
        paths = [self._path(key) for key in keys]
        with _told("removed"):
            for path in paths:
                path.unlink(missing_ok=True)
            for folder in {path.parent for path in paths}:
                self._remove_if_empty(folder)

    def jobs(self) -> Iterator[str]:
        """As `ResultStore.jobs`."""
        for fan in _listed(self._root):
            if len(fan) == 2:
                yield from (job for job in _listed(self._root / fan) if is_job(job))

    def keys(self, job: str) -> list[str]:
        """As `ResultStore.keys`."""
        if not is_job(job):
            return []
        names = _listed(self._root / job[:2] / job)
        return [key for key in (f"{job}/{name}" for name in names) if is_key(key)]

    def _path(self, key: str) -> Path:
        parse_key(key)
        return self._root / key[:2] / key

    def _place(self, staged: Path, target: Path) -> None:
        with self._shape:
            if not target.parent.is_dir():
                target.parent.mkdir(parents=True, exist_ok=True)
                _sync(target.parent.parent)
                _sync(self._root)
            staged.replace(target)
        _sync(target.parent)

    def _remove_if_empty(self, folder: Path) -> None:
        with self._shape:
            try:
                folder.rmdir()
            except OSError as problem:
                if problem.errno not in (errno.ENOTEMPTY, errno.EEXIST, errno.ENOENT):
                    raise


class _Upload:
    """A staged file."""

    def __init__(self, folder: Folder, target: Path, staged: Path, file: int) -> None:
        self.received = Stored()
        self._folder = folder
        self._target = target
        self._staged = staged
        self._file: int | None = file
        """Absent: it has ended."""

    def feed(self, data: bytes) -> None:
        file = self._opened()
        with _told("written"):
            rest = memoryview(data)
            while rest:
                rest = rest[os.write(file, rest) :]
        self.received = self.received.then(data)

    def finish(self, size_bytes: int, crc32: int) -> Stored:
        file = self._opened()
        try:
            stored = checked(self.received, size_bytes, crc32)
            with _told("written"):
                os.fsync(file)
                self._folder._place(self._staged, self._target)  # noqa: SLF001 - its other half
        finally:
            self.abort()
        return stored

    def abort(self) -> None:
        file, self._file = self._file, None
        if file is None:
            return
        with contextlib.suppress(OSError):  # the next start clears what cannot go now
            self._staged.unlink(missing_ok=True)
        with contextlib.suppress(OSError):
            os.close(file)

    def _opened(self) -> int:
        assert self._file is not None, "the upload has ended"
        return self._file


def _stage(folder: Path) -> tuple[Path, int]:
    """A new file, and its descriptor, locked: `_clear` leaves it alone."""
    while True:
        file, name = tempfile.mkstemp(dir=folder)
        try:
            fcntl.flock(file, fcntl.LOCK_EX | fcntl.LOCK_NB)
            if os.fstat(file).st_nlink:
                return Path(name), file
        except BlockingIOError:
            pass  # another process that opens the folder came between, and removes it
        except BaseException:
            os.close(file)
            raise
        os.close(file)


def _clear(folder: Path) -> None:
    """Remove staged files whose writer is gone."""
    for name in os.listdir(folder):  # noqa: PTH208 - names are enough
        with contextlib.suppress(BlockingIOError, FileNotFoundError):
            file = os.open(folder / name, os.O_RDONLY)
            try:
                fcntl.flock(file, fcntl.LOCK_EX | fcntl.LOCK_NB)
                (folder / name).unlink()
            finally:
                os.close(file)


def _sync(folder: Path) -> None:
    file = os.open(folder, os.O_RDONLY | os.O_DIRECTORY)
    try:
        os.fsync(file)
    finally:
        os.close(file)


@contextlib.contextmanager
def _opened(path: Path, key: str) -> Iterator[int]:
    try:
        file = os.open(path, os.O_RDONLY)
    except FileNotFoundError:
        raise gone(key) from None
    try:
        yield file
    finally:
        os.close(file)


def _listed(folder: Path) -> list[str]:
    with _told("listed"):
        try:
            return os.listdir(folder)  # noqa: PTH208 - names are enough
        except (FileNotFoundError, NotADirectoryError):
            return []


@contextlib.contextmanager
def _told(what: str) -> Iterator[None]:
    """Faults of the disk become StorageUnavailable, without the folder's name: users read it."""
    try:
        yield
    except OSError as problem:
        way_out = "Free space under the data folder" if problem.errno in _FULL else "Try again"
        raise StorageUnavailable(
            f"Results cannot be {what} now: {os.strerror(problem.errno or errno.EIO)}. {way_out}."
        ) from problem
