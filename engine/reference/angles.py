"""Sine, cosine and tangent: an angle becomes a quarter turn and a rest in [-π/4, π/4].

Below `NEAR` three parts of π/2 do (Cody and Waite 1980); beyond, the bits of 2/π that matter are
multiplied exactly (Payne and Hanek 1983), so that any finite float64 is within 4 ulp.
"""

from __future__ import annotations

from typing import Any, Final

import numpy as np

from engine.reference.polynomials import (
    COS,
    HALF_PI_1,
    HALF_PI_2,
    HALF_PI_3,
    HALF_PI_HI,
    HALF_PI_LO,
    NEAR,
    SIN,
    TWO_OVER_PI,
    TWO_OVER_PI_BITS,
)
from engine.reference.primitives import bits, where
from engine.reference.transcendental import product

_ROUND: Final = 6755399441055744.0
_TO_TURNS: Final = 5.421010862427522e-20
"""2⁻⁶⁴."""
_TO_LOW: Final = 6.018531076210112e-36
"""2⁻¹¹⁷."""
_WORDS: Final = len(TWO_OVER_PI_BITS)
_TWO_OVER_PI_INTEGER: Final = sum(
    word << (64 * (_WORDS - 1 - i)) for i, word in enumerate(TWO_OVER_PI_BITS)
)


def near_angle(x: Any) -> Any:
    """(quarter, hi, lo) with x = quarter · π/2 + hi + lo, for |x| < NEAR; quarter mod 4."""
    shifted = x * TWO_OVER_PI + _ROUND
    n = shifted - _ROUND
    a, b = x - n * HALF_PI_1, n * HALF_PI_2
    r = a - b
    t = r - a
    lost = (a - (r - t)) - (b + t)
    c = n * HALF_PI_3 - lost
    hi = r - c
    return bits(shifted) & 3, hi, (r - hi) - c


def scaled_angle(kept: Any, middle: Any, low: Any) -> Any:
    """(hi, lo) of π/2 · ((kept + middle) 2⁻⁶⁴ + low · 2⁻¹¹⁷), floats that hold integers exactly."""
    big, small = kept * _TO_TURNS, middle * _TO_TURNS + low * _TO_LOW
    t = big + small
    p, e = product(t, HALF_PI_HI)
    e = e + (t * HALF_PI_LO + ((big - t) + small) * HALF_PI_HI)
    y = p + e
    return y, (p - y) + e


def far_angle(x: float) -> tuple[int, float, float]:
    """(quarter, hi, lo) as `near_angle`, for one finite x with |x| ≥ NEAR."""
    pattern = int(bits(abs(x)))
    mantissa, exponent = (pattern & ((1 << 52) - 1)) | (1 << 52), (pattern >> 52) - 1075
    below = 64 * _WORDS - 192 - (exponent - 2 + 64)
    window = (_TWO_OVER_PI_INTEGER >> below) & ((1 << 192) - 1)
    turns = (mantissa * window) & ((1 << 192) - 1)
    rest = (turns >> 62) & ((1 << 128) - 1)
    top, low = rest >> 64, rest & ((1 << 64) - 1)
    quarter = turns >> 190
    if top >= 1 << 63:
        top, quarter = top - (1 << 64), quarter + 1
    kept = (top >> 11) << 11
    hi, lo = scaled_angle(float(kept), float(top - kept), float(low >> 11))
    if x < 0:
        return -quarter & 3, -float(hi), -float(lo)
    return quarter & 3, float(hi), float(lo)


def sine_of(hi: Any, lo: Any) -> Any:
    """sin(hi + lo) in [-π/4, π/4]."""
    z = hi * hi
    p = SIN[3] + z * (SIN[4] + z * (SIN[5] + z * SIN[6]))
    p = SIN[0] + z * (SIN[1] + z * (SIN[2] + z * p))
    return hi + (hi * z * p + lo * (1.0 - 0.5 * z))


def cosine_of(hi: Any, lo: Any) -> Any:
    """cos(hi + lo) in [-π/4, π/4]."""
    z = hi * hi
    p = COS[3] + z * (COS[4] + z * (COS[5] + z * COS[6]))
    p = COS[0] + z * (COS[1] + z * (COS[2] + z * p))
    half = 0.5 * z
    w = 1.0 - half
    return w + (((1.0 - w) - half) + (z * z * p - hi * lo))


def sine(x: Any, quarter: Any, hi: Any, lo: Any) -> Any:
    """sin x of a reduced angle."""
    y = where((quarter & 1) != 0, cosine_of(hi, lo), sine_of(hi, lo))
    return where(x == 0.0, x, where((quarter & 2) != 0, -y, y))


def cosine(x: Any, quarter: Any, hi: Any, lo: Any) -> Any:
    """cos x of a reduced angle."""
    y = where((quarter & 1) != 0, sine_of(hi, lo), cosine_of(hi, lo))
    return where(((quarter + 1) & 2) != 0, -y, y)


def tangent(x: Any, quarter: Any, hi: Any, lo: Any) -> Any:
    """tan x of a reduced angle."""
    s, c = sine_of(hi, lo), cosine_of(hi, lo)
    is_odd = (quarter & 1) != 0
    return where(x == 0.0, x, where(is_odd, -c, s) / where(is_odd, s, c))


def _reduced(x: Any) -> tuple[Any, Any, Any]:
    """(quarter, hi, lo) of an array; nan for what is not finite."""
    with np.errstate(all="ignore"):
        quarter, hi, lo = near_angle(np.asarray(x))
    for i in np.argwhere(np.isfinite(x) & (np.abs(x) >= NEAR)):
        at = tuple(i)
        quarter[at], hi[at], lo[at] = far_angle(float(x[at]))
    endless = ~np.isfinite(x)
    return quarter, np.where(endless, np.nan, hi), np.where(endless, np.nan, lo)


def sin(x: Any) -> Any:
    """Sine of an array of radians; nan where it is not finite."""
    return sine(x, *_reduced(x))


def cos(x: Any) -> Any:
    """Cosine of an array of radians; nan where it is not finite."""
    return cosine(x, *_reduced(x))


def tan(x: Any) -> Any:
    """Tangent of an array of radians; nan where it is not finite."""
    return tangent(x, *_reduced(x))
