"""Block kernels that compare and give 0 or 1; int64 with uint64 compare as numbers."""

from __future__ import annotations

from typing import Any, Final

import numpy as np

from engine.kernels.jit import block, kernel

SAME: Final = (
    block("uint8", "float32", "float32"),
    block("uint8", "float64", "float64"),
    block("uint8", "int64", "int64"),
    block("uint8", "uint64", "uint64"),
    block("uint8", "int32", "int32"),
)
MIXED: Final = block("uint8", "uint64", "int64")


@kernel(*SAME)
def lt(n: int, out: Any, a: Any, b: Any) -> None:
    """a < b."""
    for i in range(n):
        out[i] = a[i] < b[i]


@kernel(*SAME)
def le(n: int, out: Any, a: Any, b: Any) -> None:
    """a ≤ b."""
    for i in range(n):
        out[i] = a[i] <= b[i]


@kernel(*SAME)
def eq(n: int, out: Any, a: Any, b: Any) -> None:
    """a = b."""
    for i in range(n):
        out[i] = a[i] == b[i]


@kernel(*SAME)
def ne(n: int, out: Any, a: Any, b: Any) -> None:
    """a ≠ b."""
    for i in range(n):
        out[i] = a[i] != b[i]


@kernel(MIXED)
def lt_signed(n: int, out: Any, a: Any, b: Any) -> None:
    """a < b for unsigned a, signed b."""
    for i in range(n):
        out[i] = (b[i] >= 0) & (a[i] < np.uint64(b[i]))


@kernel(MIXED)
def le_signed(n: int, out: Any, a: Any, b: Any) -> None:
    """a ≤ b for unsigned a, signed b."""
    for i in range(n):
        out[i] = (b[i] >= 0) & (a[i] <= np.uint64(b[i]))


@kernel(MIXED)
def eq_signed(n: int, out: Any, a: Any, b: Any) -> None:
    """a = b for unsigned a, signed b."""
    for i in range(n):
        out[i] = (b[i] >= 0) & (a[i] == np.uint64(b[i]))
