"""The tiles of a job: computed and stored, or there already; in order, each once."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from pathlib import Path

from engine.encode.native import TileBytes, parse_tile_name, tile_chunks, tile_name
from engine.execute.tiles import Tile, Work
from job_server.worker.computation import Exchange, MissingPiece, Span, parts_of
from job_server.worker.frames import PART_BYTES
from swath.stream import Chunk, Event


class Tiles:
    """The tiles of one work."""

    def __init__(self, work: Work, exchange: Exchange, pieces: Iterable[str] = ()) -> None:
        """`pieces` are the names of those that are stored, tiles or not."""
        self.work = work
        self._exchange = exchange
        found = ((parse_tile_name(name), name) for name in pieces)
        self._stored = {key[0]: name for key, name in found if key is not None}
        self._path: Path = exchange.room / "tile"

    @property
    def done(self) -> int:
        """How many are stored."""
        return len(self._stored)

    def names(self) -> tuple[str, ...]:
        """Names of the pieces of all tiles, in order, all of them stored."""
        return tuple([self._stored[tile.index] for tile in self.work.tiles])

    def store(self) -> None:
        """Compute and store the tiles that are not stored yet."""
        for tile in self.work.tiles:
            if tile.index not in self._stored:
                self._store(tile)

    def events(self, *, is_stored: bool) -> Iterator[Event]:
        """The whole result.

        Args:
            is_stored: whether tiles are to be stored as they are computed, and those that are
                stored are fetched; otherwise each is only computed.
        """
        yield self.work.header
        for tile in self.work.tiles:
            yield from self.stored_chunks(tile) if is_stored else self.work.compute(tile)
        yield self.work.trailer()

    def stored_chunks(self, tile: Tile) -> Iterator[Chunk]:
        """The pixels of a tile, which is stored afterwards; it is fetched if it was before.

        One that was damaged meanwhile is computed again: each attempt would find it damaged.
        """
        span = self._fetched(tile) or self._store(tile)
        yield from tile_chunks(map(bytes, parts_of(span, PART_BYTES)))

    def _fetched(self, tile: Tile) -> Span | None:
        """A tile that is stored; None: it is not, or not whole. Where it lies: as `_store`."""
        name = self._stored.get(tile.index)
        if name is None:
            return None
        try:
            return self._written(self._exchange.fetch(name))
        except MissingPiece:
            del self._stored[tile.index]
            return None

    def _store(self, tile: Tile) -> Span:
        """Compute and store a tile; where it lies on scratch disk until the next one."""
        writing = TileBytes(self.work.compute(tile))
        span = self._written(writing)
        name = tile_name(tile.index, writing.checksum)
        self._exchange.put(name, span, self.done + 1)
        self._stored[tile.index] = name
        return span

    def _written(self, parts: Iterable[bytes]) -> Span:
        size = 0
        with self._path.open("wb") as file:
            for part in parts:
                size += file.write(part)
        return Span(self._path, 0, size)
