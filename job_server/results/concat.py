"""Pieces one behind the other: their checksum without their bytes, and their bytes from any place.

A result is the pieces of its manifest in order, or the data in it. It is read for downloads, in
parts; nothing before the place where a download begins is read.
"""

from __future__ import annotations

import zlib
from bisect import bisect_right
from collections.abc import Iterable, Iterator
from functools import reduce
from itertools import accumulate
from typing import TYPE_CHECKING

from job_server.results.store import ResultStore, Stored
from swath.errors import InvalidArgument, ResultNotAvailable
from swath.wire.crc import combine

if TYPE_CHECKING:
    from job_server.store.record import Manifest, Piece

PART_BYTES = 1 << 20
"""The largest part of a download."""


def total_of(pieces: Iterable[Piece]) -> Stored:
    """Size and checksum of pieces one behind the other."""
    return reduce(_appended, pieces, Stored())


def _appended(before: Stored, piece: Piece) -> Stored:
    crc32 = combine(before.crc32, piece.crc32, piece.size_bytes)
    return Stored(before.size_bytes + piece.size_bytes, crc32)


class Joined:
    """The bytes of a result."""

    def __init__(self, store: ResultStore, manifest: Manifest) -> None:
        self._store = store
        self._manifest = manifest
        sizes = (piece.size_bytes for piece in manifest.pieces)
        self._starts = list(accumulate(sizes, initial=0))

    def parts(self, offset: int = 0, most_bytes: int = PART_BYTES) -> Iterator[bytes]:
        """The bytes from `offset` to the end, in parts of at most `most_bytes`, none empty.

        Each piece that is read from its first byte is checked before its last part is given; of
        the piece in which `offset` lies only the length is. Whoever has all bytes can check them
        by the manifest's checksum.

        Raises:
            InvalidArgument: the offset is behind the end. ResultNotAvailable: bytes are missing or
            are not those that were stored. StorageUnavailable: they cannot be read now.
        """
        size_bytes = self._manifest.size_bytes
        if not 0 <= offset <= size_bytes:
            raise InvalidArgument(
                f"The result has {size_bytes} bytes, so a download cannot begin at {offset}."
            )
        if self._manifest.data is not None:
            return self._parts_of_data(self._manifest.data, offset, most_bytes)
        return self._parts_of_pieces(offset, most_bytes)

    def _parts_of_data(self, data: bytes, offset: int, most_bytes: int) -> Iterator[bytes]:
        if zlib.crc32(data) != self._manifest.crc32:
            raise damaged()
        for begin in range(offset, len(data), most_bytes):
            yield data[begin : begin + most_bytes]

    def _parts_of_pieces(self, offset: int, most_bytes: int) -> Iterator[bytes]:
        first = bisect_right(self._starts, offset) - 1
        for index in range(first, len(self._manifest.pieces)):
            skipped = max(0, offset - self._starts[index])
            yield from self._parts_of_piece(self._manifest.pieces[index], skipped, most_bytes)

    def _parts_of_piece(self, piece: Piece, offset: int, most_bytes: int) -> Iterator[bytes]:
        seen = Stored() if offset == 0 else None
        while offset < piece.size_bytes:
            part = self._store.read(piece.key, offset, min(most_bytes, piece.size_bytes - offset))
            if not part:
                raise damaged()
            offset += len(part)
            seen = seen and seen.then(part)
            if seen and offset == piece.size_bytes and seen.crc32 != piece.crc32:
                raise damaged()
            yield part


def damaged() -> ResultNotAvailable:
    """The error for stored bytes that are not those that were stored."""
    return ResultNotAvailable(
        "The stored result is damaged: its bytes do not have the checksum that they were stored"
        " with. Resubmit the job."
    )
