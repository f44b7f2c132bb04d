"""A result of any size in pieces: a header, and the tiles of its rasters, each computed by itself.

`Engine.prepare` makes a `Work`; workers of jobs compute its tiles. Put together, the chunks of all
tiles are bit for bit what `Engine.stream` gives, in whatever order and process they are computed.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass

from engine.catalog.pin import Recording
from engine.execute.result import trailer, window_chunks
from engine.execute.tasks import Execution
from engine.plan.plan import Plan, windows_of
from engine.plan.window import TILE, cut
from swath.grid import Shape2d, Window
from swath.stream import Chunk, Event, Header, RasterHeader, Trailer


@dataclass(frozen=True, slots=True)
class Tile:
    """A part of a raster of a result."""

    index: int
    """Position among the tiles of the result, from 0."""
    raster: int
    """Which raster of the header."""
    window: Window
    """Pixels of the raster's grid: at most 2048 × 2048, a multiple of that from its origin."""


@dataclass(frozen=True, eq=False, slots=True)
class Work:
    """An evaluated request: what is left is to read and compute its pixels, tile by tile.

    Tiles may be computed in any order, any of them again, and by several threads at once; each
    thread then takes `projected_bytes`. The figures of `trailer` are exact for one thread.
    """

    header: Header
    """The whole result but its pixels, as `Engine.stream` gives it."""
    tiles: tuple[Tile, ...]
    """All tiles, raster by raster, row by row; none where the result has no pixels."""
    projected_bytes: int
    """Most bytes of pixels held at once, by a stage or by a window."""
    plans: tuple[Plan | None, ...]
    """For each raster; absent: it has no pixels."""
    execution: Execution | None
    """Absent: no place was given, so that there are no pixels."""
    evaluate_s: float
    """Seconds of evaluation, without its stages."""
    recording: Recording
    """What was looked up in the catalog."""
    numbers: Callable[[], bytes]
    """What stages found, as it is pinned."""

    @property
    def steps(self) -> int:
        """Tiles to compute; 1 where there are none."""
        return max(len(self.tiles), 1)

    def compute(self, tile: Tile) -> Iterator[Chunk]:
        """The pixels of a tile, window by window; computed as they are pulled.

        Each chunk has all images of some bands in one window; the windows of a tile, and no two
        chunks, overlap. Nothing is kept for other tiles but the engine's cache of blocks.

        Raises: errors of sources, SourceChanged among them; DeadlineExceeded; Cancelled.
        """
        plan, execution = self.plans[tile.raster], self.execution
        assert plan is not None and execution is not None, "only rasters with pixels have tiles"
        for window in windows_of(plan, tile.window):
            execution.budget.check()
            yield from window_chunks(tile.raster, plan, window, execution)

    def events(self) -> Iterator[Event]:
        """The whole result, as `Engine.stream` gives it but tile by tile."""
        yield self.header
        for tile in self.tiles:
            yield from self.compute(tile)
        yield self.trailer()

    def trailer(self) -> Trailer:
        """Times and figures of what was computed here so far, stages included."""
        return trailer(self.execution, self.evaluate_s)

    def pinned(self) -> bytes:
        """What was looked up in the catalog, and what stages found, for `Catalog.pinned`.

        An engine over it prepares the same request to the same result, whatever became of the
        catalog, and runs no stage again; a file of a tile that has changed is SourceChanged.
        """
        return self.recording.pinned(self.numbers())


def tiles_of(rasters: Sequence[RasterHeader]) -> tuple[Tile, ...]:
    """The tiles of rasters, in order."""
    shape = Shape2d(TILE, TILE)
    areas = [
        (raster, window)
        for raster, header in enumerate(rasters)
        if header.grid is not None
        for window in cut(header.grid.whole, shape)
    ]
    return tuple([Tile(index, *area) for index, area in enumerate(areas)])
