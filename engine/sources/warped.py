"""Stored pixels of a source on another grid: which level of it, which window, how resampled."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from functools import lru_cache
from typing import Protocol

import numpy as np

from engine.catalog.asset import Asset
from engine.evaluate.budget import Budget
from engine.geo.align import aligned
from engine.geo.lattice import Coordinates, Lattice, lattice
from engine.geo.resampling import resampled_dtype
from engine.geo.scale import scale
from engine.geo.support import source_window
from engine.sources.stored import Mask, Values
from swath.grid import Grid, Window

_MOST_SOURCE_PX = 16 * 1024 * 1024
"""A target window that needs more source pixels is read in parts: they need not fit in memory."""
_MOST_KEPT_PX = 512 * 512
"""Coordinates of larger windows are not kept: they take 16 bytes a pixel."""
_SAME_PX = 1e-6
"""Overviews coarser than the grid by less than this are not coarser: float noise of pixel sizes."""

StoredPlane = tuple[Values, Mask | None]
Fetch = Callable[[Window], list[StoredPlane]]
"""Gives the bands of a source in a window of its own grid, masked outside of it."""


class Warp(Protocol):
    """What resamples: the module `engine.kernels.warp`, or `engine.reference.warp`."""

    def __hash__(self) -> int:
        """Modules have one."""

    def coordinates(self, lattice: Lattice) -> Coordinates:
        """Source coordinates of each pixel of the lattice's window."""

    def resample(
        self,
        values: Values,
        mask: Mask | None,
        coords: Coordinates,
        scale: tuple[float, float],
        resampling: str,
        out_values: Values,
        out_mask: Mask,
        origin: tuple[int, int],
    ) -> None:
        """Fill the `out` arrays; `values[0, 0]` is pixel `origin` (row, column) of the source."""


@dataclass(frozen=True, slots=True)
class GridRead:
    """A read of several bands of one source on one grid."""

    source: Grid
    """Of the level that is read."""
    fetch: Fetch
    dtypes: Sequence[str]
    """Stored dtype of each band."""
    grid: Grid
    resampling: str
    budget: Budget
    warp: Warp

    def planes(self, window: Window) -> list[StoredPlane]:
        """Stored values, resampled, and mask of each band in `window` of the grid.

        Grids whose pixels coincide are copied, whatever the resampling.
        """
        self.budget.check()
        at = aligned(self.source, self.grid)
        if at is not None:
            place = Window(at.row + window.row, at.col + window.col, window.rows, window.cols)
            return self.fetch(place)
        return self._resampled(window, scale(self.source, self.grid))

    def _resampled(self, window: Window, ratio: tuple[float, float]) -> list[StoredPlane]:
        needed = source_window(self.source, self.grid, window, self.resampling, ratio)
        if needed is None:
            return [_nothing(window, self._dtype(dtype)) for dtype in self.dtypes]
        if needed.rows * needed.cols > _MOST_SOURCE_PX and window.rows * window.cols > 1:
            halves = _halves(window)
            parts = [self._resampled(half, ratio) for half in halves]
            return [_joined(window, halves, planes) for planes in zip(*parts, strict=True)]
        self.budget.check()
        stored = self.fetch(needed)
        coords = self._coordinates(window)
        return [self._resample(plane, needed, coords, ratio) for plane in stored]

    def _coordinates(self, window: Window) -> Coordinates:
        if window.rows * window.cols > _MOST_KEPT_PX:
            return self.warp.coordinates(lattice(self.source, self.grid, window))
        return _kept_coordinates(self.warp, self.source, self.grid, window)

    def _resample(
        self, plane: StoredPlane, needed: Window, coords: Coordinates, ratio: tuple[float, float]
    ) -> StoredPlane:
        values, mask = plane
        out = np.empty(coords.shape[1:], self._dtype(values.dtype.name))
        out_mask = np.empty(out.shape, np.uint8)
        origin = (needed.row, needed.col)
        self.warp.resample(values, mask, coords, ratio, self.resampling, out, out_mask, origin)
        return out, out_mask if out_mask.any() else None

    def _dtype(self, dtype: str) -> str:
        return resampled_dtype(dtype, self.resampling)


@lru_cache(maxsize=8)
def _kept_coordinates(warp: Warp, source: Grid, grid: Grid, window: Window) -> Coordinates:
    """Kept, since the bands and dates of one place lie on one grid: 0.35 ms for 256² (M)."""
    return warp.coordinates(lattice(source, grid, window))


def choose_level(asset: Asset, grid: Grid) -> int | None:
    """Index of the overview to read for `grid`, None for full resolution (rules W5, D10).

    The coarsest that is not coarser than the grid. Never an averaged one for class and flag bands.
    """
    is_mixed = asset.kind != "physical" and asset.overviews_averaged
    if not asset.overviews or is_mixed or aligned(asset.grid, grid) is not None:
        return None
    finest = min(scale(asset.grid, grid)) * (1.0 + _SAME_PX)
    usable = [i for i, factor in enumerate(asset.overviews) if factor <= finest]
    return usable[-1] if usable else None


def _nothing(window: Window, dtype: str) -> StoredPlane:
    shape = (window.rows, window.cols)
    return np.zeros(shape, dtype), np.ones(shape, np.uint8)


def _halves(window: Window) -> tuple[Window, Window]:
    """The two halves of `window` across its longer side."""
    row, col, rows, cols = window
    if rows >= cols:
        half = rows // 2
        return Window(row, col, half, cols), Window(row + half, col, rows - half, cols)
    half = cols // 2
    return Window(row, col, rows, half), Window(row, col + half, rows, cols - half)


def _joined(
    window: Window, halves: tuple[Window, Window], planes: Sequence[StoredPlane]
) -> StoredPlane:
    values = np.empty((window.rows, window.cols), planes[0][0].dtype)
    mask = np.zeros(values.shape, np.uint8)
    for half, (part, part_mask) in zip(halves, planes, strict=True):
        top, left = half.row - window.row, half.col - window.col
        place = np.s_[top : top + half.rows, left : left + half.cols]
        values[place] = part
        mask[place] = 0 if part_mask is None else part_mask
    return values, mask if mask.any() else None
