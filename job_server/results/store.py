"""The result store: an interface to objects of bytes, with one conformance suite.

An object is written once, whole, and durable when the write returns; it never changes. Which
objects count is not known here: rows of `job_server.store` name them. All methods are synchronous
and may be called from several threads; an upload belongs to one caller at a time.
"""

from __future__ import annotations

import zlib
from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from typing import Protocol

from swath.errors import InvalidArgument, ResultNotAvailable


@dataclass(frozen=True, slots=True)
class Stored:
    """What bytes are, without the bytes."""

    size_bytes: int = 0
    crc32: int = 0
    """CRC-32 (ISO-HDLC) of all of them."""

    def then(self, data: bytes) -> Stored:
        """These bytes with `data` behind them."""
        return Stored(self.size_bytes + len(data), zlib.crc32(data, self.crc32))


class Upload(Protocol):
    """An object that is being written; nobody sees it before `finish`."""

    @property
    def received(self) -> Stored:
        """What was fed so far."""
        ...

    def feed(self, data: bytes) -> None:
        """Add bytes.

        Raises:
            StorageUnavailable: they cannot be stored now: the disk is full, or fails.
        """
        ...

    def finish(self, size_bytes: int, crc32: int) -> Stored:
        """Make the object durable and visible under its key.

        Raises:
            InvalidArgument: size or checksum are not those of the bytes fed; nothing is stored.
            StorageUnavailable: as `feed`; the key has nothing, or the whole object.
        """
        ...

    def abort(self) -> None:
        """Forget the bytes. After `finish` or another `abort` it does nothing."""
        ...


class ResultStore(Protocol):
    """A place for objects. Keys are those of `key_of`; others are InvalidArgument."""

    def begin(self, key: str) -> Upload:
        """An upload, for bytes that arrive one by one; end it with `finish` or `abort`.

        Raises:
            StorageUnavailable: nothing can be stored now.
        """
        ...

    def write(self, key: str, chunks: Iterable[bytes]) -> Stored:
        """Store an object; it is durable when this returns.

        When it raises, or the process dies in it, the key has nothing or the whole object.

        Raises:
            StorageUnavailable: it cannot be stored now. Whatever `chunks` raises.
        """
        ...

    def read(self, key: str, offset: int, most_bytes: int) -> bytes:
        """Bytes from `offset` on; fewer than `most_bytes` only at the end, none behind it.

        Raises:
            ResultNotAvailable: there is no such object. StorageUnavailable: it cannot be read now.
        """
        ...

    def size(self, key: str) -> int:
        """Number of bytes of an object. Raises as `read`."""
        ...

    def delete(self, keys: Iterable[str]) -> None:
        """Remove objects; those that are not there are passed over.

        Raises:
            StorageUnavailable: some could not be removed; it may be repeated.
        """
        ...

    def jobs(self) -> Iterator[str]:
        """Ids of jobs that may have objects, in any order; nothing else that lies there."""
        ...

    def keys(self, job: str) -> list[str]:
        """Keys of the complete objects of a job."""
        ...


def written(upload: Upload, chunks: Iterable[bytes]) -> Stored:
    """Feed all chunks and finish. Raises as `ResultStore.write`."""
    try:
        for chunk in chunks:
            upload.feed(chunk)
        received = upload.received
        return upload.finish(received.size_bytes, received.crc32)
    finally:
        upload.abort()


def checked(received: Stored, size_bytes: int, crc32: int) -> Stored:
    """What was received, where it is what was announced; else raises InvalidArgument."""
    if received.size_bytes != size_bytes:
        raise InvalidArgument(
            f"The piece was announced with {size_bytes} bytes, but {received.size_bytes} came."
            " Send it again."
        )
    if received.crc32 != crc32:
        raise InvalidArgument(
            "The bytes of the piece do not have the checksum that was announced: send it again."
        )
    return received


def gone(key: str) -> ResultNotAvailable:
    """The error for an object that should be there and is not."""
    job = key.partition("/")[0]
    return ResultNotAvailable(
        "A stored part of the result is missing: resubmit the job.", job_id=job
    )
