"""Kernels that pool the pixels of a row of cells: the order is that of `engine.reference.cells`.

All take a strip of up to 256 rows as float64, with a mask (1 = masked), and write one partial per
cell. `lanes` is scratch for the columns of one cell, so that the sums of columns run in SIMD.
"""

from __future__ import annotations

from typing import Any, Final

from engine.kernels.jit import kernel
from engine.reference.primitives import where

STRIP: Final = "void(float64[:, ::1], uint8[:, ::1], float64[::1], float64[:, ::1])"


def _is_valid(x: Any, mask: Any) -> Any:
    return (mask == 0) & (x - x == 0.0)


def _count(values: Any, mask: Any, left: Any, width: Any) -> Any:
    """Samples in a cell."""
    n = 0
    for y in range(values.shape[0]):
        row, hidden = values[y, left : left + width], mask[y, left : left + width]
        for x in range(width):
            n += _is_valid(row[x], hidden[x])
    return n


def _pairs(lanes: Any, n: Any) -> Any:
    """Sum of the first n lanes by neighbours, which are overwritten."""
    while n > 1:
        half = n // 2
        for i in range(half):
            lanes[i] = lanes[2 * i] + lanes[2 * i + 1]
        if n % 2 == 1:
            lanes[half] = lanes[n - 1]
        n = half + n % 2
    return lanes[0]


def _total(values: Any, mask: Any, left: Any, width: Any, lanes: Any) -> Any:
    """Sum of a cell: rows from top to bottom into lanes, then the lanes in pairs."""
    for x in range(width):
        lanes[x] = 0.0
    for y in range(values.shape[0]):
        row, hidden = values[y, left : left + width], mask[y, left : left + width]
        for x in range(width):
            total = lanes[x]
            lanes[x] = where(_is_valid(row[x], hidden[x]), total + row[x], total)
    return _pairs(lanes, width)


def _spread(values: Any, mask: Any, left: Any, width: Any, lanes: Any, mean: Any) -> Any:
    """Sum of squared deviations of a cell from its mean."""
    for x in range(width):
        lanes[x] = 0.0
    for y in range(values.shape[0]):
        row, hidden = values[y, left : left + width], mask[y, left : left + width]
        for x in range(width):
            off, total = row[x] - mean, lanes[x]
            lanes[x] = where(_is_valid(row[x], hidden[x]), total + off * off, total)
    return _pairs(lanes, width)


def _extreme(values: Any, mask: Any, left: Any, width: Any, lanes: Any, sign: Any) -> Any:
    """Least of a cell of which some sample is valid (greatest: `sign` -1), times `sign`."""
    for x in range(width):
        lanes[x] = float("inf")
    for y in range(values.shape[0]):
        row, hidden = values[y, left : left + width], mask[y, left : left + width]
        for x in range(width):
            signed, best = row[x] * sign, lanes[x]
            is_new = _is_valid(row[x], hidden[x]) & (signed < best)
            lanes[x] = where(is_new, signed, best)
    best = lanes[0]
    for x in range(width):
        best = where(lanes[x] < best, lanes[x], best)
    return best


def _first_zero(values: Any, mask: Any, left: Any, width: Any) -> Any:
    """The first 0 of a cell, row by row, with its sign (R7)."""
    for y in range(values.shape[0]):
        row, hidden = values[y, left : left + width], mask[y, left : left + width]
        for x in range(width):
            if row[x] == 0.0 and hidden[x] == 0:
                return row[x]
    return 0.0


@kernel(STRIP)
def pool_count(values: Any, mask: Any, lanes: Any, partials: Any) -> None:
    """(samples, 0, 0) per cell."""
    for cell in range(partials.shape[0]):
        left = cell * 256
        width = min(256, values.shape[1] - left)
        partials[cell, 0] = _count(values, mask, left, width)
        partials[cell, 1] = partials[cell, 2] = 0.0


@kernel(STRIP)
def pool_sum(values: Any, mask: Any, lanes: Any, partials: Any) -> None:
    """(samples, sum, 0) per cell."""
    for cell in range(partials.shape[0]):
        left = cell * 256
        width = min(256, values.shape[1] - left)
        partials[cell, 0] = _count(values, mask, left, width)
        partials[cell, 1] = _total(values, mask, left, width, lanes)
        partials[cell, 2] = 0.0


@kernel(STRIP)
def pool_spread(values: Any, mask: Any, lanes: Any, partials: Any) -> None:
    """(samples, mean, sum of squared deviations) per cell."""
    for cell in range(partials.shape[0]):
        left = cell * 256
        width = min(256, values.shape[1] - left)
        n = _count(values, mask, left, width)
        partials[cell, 0] = n
        partials[cell, 1] = partials[cell, 2] = 0.0
        if n > 0:
            mean = _total(values, mask, left, width, lanes) / n
            partials[cell, 1] = mean
            partials[cell, 2] = _spread(values, mask, left, width, lanes, mean)


@kernel("void(float64[:, ::1], uint8[:, ::1], float64[::1], float64[:, ::1], float64)")
def pool_extreme(values: Any, mask: Any, lanes: Any, partials: Any, sign: float) -> None:
    """(samples, least, 0) per cell with `sign` 1; the greatest with -1."""
    for cell in range(partials.shape[0]):
        left = cell * 256
        width = min(256, values.shape[1] - left)
        n = _count(values, mask, left, width)
        partials[cell, 0] = n
        partials[cell, 1] = partials[cell, 2] = 0.0
        if n > 0:
            best = _extreme(values, mask, left, width, lanes, sign) * sign
            if best == 0.0:
                best = _first_zero(values, mask, left, width)
            partials[cell, 1] = best
