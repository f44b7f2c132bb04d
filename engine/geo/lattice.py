"""The way from the pixels of one grid to those of another, computed at few points.

PROJ takes 0.2 µs a point, 15 ms for a tile of 256²; a *lattice* of every 16th pixel takes 0.06 ms
(M), and what lies between is interpolated. Its points are anchored to absolute pixel indices of
the target, and whether it is exact enough is decided for each absolute cell of 32 × 32 pixels, so
a window gets the same coordinates, bit for bit, whatever other pixels are asked for with it.
Cells that bend too much are transformed at every 4th pixel, or at every pixel.

Coordinates are of pixel edges: (0, 0) is the outer corner of the first source pixel, and
u = 0.5 the centre of the first column. `engine.kernels.warp` and `engine.reference.warp` spread a
lattice to all pixels of its window.
"""

from __future__ import annotations

import math
from dataclasses import dataclass
from functools import lru_cache
from typing import Any

import numpy as np
from numpy.typing import NDArray

from engine.geo import crs as _crs
from engine.geo.align import relative
from swath.grid import Affine, Grid, Shape2d, Window

PITCH_PX = 16
"""Target pixels between points of a lattice."""
CELL_PX = 32
"""Side of the cells in which the error is measured."""
FINE_PX = 4
"""Target pixels between points in a cell that bends."""
MAX_BEND_PX = 0.05
"""Most that a point between corners may lie off the mean of its corners, in source pixels.

Measured at twice the pitch that is used, so the coordinates are about four times better.
"""
QUANTUM = 2.0**-20
"""Coordinates are rounded to this, in source pixels, which is about 1e-6.

It takes away float noise, so that a centre that lies on an edge lies on it exactly (rule W6).
"""

Coordinates = NDArray[np.float64]
"""(2, y, x): u (columns) and v (rows) of the source; nan where there is no place."""


@dataclass(frozen=True, slots=True, eq=False)
class Patch:
    """The coordinates of the target pixels of a window, one by one."""

    window: Window
    """Within the window of the lattice: row 0 is the lattice's first row."""
    points: Coordinates


@dataclass(frozen=True, slots=True, eq=False)
class Lattice:
    """Source coordinates of the target pixels of a window."""

    window: Window
    """Of the target grid."""
    source: Shape2d
    """Rows and columns of the source grid; what lies outside of them is no pixel."""
    row: int
    col: int
    """Target pixel of the first point; multiples of the cell."""
    points: Coordinates
    """At the centres of every `PITCH_PX`-th target pixel."""
    patches: tuple[Patch, ...]
    """Cells to be used instead of the points, where the way bends."""


def lattice(source: Grid, target: Grid, window: Window) -> Lattice:
    """The lattice of the pixels `window` of `target`, in pixels of `source`.

    Cost: 0.15 ms for 256², when the transform is known (M). The last ones are kept, since the
    bands of an image share them: 5 kB for 256², 16 bytes a pixel where the way bends.

    Raises:
        InvalidGeoContext: a crs is unknown.
    """
    made = _recent if window.rows * window.cols <= _SMALL_PX else _recent_large
    return made(source, target, window)


def _made(source: Grid, target: Grid, window: Window) -> Lattice:
    row, col = (i // CELL_PX * CELL_PX for i in (window.row, window.col))
    cells_y = -(-(window.row + window.rows - row) // CELL_PX)
    cells_x = -(-(window.col + window.cols - col) // CELL_PX)
    rows = row + PITCH_PX * np.arange(2 * cells_y + 1)
    cols = col + PITCH_PX * np.arange(2 * cells_x + 1)
    way = _way(source, target)
    points = _locate(way, *np.meshgrid(cols, rows))
    bent = np.argwhere(_to_refine(points, source.shape)) if way.is_curved else ()
    patches = _patches(way, [(row + CELL_PX * y, col + CELL_PX * x) for y, x in bent], window)
    points.flags.writeable = False
    return Lattice(window, source.shape, row, col, points, patches)


_SMALL_PX = 512 * 512
_recent = lru_cache(maxsize=32)(_made)
_recent_large = lru_cache(maxsize=2)(_made)


@dataclass(frozen=True, slots=True)
class _Way:
    """From target pixel to source pixel: affine to the world, PROJ, affine to the source."""

    source: Grid
    target: Grid
    straight: Affine | None
    """Where no PROJ is needed: target pixel to source pixel."""
    middle: float
    turn: float | None
    """Longitudes of a geographic source are taken within half a turn of its middle."""

    @property
    def is_curved(self) -> bool:
        return self.straight is None


@lru_cache(maxsize=1024)
def _way(source: Grid, target: Grid) -> _Way:
    straight = relative(source, target) if _crs.same(source.crs, target.crs) else None
    turn = _crs.full_turn(source.crs) if source.crs else None
    west, _, east, _ = source.bounds
    middle = (west + east) / 2.0
    if straight is not None and turn is not None:
        straight = _turned(straight, source, target, middle, turn)
    return _Way(source, target, straight, middle, turn)


def _turned(
    straight: Affine, source: Grid, target: Grid, middle: float, turn: float
) -> Affine | None:
    """`straight` with the target moved by whole turns; None where it needs more than one move."""
    west, _, east, _ = target.bounds
    turns = {math.floor((x - middle) / turn + 0.5) for x in (west, (west + east) / 2.0)}
    turns.add(math.ceil((east - middle) / turn - 0.5))
    if len(turns) > 1:
        return None
    moved = target.transform._replace(c=target.transform.c - turn * turns.pop())
    return relative(source, Grid(target.crs, moved, target.shape))


def _locate(way: _Way, cols: NDArray[np.int64], rows: NDArray[np.int64]) -> Coordinates:
    """Source coordinates of the centres of target pixels; nan where they have no place."""
    col, row = cols + 0.5, rows + 0.5
    if way.straight is not None:
        return np.stack(apply(way.straight, col, row))
    x, y = _crs.transform(way.target.crs, way.source.crs, *apply(way.target.transform, col, row))
    x = np.where(np.isfinite(x), x, np.nan)
    if way.turn is not None:
        x = x - way.turn * np.floor((x - way.middle) / way.turn + 0.5)
    return to_pixels(way.source.transform, x, y)


def to_pixels(transform: Affine, x: Coordinates, y: Coordinates) -> Coordinates:
    """Pixel coordinates (u, v) of world points on a grid; nan where a point is not finite."""
    t = transform._replace(c=0.0, f=0.0).inverse()
    known = np.isfinite(x) & np.isfinite(y)
    x, y = np.where(known, x - transform.c, np.nan), np.where(known, y - transform.f, np.nan)
    return np.stack(apply(t, x, y))


def apply(t: Affine, x: Any, y: Any) -> tuple[Coordinates, Coordinates]:
    """`Affine.apply` of arrays."""
    return t.a * x + t.b * y + t.c, t.d * x + t.e * y + t.f


def _to_refine(points: Coordinates, source: Shape2d) -> NDArray[np.bool_]:
    """Cells that bend too much, but those that lie outside of the source by more than they bend."""
    bend = _bend(points)
    too_much = bend > MAX_BEND_PX
    if not too_much.any():
        return too_much
    aside = np.zeros_like(too_much)
    for axis, size in ((0, source.x), (1, source.y)):
        nine = np.lib.stride_tricks.sliding_window_view(points[axis], (3, 3))[::2, ::2]
        low, high = nine.min(axis=(2, 3)), nine.max(axis=(2, 3))
        aside |= (high < -4.0 * bend) | (low > size + 4.0 * bend)
    return too_much & ~aside


def _bend(points: Coordinates) -> NDArray[np.float64]:
    """How far the points between the corners of each cell lie off the mean of the corners.

    (2n + 1) × (2m + 1) points are n × m cells; inf where a point has no place.
    """
    corners = points[:, ::2, ::2]
    along_x = np.abs((corners[:, :, 1:] + corners[:, :, :-1]) / 2 - points[:, ::2, 1::2])
    along_y = np.abs((corners[:, 1:] + corners[:, :-1]) / 2 - points[:, 1::2, ::2])
    diagonal = corners[:, 1:, 1:] + corners[:, :-1, :-1] + corners[:, 1:, :-1] + corners[:, :-1, 1:]
    worst = np.abs(diagonal / 4 - points[:, 1::2, 1::2])
    for side in (along_x[:, 1:], along_x[:, :-1], along_y[:, :, 1:], along_y[:, :, :-1]):
        worst = np.maximum(worst, side)
    found = worst.max(axis=0)
    return np.where(np.isnan(found), np.inf, found)


def _patches(way: _Way, cells: list[tuple[int, int]], window: Window) -> tuple[Patch, ...]:
    """Coordinates of cells that bend, one patch each, cut to the window."""
    if not cells:
        return ()
    fine = _points_of(way, cells, FINE_PX, CELL_PX // FINE_PX + 1)
    bends = [_bend(points).max() > MAX_BEND_PX for points in fine]
    exact = iter(_points_of(way, [c for c, b in zip(cells, bends, strict=True) if b], 1, CELL_PX))
    found = []
    for cell, points, is_bent in zip(cells, fine, bends, strict=True):
        spread_out = next(exact) if is_bent else spread(points, FINE_PX)
        found.append(_cut(cell, spread_out, window))
    return tuple(found)


def _points_of(
    way: _Way, cells: list[tuple[int, int]], pitch: int, count: int
) -> list[Coordinates]:
    """count × count points in each cell, all transformed in one call."""
    if not cells:
        return []
    corner = np.array(cells)
    step = pitch * np.arange(count)
    rows = np.broadcast_to(corner[:, 0, None, None] + step[:, None], (len(cells), count, count))
    cols = np.broadcast_to(corner[:, 1, None, None] + step, (len(cells), count, count))
    return list(np.moveaxis(_locate(way, cols, rows), 1, 0))


def spread(points: Coordinates, pitch: int) -> Coordinates:
    """Points `pitch` pixels apart interpolated to each pixel but those of the last row and column.

    First along x, then along y, as a + (b - a) t: the order is part of the result's bits.
    """
    t = np.arange(pitch) / pitch
    along = points[:, :, :-1, None] + (points[:, :, 1:, None] - points[:, :, :-1, None]) * t
    along = along.reshape(2, points.shape[1], -1)
    down = along[:, :-1, None] + (along[:, 1:, None] - along[:, :-1, None]) * t[:, None]
    return down.reshape(2, -1, along.shape[2])


def quantised(points: Coordinates) -> Coordinates:
    """`points` rounded to whole quanta."""
    return np.asarray(np.floor(points / QUANTUM + 0.5) * QUANTUM)


def _cut(cell: tuple[int, int], points: Coordinates, window: Window) -> Patch:
    row, col = cell[0] - window.row, cell[1] - window.col
    top, left = max(row, 0), max(col, 0)
    bottom, right = min(row + CELL_PX, window.rows), min(col + CELL_PX, window.cols)
    part = points[:, top - row : bottom - row, left - col : right - col]
    return Patch(Window(top, left, bottom - top, right - left), np.ascontiguousarray(part))
