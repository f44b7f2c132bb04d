"""How large a window may be, and how an area is cut into tiles."""

from __future__ import annotations

from swath.grid import Shape2d, Window

CELL = 256
"""Side of the cells in which pixels are summed (R4)."""
LARGEST = 1024
"""Side of the largest window: larger ones gain nothing and delay the first chunk."""
TILE = 2048
"""Side of the tiles of a job: a multiple of every window's, so that none crosses their edges."""


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


def cut(area: Window, shape: Shape2d) -> list[Window]:
    """`area` in windows of that shape, row by row; those at its lower and right edges are smaller.

    They are anchored to the corner of `area`.
    """
    below, right = area.row + area.rows, area.col + area.cols
    return [
        Window(r, c, min(shape.y, below - r), min(shape.x, right - c))
        for r in range(area.row, below, shape.y)
        for c in range(area.col, right, shape.x)
    ]
