"""Reductions over pixels: compiled, with the bits and the partials of `engine.reference.cells`."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from functools import partial
from typing import Any, Final

import numpy as np
from numpy.typing import NDArray

from engine.kernels.pool import pool_count, pool_extreme, pool_spread, pool_sum
from engine.reference.cells import CELL, MERGE, finish, gather, shape_of
from swath.grid import Window

Array = NDArray[Any]


def _extreme(sign: float, values: Array, mask: Array, lanes: Array, partials: Array) -> None:
    pool_extreme(values, mask, lanes, partials, sign)


_POOL: Final[dict[str, Callable[[Array, Array, Array, Array], Any]]] = {
    "min": partial(_extreme, 1.0),
    "max": partial(_extreme, -1.0),
    "count": pool_count,
    "sum": pool_sum,
    "mean": pool_sum,
    "std": pool_spread,
}


def fold(kind: str, values: Array, mask: Array | None, window: Window) -> Array:
    """Partials (cell row, cell column, 3) float64 of one plane in a window.

    Args:
        values: (y, x) pixels of the window, any dtype of the D rules.
        mask: (y, x), 1 = masked, or None.
        window: a union of whole cells of the grid, clipped at its edges.
    """
    rows, cols = shape_of(window)
    partials = np.empty((rows, cols, 3), np.float64)
    lanes = np.empty(CELL, np.float64)
    nothing = np.zeros((min(CELL, values.shape[0]), values.shape[1]), np.uint8)
    for row in range(rows):
        at = slice(row * CELL, (row + 1) * CELL)
        with np.errstate(all="ignore"):  # a signalling nan under the mask would warn
            strip = np.ascontiguousarray(values[at], np.float64)
        hidden = nothing[: len(strip)] if mask is None else np.ascontiguousarray(mask[at])
        _POOL[kind](strip, hidden, lanes, partials[row])
    return partials


def combine(kind: str, partials: Array) -> float | None:
    """The reduction of partials (plane, cell row, cell column, 3); None where it has no samples.

    Cells of a plane merge pairwise in row-major order, planes one after another. `count` of no
    samples is 0; a sum that is not finite is None.
    """
    planes = partials.reshape(len(partials), -1, 3)
    with np.errstate(all="ignore"):
        while planes.shape[1] > 1:
            whole = planes.shape[1] // 2 * 2
            merged = _merge(kind, planes[:, 0:whole:2], planes[:, 1:whole:2])
            planes = np.concatenate([merged, planes[:, whole:]], axis=1)
        pooled: Any = (0.0, 0.0, 0.0)
        for plane in planes[:, 0]:
            pooled = MERGE[kind](pooled, tuple(plane))
        return finish(kind, pooled)


def _merge(kind: str, a: Array, b: Array) -> Array:
    """`engine.reference.cells.MERGE` of many pairs at once."""
    n = a[..., 0] + b[..., 0]
    x, y = a[..., 1], b[..., 1]
    rest = np.zeros(n.shape)
    if kind in ("min", "max"):
        is_better = (y < x) if kind == "min" else (y > x)
        value = np.where((a[..., 0] == 0) | ((b[..., 0] > 0) & is_better), y, x)
    elif kind == "std":
        value, rest = _merge_spread(a, b, n)
    else:
        value = x + y
    return np.stack([n, value, rest], axis=-1)


def _merge_spread(a: Array, b: Array, n: Array) -> tuple[Array, Array]:
    off, share = b[..., 1] - a[..., 1], b[..., 0] / n
    mean = a[..., 1] + off * share
    spread = a[..., 2] + b[..., 2] + off * off * (a[..., 0] * share)
    has_a, has_b = a[..., 0] != 0, b[..., 0] != 0
    mean = np.where(has_a & has_b, mean, np.where(has_a, a[..., 1], b[..., 1]))
    return mean, np.where(has_a & has_b, spread, np.where(has_a, a[..., 2], b[..., 2]))


def median(parts: Sequence[Array]) -> float | None:
    """The median of what `gather` gave, in any order; None of nothing (R3)."""
    everything = np.concatenate([np.zeros(0), *parts])
    n = len(everything)
    if n == 0:
        return None
    low, high = (n - 1) // 2, n // 2
    everything.partition((low, high))
    with np.errstate(all="ignore"):
        middle = (everything[low] + everything[high]) / 2.0 + 0.0
    return float(middle) if np.isfinite(middle) else None


__all__ = ["CELL", "combine", "fold", "gather", "median", "shape_of"]
