"""Whether two grids have the same pixels, so that one is read for the other without resampling."""

from __future__ import annotations

from engine.geo import crs as _crs
from swath.grid import Affine, Grid, Window

TOLERANCE_PX = 1e-6
"""Pixels that differ by less coincide. Float noise of real origins is below 1e-8 px."""


def aligned(grid: Grid, other: Grid) -> Window | None:
    """The window of `grid` that is `other`, pixel for pixel; None where they do not coincide.

    The window may reach beyond `grid`: cut it before reading.
    """
    if not _crs.same(grid.crs, other.crs):
        return None
    step = relative(grid, other)
    row, col = round(step.f), round(step.c)
    rows, cols = other.shape
    corners = [(x, y, step.apply(x, y)) for x in (0, cols) for y in (0, rows)]
    if all(_close(u, x + col) and _close(v, y + row) for x, y, (u, v) in corners):
        return Window(row, col, rows, cols)
    return None


def relative(grid: Grid, other: Grid) -> Affine:
    """The affine from pixels of `other` to pixels of `grid`; both are in one crs.

    Origins are subtracted before they are scaled, which keeps their float noise below 1e-8 px.
    """
    g, o = grid.transform, other.transform
    inverse = Affine(g.a, g.b, 0.0, g.d, g.e, 0.0).inverse()
    return inverse @ Affine(o.a, o.b, o.c - g.c, o.d, o.e, o.f - g.f)


def _close(a: float, b: float) -> bool:
    return abs(a - b) <= TOLERANCE_PX
