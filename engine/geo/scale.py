"""How many pixels of a source make one pixel of a target: which overview, how wide a kernel."""

from __future__ import annotations

import math
from functools import lru_cache

import numpy as np

from engine.geo import crs as _crs
from engine.geo.lattice import QUANTUM, Coordinates, apply, to_pixels
from swath.grid import Affine, Grid, Shape2d


@lru_cache(maxsize=4096)
def scale(source: Grid, target: Grid) -> tuple[float, float]:
    """Source pixels that make one target pixel, along the columns and rows of the source.

    Depends on the source, and on the crs and pixel size of the target only: it is measured at the
    middle of the source, so that neighbouring windows are resampled alike. (1, 1) where no place
    of the source has one in the target's crs.
    """
    rows, cols = source.shape
    for fraction_y, fraction_x in _PLACES:
        x, y = source.transform.apply(cols * fraction_x, rows * fraction_y)
        found = _scale_at(source, target, float(x), float(y))
        if found is not None:
            return found
    return 1.0, 1.0


def overview(source: Grid, shape: Shape2d) -> Grid:
    """The grid of an overview of `source` with this many pixels: the same extent."""
    t = source.transform
    x, y = source.shape.x / shape.x, source.shape.y / shape.y
    return Grid(source.crs, Affine(t.a * x, t.b * y, t.c, t.d * x, t.e * y, t.f), shape)


_PLACES = ((0.5, 0.5), (0.25, 0.25), (0.25, 0.75), (0.75, 0.25), (0.75, 0.75))
"""Fractions of rows and columns at which the scale is sought, in this order."""


def _scale_at(source: Grid, target: Grid, x: float, y: float) -> tuple[float, float] | None:
    there = target.transform._replace(c=0.0, f=0.0).inverse()
    tx, ty = _world(source.crs, target.crs, [x], [y])
    if not np.isfinite([tx, ty]).all():
        return None
    col, row = apply(there, tx, ty)
    half: Coordinates = np.array([0.5, -0.5, 0.0, 0.0])
    wx, wy = apply(target.transform._replace(c=0.0, f=0.0), col + half, row + half[::-1])
    u, v = to_pixels(source.transform, *_world(target.crs, source.crs, wx, wy))
    found = math.hypot(u[0] - u[1], u[3] - u[2]), math.hypot(v[0] - v[1], v[3] - v[2])
    if not all(map(math.isfinite, found)) or 0.0 in found:
        return None
    return _round_scale(found[0]), _round_scale(found[1])


def _world(
    source: str, target: str, x: Coordinates | list[float], y: Coordinates | list[float]
) -> tuple[Coordinates, Coordinates]:
    if _crs.same(source, target):
        return np.asarray(x, np.float64), np.asarray(y, np.float64)
    return _crs.transform(source, target, x, y)


def _round_scale(value: float) -> float:
    # So that 20 m from 10 m is 2 in spite of rounding, and sizes below a quantum are not 0.
    return max(round(value / QUANTUM), 1) * QUANTUM
