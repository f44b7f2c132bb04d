"""Block kernels of floats: IEEE arithmetic, comparison and the test for finite values."""

from __future__ import annotations

from typing import Any, Final

import numpy as np

from engine.kernels.jit import block, kernel
from engine.reference.primitives import root, where
from engine.reference.transcendental import floor_divide, modulo

UNARY: Final = (block("float32", "float32"), block("float64", "float64"))
BINARY: Final = (
    block("float32", "float32", "float32"),
    block("float64", "float64", "float64"),
)
TEST: Final = (block("uint8", "float32"), block("uint8", "float64"))


@kernel(*UNARY)
def neg(n: int, out: Any, a: Any) -> None:
    """-a."""
    for i in range(n):
        out[i] = -a[i]


@kernel(*UNARY)
def absolute(n: int, out: Any, a: Any) -> None:
    """|a|."""
    for i in range(n):
        out[i] = abs(a[i])


@kernel(*UNARY)
def square(n: int, out: Any, a: Any) -> None:
    """a²."""
    for i in range(n):
        out[i] = a[i] * a[i]


@kernel(*UNARY)
def sqrt(n: int, out: Any, a: Any) -> None:
    """√a, correctly rounded: the root of a float32 in float64 rounds to that in float32."""
    for i in range(n):
        out[i] = root(np.float64(a[i]))


@kernel(*BINARY)
def add(n: int, out: Any, a: Any, b: Any) -> None:
    """a + b."""
    for i in range(n):
        out[i] = a[i] + b[i]


@kernel(*BINARY)
def sub(n: int, out: Any, a: Any, b: Any) -> None:
    """a - b."""
    for i in range(n):
        out[i] = a[i] - b[i]


@kernel(*BINARY)
def mul(n: int, out: Any, a: Any, b: Any) -> None:
    """a · b."""
    for i in range(n):
        out[i] = a[i] * b[i]


@kernel(*BINARY)
def truediv(n: int, out: Any, a: Any, b: Any) -> None:
    """a / b."""
    for i in range(n):
        out[i] = a[i] / b[i]


@kernel(*BINARY)
def floordiv(n: int, out: Any, a: Any, b: Any) -> None:
    """⌊a / b⌋ as Python rounds it."""
    for i in range(n):
        out[i] = floor_divide(np.float64(a[i]), np.float64(b[i]))


@kernel(*BINARY)
def mod(n: int, out: Any, a: Any, b: Any) -> None:
    """a modulo b, with the sign of b."""
    for i in range(n):
        out[i] = modulo(np.float64(a[i]), np.float64(b[i]))


@kernel(*BINARY)
def minimum(n: int, out: Any, a: Any, b: Any) -> None:
    """b where b < a, else a."""
    for i in range(n):
        out[i] = where(b[i] < a[i], b[i], a[i])


@kernel(*BINARY)
def maximum(n: int, out: Any, a: Any, b: Any) -> None:
    """b where b > a, else a."""
    for i in range(n):
        out[i] = where(b[i] > a[i], b[i], a[i])


@kernel(*TEST)
def endless(n: int, out: Any, a: Any) -> None:
    """1 where a is nan or infinite: a - a is 0 for all others."""
    for i in range(n):
        out[i] = (a[i] - a[i]) != 0.0


@kernel(block("uint8", "uint8", "float32"), block("uint8", "uint8", "float64"))
def or_endless(n: int, out: Any, mask: Any, a: Any) -> None:
    """1 where the mask is, or where a is nan or infinite."""
    for i in range(n):
        out[i] = mask[i] | np.uint8((a[i] - a[i]) != 0.0)
