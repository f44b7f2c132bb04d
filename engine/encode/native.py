"""A native result in pieces that are stored apart: a head, tiles, a tail.

Each piece is a run of `swath.v1.InspectResponse` messages, each after its length. All pieces in
order are the bytes of a stored native result: `read_delimited` and `read_stream` give its events.
The checksum in the tail is over the pixels and masks of all tiles in order, so the checksum of each
tile is kept in the name of its piece: a later attempt writes the tail without reading a tile.
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator, Sequence
from typing import Final

from swath.errors import InternalError
from swath.stream import Chunk, Header, Trailer
from swath.wire.crc import Checksum, join
from swath.wire.delimited import read_delimited, write_delimited
from swath.wire.stream import Writer, read_chunks, write_head, write_tail

HEAD: Final = "head"
"""Name of the piece of a header."""
TAIL: Final = "tail"
"""Name of the piece of a trailer."""
_NAME: Final = re.compile(r"tile-([0-9]{1,10})-([0-9a-f]{8})-([0-9a-f]{1,16})")


def head_bytes(header: Header) -> bytes:
    """The first piece of a result."""
    return b"".join(write_delimited([write_head(header)]))


class TileBytes:
    """The piece of one tile, as it is computed; iterate once.

    Holds a message at a time, up to 2 MiB. Errors of `chunks` come through.
    """

    def __init__(self, chunks: Iterable[Chunk]) -> None:
        self._chunks = chunks
        self._writer = Writer()

    def __iter__(self) -> Iterator[bytes]:
        return write_delimited(self._writer.part(self._chunks))

    @property
    def checksum(self) -> Checksum:
        """Of the pixels and masks written so far; of the tile, once it has been iterated."""
        return self._writer.checksum


def tile_chunks(pieces: Iterable[bytes]) -> Iterator[Chunk]:
    """The chunks in a tile's piece, whose bytes come in parts, cut anywhere.

    Raises:
        Transient: it ends within a message. InternalError: it is no piece of a tile.
    """
    return read_chunks(read_delimited(pieces))


def tail_bytes(trailer: Trailer, crc32: int) -> bytes:
    """The last piece of a result; `crc32` is that of the pixels and masks of all tiles in order."""
    return b"".join(write_delimited([write_tail(trailer, crc32)]))


def tile_name(index: int, checksum: Checksum) -> str:
    """Name of the piece of a tile: its position and its checksum; at most 37 characters.

    Equal tiles have equal names: a tile that two attempts compute is one piece.
    """
    return f"tile-{index:06}-{checksum.crc32:08x}-{checksum.size_bytes:x}"


def parse_tile_name(name: str) -> tuple[int, Checksum] | None:
    """Position and checksum in the name of a tile's piece; None for any other piece."""
    found = _NAME.fullmatch(name)
    if found is None:
        return None
    return int(found[1]), Checksum(int(found[2], 16), int(found[3], 16))


def tiles_crc32(names: Sequence[str]) -> int:
    """CRC-32 of the pixels and masks of all tiles, in the order of these names of pieces.

    Raises: InternalError: a name is not that of a tile.
    """
    found = [parse_tile_name(name) for name in names]
    if None in found:
        raise InternalError("A piece that is no tile has no checksum of pixels.")
    return join(checksum for _, checksum in filter(None, found)).crc32
