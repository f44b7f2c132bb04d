"""Bytes of a local file by range, and what tells that it is still the same file."""

from __future__ import annotations

import os
import stat

from engine.catalog.asset import Identity, identity_of
from engine.sources.address import LocalFile
from swath.errors import InvalidSource, SourceUnavailable, SwathError


def local_identity(file: LocalFile) -> Identity:
    """Size, time of change and inode of the file as it is now.

    Raises:
        InvalidSource: there is no such file, or it may not be read. SourceUnavailable: I/O error.
    """
    try:
        return identity_of(os.stat(file.path))  # noqa: PTH116 - asked for at each read
    except OSError as error:
        raise as_source_error(error, file.name) from error


def as_source_error(error: OSError, name: str) -> SwathError:
    """The error of our tree that an error of the operating system means for the file `name`."""
    if isinstance(error, FileNotFoundError | NotADirectoryError):
        return InvalidSource("There is no such file.").at(source=name)
    if isinstance(error, PermissionError):
        return InvalidSource("This process has no permission to read the file.").at(source=name)
    return SourceUnavailable(f"The file could not be read: {error.strerror}.").at(source=name)


class LocalBytes:
    """An open local file, for its header."""

    def __init__(self, file: LocalFile) -> None:
        self._name = file.name
        try:
            # Not blocking: opening a pipe would wait for a writer for ever.
            self._fd = os.open(file.path, os.O_RDONLY | os.O_NONBLOCK | os.O_CLOEXEC)
        except OSError as error:
            raise as_source_error(error, file.name) from error
        status = os.fstat(self._fd)
        if not stat.S_ISREG(status.st_mode):
            os.close(self._fd)
            raise InvalidSource("It is not a file, but a folder, pipe or device.").at(
                source=file.name
            )
        self.identity = identity_of(status)

    def __enter__(self) -> LocalBytes:
        return self

    def __exit__(self, *raised: object) -> None:
        os.close(self._fd)

    @property
    def size(self) -> int:
        """Length in bytes."""
        return self.identity.size

    def read(self, offset: int, count: int) -> bytes:
        """The bytes there are in [offset, offset + count)."""
        try:
            return os.pread(self._fd, count, offset)
        except OSError as error:
            raise as_source_error(error, self._name) from error
