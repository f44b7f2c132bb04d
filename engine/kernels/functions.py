"""Block kernels of the elementary functions: the formulas of `engine.reference`, compiled."""

from __future__ import annotations

from typing import Any, Final

import numpy as np

from engine.kernels.jit import block, kernel
from engine.reference import angles, transcendental
from engine.reference.polynomials import NEAR, TWO_OVER_PI_BITS
from engine.reference.primitives import bits

UNARY: Final = (block("float32", "float32"), block("float64", "float64"))
BINARY: Final = (
    block("float32", "float32", "float32"),
    block("float64", "float64", "float64"),
)

f_exp, f_log, f_log2 = transcendental.exp, transcendental.log, transcendental.log2
f_log10, f_log1p = transcendental.log10, transcendental.log1p
f_arcsin, f_arccos = transcendental.arcsin, transcendental.arccos
f_arctan, f_arctan2 = transcendental.arctan, transcendental.arctan2
f_power, f_power_single = transcendental.power, transcendental.power_single
near_angle, scaled_angle = angles.near_angle, angles.scaled_angle
f_sine, f_cosine, f_tangent = angles.sine, angles.cosine, angles.tangent

_BITS: Final = np.array(TWO_OVER_PI_BITS, np.uint64)
_LOW: Final = np.uint64(0xFFFFFFFF)
_HALF: Final = np.uint64(32)


@kernel(*UNARY)
def exp(n: int, out: Any, a: Any) -> None:
    """e to the a."""
    for i in range(n):
        out[i] = f_exp(np.float64(a[i]))


@kernel(*UNARY)
def log(n: int, out: Any, a: Any) -> None:
    """Natural logarithm."""
    for i in range(n):
        out[i] = f_log(np.float64(a[i]))


@kernel(*UNARY)
def log2(n: int, out: Any, a: Any) -> None:
    """Logarithm to base 2."""
    for i in range(n):
        out[i] = f_log2(np.float64(a[i]))


@kernel(*UNARY)
def log10(n: int, out: Any, a: Any) -> None:
    """Logarithm to base 10."""
    for i in range(n):
        out[i] = f_log10(np.float64(a[i]))


@kernel(*UNARY)
def log1p(n: int, out: Any, a: Any) -> None:
    """Natural logarithm of 1 + a."""
    for i in range(n):
        out[i] = f_log1p(np.float64(a[i]))


@kernel(*UNARY)
def arcsin(n: int, out: Any, a: Any) -> None:
    """Angle whose sine is a."""
    for i in range(n):
        out[i] = f_arcsin(np.float64(a[i]))


@kernel(*UNARY)
def arccos(n: int, out: Any, a: Any) -> None:
    """Angle whose cosine is a."""
    for i in range(n):
        out[i] = f_arccos(np.float64(a[i]))


@kernel(*UNARY)
def arctan(n: int, out: Any, a: Any) -> None:
    """Angle whose tangent is a."""
    for i in range(n):
        out[i] = f_arctan(np.float64(a[i]))


@kernel(*BINARY)
def arctan2(n: int, out: Any, a: Any, b: Any) -> None:
    """Angle of the point (b, a)."""
    for i in range(n):
        out[i] = f_arctan2(np.float64(a[i]), np.float64(b[i]))


@kernel(BINARY[0])
def power_single(n: int, out: Any, a: Any, b: Any) -> None:
    """a to the b, float32."""
    for i in range(n):
        out[i] = f_power_single(np.float64(a[i]), np.float64(b[i]))


@kernel(BINARY[1])
def power(n: int, out: Any, a: Any, b: Any) -> None:
    """a to the b, float64."""
    for i in range(n):
        out[i] = f_power(a[i], b[i])


def _high(a: Any, b: Any) -> Any:
    """Upper 64 bits of the product of two uint64."""
    a1, a0, b1, b0 = a >> _HALF, a & _LOW, b >> _HALF, b & _LOW
    middle = a1 * b0 + ((a0 * b0) >> _HALF)
    other = a0 * b1 + (middle & _LOW)
    return a1 * b1 + (middle >> _HALF) + (other >> _HALF)


def _word(offset: Any) -> Any:
    """64 bits of the bit string `_BITS` from bit `offset` on."""
    word, shift = offset >> 6, np.uint64(offset & 63)
    if shift == np.uint64(0):
        return _BITS[word]
    return (_BITS[word] << shift) | (_BITS[word + 1] >> (np.uint64(64) - shift))


def _far_angle(x: Any) -> Any:
    """What `engine.reference.angles.far_angle` gives, in three words of 64 bits."""
    pattern = bits(abs(x))
    mantissa = np.uint64((pattern & ((1 << 52) - 1)) | (1 << 52))
    start = (pattern >> 52) - 1075 - 2 + 64
    w2, w1, w0 = _word(start), _word(start + 64), _word(start + 128)
    carry = _high(mantissa, w0)
    t1 = mantissa * w1 + carry
    t2 = mantissa * w2 + _high(mantissa, w1) + np.uint64(t1 < carry)
    two, up = np.uint64(2), np.uint64(62)
    top, low = np.int64((t2 << two) | (t1 >> up)), t1 << two
    # The two bits of the lowest word that shift in do not reach the 53 that are kept.
    quarter = np.int64(t2 >> up) + np.int64(top < 0)
    kept = (top >> 11) << 11
    hi, lo = scaled_angle(
        np.float64(kept), np.float64(top - kept), np.float64(low >> np.uint64(11))
    )
    if x < 0.0:
        return -quarter & 3, -hi, -lo
    return quarter & 3, hi, lo


def _is_far(x: Any) -> Any:
    return (abs(x) >= NEAR) & (x - x == 0.0)


@kernel(*UNARY)
def sin(n: int, out: Any, a: Any) -> None:
    """Sine; the second loop runs only where an angle is large."""
    far = 0
    for i in range(n):
        x = np.float64(a[i])
        quarter, hi, lo = near_angle(x)
        out[i] = f_sine(x, quarter, hi, lo)
        far |= _is_far(x)
    if far:
        for i in range(n):
            x = np.float64(a[i])
            if _is_far(x):
                quarter, hi, lo = _far_angle(x)
                out[i] = f_sine(x, quarter, hi, lo)


@kernel(*UNARY)
def cos(n: int, out: Any, a: Any) -> None:
    """Cosine; the second loop runs only where an angle is large."""
    far = 0
    for i in range(n):
        x = np.float64(a[i])
        quarter, hi, lo = near_angle(x)
        out[i] = f_cosine(x, quarter, hi, lo)
        far |= _is_far(x)
    if far:
        for i in range(n):
            x = np.float64(a[i])
            if _is_far(x):
                quarter, hi, lo = _far_angle(x)
                out[i] = f_cosine(x, quarter, hi, lo)


@kernel(*UNARY)
def tan(n: int, out: Any, a: Any) -> None:
    """Tangent; the second loop runs only where an angle is large."""
    far = 0
    for i in range(n):
        x = np.float64(a[i])
        quarter, hi, lo = near_angle(x)
        out[i] = f_tangent(x, quarter, hi, lo)
        far |= _is_far(x)
    if far:
        for i in range(n):
            x = np.float64(a[i])
            if _is_far(x):
                quarter, hi, lo = _far_angle(x)
                out[i] = f_tangent(x, quarter, hi, lo)
