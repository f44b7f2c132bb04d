"""Reductions over pixels in plain numpy: the definition that faster tiers must match.

Rule R4 of docs/semantics.md: pixels are pooled in cells of 256 × 256, anchored at the grid's
origin, so that no result depends on the windows in which pixels come. A *partial* says what is
known of one cell of one plane: three float64 numbers.

    count         samples                       0       0
    sum, mean     samples                       sum     0
    std           samples                       mean    sum of squares of what deviates from it
    min, max      samples                       value   0

Order, which makes sums exact to the bit: within a cell, rows are added from top to bottom into one
total per column; the totals of the columns, the cells of a plane in row-major order, are added in
`pairs`; planes (image after image, within an image band after band) are added one after another.
A sample takes part where it is not masked and is finite.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import Any, Final

import numpy as np
from numpy.typing import NDArray

from swath.grid import Shape2d, Window

Array = NDArray[Any]
Partial = tuple[float, float, float]

CELL: Final = 256
"""Rows and columns of a cell; fewer at the grid's right and lower edge."""
KINDS: Final = ("min", "max", "mean", "std", "sum", "count")
"""Reductions that cells know; the median needs all samples at once: `median`."""


def pairs(values: Array) -> Array:
    """Sum along the first axis: neighbours are added, an odd last one is kept, until one is left.

    Higham, Accuracy and Stability of Numerical Algorithms, 2nd ed., 4.1.
    """
    while len(values) > 1:
        whole = len(values) // 2 * 2
        values = np.concatenate([values[0:whole:2] + values[1:whole:2], values[whole:]])
    return np.asarray(values[0])


def shape_of(window: Window) -> Shape2d:
    """Rows and columns of cells that a window covers; its corner must be the corner of a cell."""
    assert window.row % CELL == 0 and window.col % CELL == 0, f"{window} cuts cells"
    return Shape2d(-(-window.rows // CELL), -(-window.cols // CELL))


def fold(kind: str, values: Array, mask: Array | None, window: Window) -> Array:
    """Partials (cell row, cell column, 3) float64 of one plane in a window.

    Args:
        values: (y, x) pixels of the window. mask: as large, 1 = masked, or None.
        window: a union of whole cells of the grid, clipped at its edges.
    """
    rows, cols = shape_of(window)
    partials = np.empty((rows, cols, 3), np.float64)
    valid = _valid(values, mask)
    for row in range(rows):
        for col in range(cols):
            at = np.s_[row * CELL : (row + 1) * CELL, col * CELL : (col + 1) * CELL]
            partials[row, col] = _cell(kind, values[at], valid[at])
    return partials


def _valid(values: Array, mask: Array | None) -> Array:
    valid = np.ones(values.shape, np.bool_) if mask is None else mask == 0
    return np.asarray(valid & np.isfinite(values) if values.dtype.kind == "f" else valid)


def _cell(kind: str, values: Array, valid: Array) -> Partial:
    n = float(valid.sum())
    if kind == "count" or n == 0.0:
        return n, 0.0, 0.0
    if kind in ("min", "max"):
        inside = values[valid]
        best = inside.argmin() if kind == "min" else inside.argmax()
        return n, float(inside[best]), 0.0
    with np.errstate(all="ignore"):
        total = _sum(values.astype(np.float64), valid)
        if kind != "std":
            return n, total, 0.0
        mean = np.float64(total) / n
        off = values.astype(np.float64) - mean
        return n, float(mean), _sum(off * off, valid)


def _sum(values: Array, valid: Array) -> float:
    columns = np.zeros(values.shape[1], np.float64)
    for row, ok in zip(values, valid, strict=True):
        columns = np.where(ok, columns + row, columns)
    return float(pairs(columns))


def _least(a: Partial, b: Partial) -> Partial:
    return a[0] + b[0], b[1] if a[0] == 0.0 or (b[0] > 0.0 and b[1] < a[1]) else a[1], 0.0


def _most(a: Partial, b: Partial) -> Partial:
    return a[0] + b[0], b[1] if a[0] == 0.0 or (b[0] > 0.0 and b[1] > a[1]) else a[1], 0.0


def _add(a: Partial, b: Partial) -> Partial:
    return a[0] + b[0], a[1] + b[1], 0.0


def _spread(a: Partial, b: Partial) -> Partial:
    """Chan, Golub and LeVeque (1979): mean and squares of two groups together."""
    if a[0] == 0.0 or b[0] == 0.0:
        return b if a[0] == 0.0 else a
    n, off = a[0] + b[0], b[1] - a[1]
    share = b[0] / n
    return n, a[1] + off * share, a[2] + b[2] + off * off * (a[0] * share)


MERGE: Final[dict[str, Callable[[Partial, Partial], Partial]]] = {
    "min": _least, "max": _most, "sum": _add, "mean": _add, "count": _add, "std": _spread,
}  # fmt: skip


def combine(kind: str, partials: Array) -> float | None:
    """The reduction of partials (plane, cell row, cell column, 3); None where it has no samples.

    `count` of no samples is 0. What is not finite (a sum that overflows) is None too (M2).
    """
    merge = MERGE[kind]
    pooled: Partial = (0.0, 0.0, 0.0)
    with np.errstate(all="ignore"):
        for plane in partials.reshape(len(partials), -1, 3):
            pooled = merge(pooled, _tree(merge, list(map(tuple, plane))))
        return finish(kind, pooled)


def _tree(merge: Callable[[Partial, Partial], Partial], parts: Sequence[Any]) -> Partial:
    while len(parts) > 1:
        merged = [merge(a, b) for a, b in zip(parts[0::2], parts[1::2], strict=False)]
        parts = merged + list(parts[len(parts) // 2 * 2 :])
    first: Partial = parts[0]
    return first


def finish(kind: str, pooled: Partial) -> float | None:
    """The result that a partial of everything stands for."""
    n, value, spread = (np.float64(p) for p in pooled)
    if kind == "count":
        return float(n)
    if n == 0.0:
        return None
    results = {"mean": value / n, "std": np.sqrt(spread / n)}
    result = float(results.get(kind, value))
    return result if np.isfinite(result) else None


def gather(values: Array, mask: Array | None) -> Array:
    """The samples of a plane, row by row, as float64."""
    return values[_valid(values, mask)].astype(np.float64)


def median(parts: Sequence[Array]) -> float | None:
    """The median of what `gather` gave, in any order; None of nothing (R3)."""
    everything = np.sort(np.concatenate([np.zeros(0), *parts]))
    n = len(everything)
    if n == 0:
        return None
    with np.errstate(all="ignore"):
        middle = (everything[(n - 1) // 2] + everything[n // 2]) / 2.0 + 0.0
    return float(middle) if np.isfinite(middle) else None
