"""From the tiles of a job to its result: pieces in order, or a few bytes.

Pieces are named after what is in them, so that what another attempt stored under a name is the
same, and is left where it is.
"""

from __future__ import annotations

import hashlib
from collections.abc import Iterable, Iterator
from pathlib import Path

from engine.encode.encode import encode
from engine.encode.native import HEAD, TAIL, head_bytes, tail_bytes, tiles_crc32
from job_server.worker.computation import Exchange, Result, Span
from job_server.worker.tiles import Tiles
from swath.job import JobSpec, Stage
from swath.stream import Data, Event
from swath.wire.delimited import write_delimited
from swath.wire.stream import write_stream

NATIVE = "native"
INLINE_BYTES = 64 * 1024
"""Most bytes of a result that is committed without pieces."""
PIECE_BYTES = 64 << 20
"""Bytes of a piece of a file: what is sent again where a connection breaks."""


def save(spec: JobSpec, tiles: Tiles, exchange: Exchange, *, is_small: bool) -> Result:
    """The result in the format of the spec; what is left of it is computed and stored first.

    Args:
        is_small: whether the tiles are computed without being stored.

    Raises:
        SwathError: as the engine's; OSError: scratch disk.
    """
    if spec.format != NATIVE:
        events = encode(spec.format, tiles.events(is_stored=not is_small), spec.options)
        return _file(spec.format, _data(events), tiles, exchange)
    if is_small:
        messages = write_stream(tiles.events(is_stored=False))
        return _file(NATIVE, write_delimited(messages), tiles, exchange)
    return _native(tiles, exchange)


def _native(tiles: Tiles, exchange: Exchange) -> Result:
    tiles.store()
    exchange.stage(Stage.SAVING, tiles.done)
    names = tiles.names()
    head = head_bytes(tiles.work.header)
    tail = tail_bytes(tiles.work.trailer(), tiles_crc32(names))
    pieces = (_put(HEAD, head, exchange), *names, _put(TAIL, tail, exchange))
    return Result(NATIVE, pieces=pieces)


def _put(kind: str, content: bytes, exchange: Exchange) -> str:
    name = f"{kind}-{hashlib.sha256(content).hexdigest()[:32]}"
    exchange.put(name, content)
    return name


def _data(events: Iterable[Event]) -> Iterator[bytes]:
    return (event.data for event in events if isinstance(event, Data))


def _file(format: str, parts: Iterable[bytes], tiles: Tiles, exchange: Exchange) -> Result:
    """A result whose bytes come in order: gathered on scratch disk, unless they are few."""
    path = exchange.room / "result"
    digest, size, first = hashlib.sha256(), 0, b""
    with path.open("wb") as file:
        for part in parts:
            digest.update(part)
            size += file.write(part)
            if size <= INLINE_BYTES:
                first += part
    if size <= INLINE_BYTES:
        return Result(format, first)
    exchange.stage(Stage.SAVING, tiles.done)
    return Result(format, pieces=tuple(_spans(path, size, digest.hexdigest()[:32], exchange)))


def _spans(path: Path, size: int, digest: str, exchange: Exchange) -> Iterator[str]:
    for index, offset in enumerate(range(0, size, PIECE_BYTES)):
        name = f"part-{digest}-{index:06}"
        exchange.put(name, Span(path, offset, min(PIECE_BYTES, size - offset)))
        yield name
