"""Block kernels that move bits: masks, choice, bit logic, shifts, filling and copying.

Kernels that do not look at values take unsigned integers of the value's width.
"""

from __future__ import annotations

from typing import Any, Final

import numpy as np

from engine.kernels.jit import block, kernel
from engine.reference.primitives import where

WIDTHS: Final = ("uint8", "uint16", "uint32", "uint64")
LOGIC: Final = block("uint8", "uint8", "uint8")


@kernel(*(block(w, w) for w in WIDTHS))
def fill(n: int, out: Any, source: Any) -> None:
    """The first item of `source`, n times."""
    for i in range(n):
        out[i] = source[0]


@kernel(block("uint8", "uint8"))
def copy(n: int, out: Any, a: Any) -> None:
    """a."""
    for i in range(n):
        out[i] = a[i]


@kernel(block("uint8"))
def zero(n: int, out: Any) -> None:
    """0."""
    for i in range(n):
        out[i] = 0


@kernel(block("uint8"))
def one(n: int, out: Any) -> None:
    """1."""
    for i in range(n):
        out[i] = 1


@kernel(*(block(w, "uint8", w, w) for w in WIDTHS))
def choose(n: int, out: Any, condition: Any, a: Any, b: Any) -> None:
    """a where the condition is not 0, else b."""
    for i in range(n):
        out[i] = where(condition[i] != 0, a[i], b[i])


@kernel(LOGIC)
def bit_and(n: int, out: Any, a: Any, b: Any) -> None:
    """Bits set in both."""
    for i in range(n):
        out[i] = a[i] & b[i]


@kernel(LOGIC)
def bit_or(n: int, out: Any, a: Any, b: Any) -> None:
    """Bits set in either."""
    for i in range(n):
        out[i] = a[i] | b[i]


@kernel(LOGIC)
def bit_xor(n: int, out: Any, a: Any, b: Any) -> None:
    """Bits set in one of the two."""
    for i in range(n):
        out[i] = a[i] ^ b[i]


@kernel(LOGIC)
def but_not(n: int, out: Any, a: Any, b: Any) -> None:
    """a where b is 0, else 0, of 0 and 1."""
    for i in range(n):
        out[i] = a[i] & (b[i] ^ np.uint8(1))


@kernel(block("uint8", "uint8"))
def bit_not(n: int, out: Any, a: Any) -> None:
    """All bits flipped."""
    for i in range(n):
        out[i] = a[i] ^ np.uint8(255)


@kernel(block("uint8", "uint8"))
def logical_not(n: int, out: Any, a: Any) -> None:
    """1 where a is 0, of 0 and 1."""
    for i in range(n):
        out[i] = a[i] ^ np.uint8(1)


@kernel(block("int64", "int64", "int64"))
def lshift(n: int, out: Any, a: Any, b: Any) -> None:
    """a · 2ᵇ; 0 where b is not in 0 … 63."""
    for i in range(n):
        inside = np.uint64(b[i]) < np.uint64(64)
        out[i] = where(inside, a[i] << (b[i] & 63), np.int64(0))


@kernel(block("int64", "int64", "int64"))
def rshift(n: int, out: Any, a: Any, b: Any) -> None:
    """⌊a / 2ᵇ⌋; as if b were very large where it is not in 0 … 63."""
    for i in range(n):
        inside = np.uint64(b[i]) < np.uint64(64)
        out[i] = a[i] >> where(inside, b[i], np.int64(63))


@kernel(block("uint64", "uint64", "uint64"))
def rshift_unsigned(n: int, out: Any, a: Any, b: Any) -> None:
    """⌊a / 2ᵇ⌋; 0 where b is not in 0 … 63."""
    for i in range(n):
        shifted = a[i] >> (b[i] & np.uint64(63))
        out[i] = where(b[i] < np.uint64(64), shifted, np.uint64(0))
