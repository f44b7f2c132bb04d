"""One level of a file, full resolution or an overview: where its pixels are and how it is cut."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from typing import Any

import numpy as np

from engine.geo import scale
from swath.grid import Grid, Shape2d, Window

_LEAST_SIDE_PX = 64
"""Smaller tiles and strips are cached in groups of about this many rows or columns: finer costs
more in bookkeeping than in decoding, coarser decodes more beside a window than in it."""
_STRIP_ROWS_PX = 32
_MOST_UNIT_BYTES = 4 * 1024 * 1024


@dataclass(frozen=True, slots=True)
class Level:
    """What does not change while the file does not."""

    index: int | None
    """Index of the overview; absent for full resolution."""
    shape: Shape2d
    unit: Shape2d
    """Rows and columns that are decoded and cached at once: whole blocks."""
    dtypes: tuple[str, ...]
    """numpy name of each band."""

    def grid(self, full: Grid) -> Grid:
        """Where its pixels are, when the full resolution is at `full`.

        Overviews cover the same area, so their pixels are larger by the exact ratio of shapes.
        """
        if self.index is None:
            return full
        return scale.overview(full, self.shape)

    def units(self, window: Window) -> Iterator[tuple[int, int]]:
        """(row, column) of the units that `window`, inside the level, meets; row by row."""
        for row in _span(window.row, window.rows, self.unit.y):
            for col in _span(window.col, window.cols, self.unit.x):
                yield row, col

    def decoded_px(self, window: Window) -> int:
        """Pixels of the units that `window`, inside the level, meets."""
        rows = len(_span(window.row, window.rows, self.unit.y)) * self.unit.y
        cols = len(_span(window.col, window.cols, self.unit.x)) * self.unit.x
        return min(rows, self.shape.y) * min(cols, self.shape.x)

    def unit_window(self, row: int, col: int, count: int = 1) -> Window:
        """The pixels of `count` units side by side, cut at the edge of the level."""
        top, left = row * self.unit.y, col * self.unit.x
        rows = min(self.unit.y, self.shape.y - top)
        return Window(top, left, rows, min(count * self.unit.x, self.shape.x - left))


def level_of(dataset: Any, index: int | None) -> Level:
    """The level that an open dataset shows."""
    shape, block = Shape2d(*dataset.shape), Shape2d(*dataset.block_shapes[0])
    return Level(
        index=index,
        shape=shape,
        unit=unit_shape(shape, block, max(np.dtype(d).itemsize for d in dataset.dtypes)),
        dtypes=tuple(dataset.dtypes),
    )


def unit_shape(shape: Shape2d, block: Shape2d, pixel_bytes: int) -> Shape2d:
    """Whole blocks that make one unit of the cache.

    Laws:  a multiple of the block in each direction;  at most 4 MiB, or one block.
    """
    least_rows = _STRIP_ROWS_PX if block.x >= shape.x else _LEAST_SIDE_PX
    rows = block.y * -(-min(least_rows, shape.y) // block.y)
    cols = block.x * -(-min(_LEAST_SIDE_PX, shape.x) // block.x)
    while rows > block.y and rows * cols * pixel_bytes > _MOST_UNIT_BYTES:
        rows -= block.y
    return Shape2d(rows, cols)


def _span(start: int, count: int, step: int) -> range:
    return range(start // step, -(-(start + count) // step))
