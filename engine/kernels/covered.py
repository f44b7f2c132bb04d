"""Statistics of the source pixels that one target pixel covers; used by `engine.kernels.warp`."""

from __future__ import annotations

import math
from typing import Any

from engine.kernels.jit import kernel
from engine.reference.primitives import floor
from engine.reference.weights import BOX, weight

PLANES = "uint8[:, ::1], int64, float64[:, :, ::1], int64, int64"
"""Mask, whether there is one, coordinates, row and column of the first value."""
_ORDER = "int64, int64, int64, float64, float64"


@kernel(
    f"void(int64[:, ::1], {PLANES}, {_ORDER}, int64[::1], float64[::1], int64[::1], "
    "int64[:, ::1], uint8[:, ::1])",
    f"void(uint64[:, ::1], {PLANES}, {_ORDER}, uint64[::1], float64[::1], int64[::1], "
    "uint64[:, ::1], uint8[:, ::1])",
    f"void(float64[:, ::1], {PLANES}, {_ORDER}, float64[::1], float64[::1], int64[::1], "
    "float64[:, ::1], uint8[:, ::1])",
)
def ordered(
    values: Any,
    mask: Any,
    has_mask: int,
    coords: Any,
    row0: int,
    col0: int,
    what: int,
    part: int,
    of: int,
    width_x: float,
    width_y: float,
    pool: Any,
    weights: Any,
    order: Any,
    out: Any,
    gone: Any,
) -> None:
    """One of the pixels covered: the least, the greatest, the most frequent, or that of a rank.

    `pool`, `weights` and `order` are room for the pixels that one target pixel covers.
    """
    rows, cols = values.shape
    for y in range(out.shape[0]):
        for x in range(out.shape[1]):
            u, v = coords[0, y, x], coords[1, y, x]
            out[y, x] = 0
            gone[y, x] = 1
            if u != u:
                continue
            first_x, first_y = floor(u - width_x * 0.5), floor(v - width_y * 0.5)
            count_x = int(math.ceil(u + width_x * 0.5) - first_x)
            count_y = int(math.ceil(v + width_y * 0.5) - first_y)
            n = 0
            for j in range(count_y):
                wy = weight(BOX, v, first_y + j, width_y)
                row = int(first_y) + j - row0
                if not (wy > 0.0 and 0 <= row < rows):
                    continue
                for i in range(count_x):
                    wx = weight(BOX, u, first_x + i, width_x)
                    col = int(first_x) + i - col0
                    if not (wx > 0.0 and 0 <= col < cols):
                        continue
                    value = values[row, col]
                    if (has_mask == 0 or mask[row, col] == 0) and value == value:
                        pool[n] = value
                        weights[n] = wy * wx
                        n += 1
            if n > 0:
                out[y, x] = pool[_chosen(pool, weights, order, n, what, part, of)]
                gone[y, x] = 0


LEAST, GREATEST, MODE, RANK = 0, 1, 2, 3
FEW = 32
"""Most values for which insertion sorts faster."""
WHAT = {"min": LEAST, "max": GREATEST, "mode": MODE}


def _chosen(pool: Any, weights: Any, order: Any, n: int, what: int, part: int, of: int) -> int:
    """Index in `pool` of the pixel asked for."""
    if what <= GREATEST:
        best = 0
        for k in range(1, n):
            better = pool[k] < pool[best] if what == LEAST else pool[k] > pool[best]
            if better:
                best = k
        return best
    _sort(pool, order, n)
    if what == RANK:
        return int(order[(n * part + of - 1) // of - 1])
    return _most_frequent(pool, weights, order, n)


def _most_frequent(pool: Any, weights: Any, order: Any, n: int) -> int:
    best = int(order[0])
    best_weight = 0.0
    start = 0
    total = 0.0
    for k in range(n):
        total += weights[order[k]]
        if k + 1 == n or pool[order[k + 1]] != pool[order[start]]:
            if total > best_weight:
                best = int(order[start])
                best_weight = total
            start = k + 1
            total = 0.0
    return best


def _sort(pool: Any, order: Any, n: int) -> None:
    """Indices by value, then position; insertion for few, heapsort for many: no allocation."""
    for k in range(n):
        order[k] = k
    if n <= FEW:
        for k in range(1, n):
            i = k
            while i > 0 and pool[order[i - 1]] > pool[k]:
                order[i] = order[i - 1]
                i -= 1
            order[i] = k
        return
    for k in range(n // 2 - 1, -1, -1):
        _sift(pool, order, k, n)
    for end in range(n - 1, 0, -1):
        last = order[end]
        order[end] = order[0]
        order[0] = last
        _sift(pool, order, 0, end)


def _sift(pool: Any, order: Any, start: int, end: int) -> None:
    root = start
    while 2 * root + 1 < end:
        child = 2 * root + 1
        if child + 1 < end and _comes_before(pool, order[child], order[child + 1]):
            child += 1
        if not _comes_before(pool, order[root], order[child]):
            return
        moved = order[root]
        order[root] = order[child]
        order[child] = moved
        root = child


def _comes_before(pool: Any, a: int, b: int) -> bool:
    return bool(pool[a] < pool[b] or (pool[a] == pool[b] and a < b))
