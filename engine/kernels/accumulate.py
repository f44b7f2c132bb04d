"""Block kernels that take one more plane of samples into an accumulator, and sorting by networks.

`mask` is 1 where the sample takes no part, `empty` 1 where none has come yet. Kernels whose names
end in `_into` read and write their first operands.
"""

from __future__ import annotations

from typing import Any, Final

import numpy as np

from engine.kernels.jit import DTYPES, block, kernel
from engine.reference.primitives import where

EXTREME: Final = tuple(block(t, "uint8", t, "uint8") for t in DTYPES)
WIDTHS: Final = ("uint8", "uint16", "uint32", "uint64")
ROWS: Final = ("float32", "float64")

_INF: Final = np.inf


@kernel(block("uint8", "uint8"))
def empty_into(n: int, empty: Any, mask: Any) -> None:
    """Not empty any more where a sample came."""
    for i in range(n):
        empty[i] &= mask[i]


@kernel(block("int32", "uint8"))
def count_into(n: int, count: Any, mask: Any) -> None:
    """One more where a sample came."""
    for i in range(n):
        count[i] += np.int32(mask[i] ^ np.uint8(1))


@kernel(block("float64", "float64", "uint8"))
def sum_into(n: int, total: Any, x: Any, mask: Any) -> None:
    """The sum with x."""
    for i in range(n):
        total[i] = where(mask[i] != 0, total[i], total[i] + x[i])


@kernel(block("float64", "float64", "int32", "float64", "uint8"))
def spread_into(n: int, mean: Any, spread: Any, count: Any, x: Any, mask: Any) -> None:
    """Welford's mean and sum of squared deviations with x; `count` counts x already."""
    for i in range(n):
        off = x[i] - mean[i]
        nearer = mean[i] + off / np.float64(count[i])
        wider = spread[i] + off * (x[i] - nearer)
        is_masked = mask[i] != 0
        spread[i] = where(is_masked, spread[i], wider)
        mean[i] = where(is_masked, mean[i], nearer)


@kernel(*EXTREME)
def least_into(n: int, best: Any, empty: Any, x: Any, mask: Any) -> None:
    """x where it is less than all before; the first of equals stays."""
    for i in range(n):
        is_new = (mask[i] == 0) & ((empty[i] != 0) | (x[i] < best[i]))
        best[i] = where(is_new, x[i], best[i])


@kernel(*EXTREME)
def most_into(n: int, best: Any, empty: Any, x: Any, mask: Any) -> None:
    """x where it is greater than all before; the first of equals stays."""
    for i in range(n):
        is_new = (mask[i] == 0) & ((empty[i] != 0) | (x[i] > best[i]))
        best[i] = where(is_new, x[i], best[i])


@kernel(*(block(w, "uint8", w, "uint8") for w in WIDTHS))
def first_into(n: int, best: Any, empty: Any, x: Any, mask: Any) -> None:
    """x where it is the first sample."""
    for i in range(n):
        is_new = (mask[i] == 0) & (empty[i] != 0)
        best[i] = where(is_new, x[i], best[i])


@kernel(*(block(w, w, "uint8") for w in WIDTHS))
def last_into(n: int, best: Any, x: Any, mask: Any) -> None:
    """x where it is a sample."""
    for i in range(n):
        best[i] = where(mask[i] != 0, best[i], x[i])


@kernel(*(block(t, "uint8", t, "uint8") for t in ROWS))
def pad_into(n: int, row: Any, odd: Any, x: Any, mask: Any) -> None:
    """x, or where it is masked -inf and +inf in turn, so that the median stays in the middle.

    `odd` is 1 where an odd number of samples was masked so far.
    """
    for i in range(n):
        bound = where(odd[i] != 0, _INF, -_INF)
        row[i] = where(mask[i] != 0, bound, np.float64(x[i]))
        odd[i] ^= mask[i]


@kernel(*(block(t, t) for t in ROWS))
def order_into(n: int, low: Any, high: Any) -> None:
    """The smaller of two rows in `low`, the larger in `high`; no bits are lost (±0 stay two)."""
    for i in range(n):
        a, b = low[i], high[i]
        is_swapped = b < a
        low[i] = where(is_swapped, b, a)
        high[i] = where(is_swapped, a, b)


@kernel(*(block(t, "uint8", t, t) for t in ROWS))
def middle(n: int, out: Any, second: Any, a: Any, b: Any) -> None:
    """(a + c) / 2 in float64, where c is b where `second` is 1, else a; a zero is +0."""
    for i in range(n):
        c = where(second[i] != 0, b[i], a[i])
        out[i] = (np.float64(a[i]) + np.float64(c)) / 2.0 + 0.0
