"""How large a window may be."""

from __future__ import annotations

from swath.grid import Shape2d

CELL = 256
"""Side of the cells in which pixels are summed (R4)."""
LARGEST = 1024
"""Side of the largest window: larger ones gain nothing and delay the first chunk."""


def window_shape(grid: Shape2d, pixels: int, is_folded: bool) -> Shape2d:
    """Rows and columns of a window of at most `pixels` pixels (at least one).

    Sides are powers of two up to LARGEST. Folded windows are cells or unions of them, so that each
    cell is summed whole: they may be larger than `pixels`.
    """
    side = LARGEST
    while side > 1 and min(side, grid.y) * min(side, grid.x) > pixels:
        side //= 2
    if is_folded:
        side = max(side, CELL)
    return Shape2d(side, side)
