"""Which pixels of a source a window of a target depends on, resampling included."""

from __future__ import annotations

import math

import numpy as np
from numpy.typing import NDArray

from engine.geo.lattice import PITCH_PX, QUANTUM, Coordinates, Lattice, lattice
from engine.geo.resampling import reach
from swath.grid import Grid, Window


def source_window(
    source: Grid, target: Grid, window: Window, resampling: str, scale: tuple[float, float]
) -> Window | None:
    """The pixels of `source` that the pixels `window` of `target` depend on; None: none.

    `source` is the grid that is read: of an overview, the one that `engine.geo.scale.overview`
    gives, and `scale` that from it.
    """
    u, v = _edges(lattice(source, target, window))
    if not len(u):
        return None
    col, cols = _span(u, reach(resampling, scale[0]), source.shape.x)
    row, rows = _span(v, reach(resampling, scale[1]), source.shape.y)
    return Window(row, col, rows, cols) if rows > 0 and cols > 0 else None


def _edges(found: Lattice) -> tuple[Coordinates, Coordinates]:
    """Coordinates that hold between them those of all pixels of the window with a place.

    What is interpolated is greatest at the points, or where the window cuts between them.
    """
    w = found.window
    rows, cols = _stops(w.row, w.rows) - found.row, _stops(w.col, w.cols) - found.col
    points = _between(found.points, rows, cols)
    for patch in found.patches:
        top, left = w.row + patch.window.row, w.col + patch.window.col
        inside_y = (rows >= top - found.row) & (rows < top - found.row + patch.window.rows)
        inside_x = (cols >= left - found.col) & (cols < left - found.col + patch.window.cols)
        points[:, np.ix_(inside_y, inside_x)[0], np.ix_(inside_y, inside_x)[1]] = np.nan
    every = [points.reshape(2, -1), *(p.points.reshape(2, -1) for p in found.patches)]
    u, v = np.concatenate(every, axis=1)
    known = ~np.isnan(u)
    return u[known], v[known]


def _stops(first: int, count: int) -> NDArray[np.int64]:
    """The first and last of `count` pixels, and on both sides of each cell edge between them."""
    inner = np.arange(-(-first // PITCH_PX) * PITCH_PX, first + count, PITCH_PX)
    stops = np.concatenate([[first, first + count - 1], inner, inner - 1])
    return np.unique(stops[(stops >= first) & (stops < first + count)])


def _between(points: Coordinates, rows: NDArray[np.int64], cols: NDArray[np.int64]) -> Coordinates:
    y, x = rows // PITCH_PX, cols // PITCH_PX
    ty, tx = (rows % PITCH_PX / PITCH_PX)[:, None], cols % PITCH_PX / PITCH_PX
    top = points[:, y][:, :, x] + (points[:, y][:, :, x + 1] - points[:, y][:, :, x]) * tx
    low = points[:, y + 1]
    low = low[:, :, x] + (low[:, :, x + 1] - low[:, :, x]) * tx
    return np.asarray(top + (low - top) * ty)


def _span(along: Coordinates, reach_px: float, size: int) -> tuple[int, int]:
    """First pixel and number of pixels within `reach_px` of coordinates that lie in the source."""
    low, high = max(float(along.min()), 0.0), min(float(along.max()), float(size))
    if low > high:
        return 0, 0
    # A pixel more on each side, for what rounding moves across an edge.
    first = max(0, math.floor(low - reach_px - QUANTUM) - 1)
    last = min(size, math.ceil(high + reach_px + QUANTUM) + 1)
    return first, last - first
