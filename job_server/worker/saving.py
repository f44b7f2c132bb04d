"""From the tiles of a job to its result: pieces in order, or a few bytes.

Pieces are named after what is in them, so that what another attempt stored under a name is the
same, and is left where it is.
"""

from __future__ import annotations

import hashlib
from collections.abc import Iterable
from pathlib import Path

from engine.encode.cog import GeoTiffWriter
from engine.encode.encode import encode
from engine.encode.native import HEAD, TAIL, head_bytes, tail_bytes, tiles_crc32
from job_server.worker.computation import Exchange, Result, Span, parts_of
from job_server.worker.failure import telling_full_disks
from job_server.worker.frames import PART_BYTES
from job_server.worker.tiles import Tiles
from swath.job import JobSpec, Stage
from swath.stream import Data
from swath.wire.delimited import write_delimited
from swath.wire.stream import write_stream

NATIVE = "native"
GEOTIFF = "geotiff"
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
    if not is_small and spec.format == NATIVE:
        return _native(tiles, exchange)
    if not is_small and spec.format == GEOTIFF:
        return _geotiff(spec, tiles, exchange)
    events = tiles.events(is_stored=not is_small)
    if spec.format == NATIVE:
        return _gathered(NATIVE, write_delimited(write_stream(events)), tiles, exchange)
    parts = (e.data for e in encode(spec.format, events, spec.options) if isinstance(e, Data))
    return _gathered(spec.format, parts, tiles, exchange)


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


def _geotiff(spec: JobSpec, tiles: Tiles, exchange: Exchange) -> Result:
    """A file that is made of all tiles on scratch disk."""
    path = exchange.room / "image.tif"
    with (
        GeoTiffWriter(path, tiles.work.header, spec.options) as writer,
        telling_full_disks(exchange.room),
    ):
        for tile in tiles.work.tiles:
            writer.write(tiles.stored_chunks(tile))
        exchange.stage(Stage.SAVING, tiles.done)
        writer.finish()
    digest = hashlib.sha256()
    for part in parts_of(Span(path, 0, path.stat().st_size), PART_BYTES):
        digest.update(part)
    return Result(GEOTIFF, pieces=_put_file(path, digest.hexdigest(), exchange))


def _gathered(format: str, parts: Iterable[bytes], tiles: Tiles, exchange: Exchange) -> Result:
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
    return Result(format, pieces=_put_file(path, digest.hexdigest(), exchange))


def _put_file(path: Path, digest: str, exchange: Exchange) -> tuple[str, ...]:
    """Store a file in pieces; their names."""
    size, names = path.stat().st_size, []
    for index, offset in enumerate(range(0, size, PIECE_BYTES)):
        name = f"part-{digest[:32]}-{index:06}"
        exchange.put(name, Span(path, offset, min(PIECE_BYTES, size - offset)))
        names.append(name)
    return tuple(names)
