"""Our own elementary functions of float64: the same bits on every machine and in every tier.

Written with `+ - * /` and `engine.reference.primitives` only: numpy evaluates them over arrays
here, `engine.kernels` compiles the same lines. At most 4 ulp from the true value (about 1 for
most); a float32 op evaluates in float64 and rounds once. Non-finite results follow C99 annex F.
"""

from __future__ import annotations

from typing import Any, Final

from engine.reference.polynomials import (
    ASIN,
    ATAN,
    ATAN_HALF_HI,
    ATAN_HALF_LO,
    ATAN_ONE_HI,
    ATAN_ONE_LO,
    ATAN_THREE_HALVES_HI,
    ATAN_THREE_HALVES_LO,
    EXP,
    EXP2,
    HALF_PI_HI,
    HALF_PI_LO,
    LN2,
    LN2_HI,
    LN2_LO,
    LOG,
    LOG2_E_HI,
    LOG2_E_LO,
    LOG2_E_REST,
    LOG2_E_TOP,
    LOG5,
    LOG10_2_HI,
    LOG10_2_LO,
    LOG10_E_REST,
    LOG10_E_TOP,
    PI_HI,
    PI_LO,
    TWO_THIRDS_HI,
    TWO_THIRDS_LO,
)
from engine.reference.primitives import bits, floor, remainder, root, value, where

_INF: Final = float("inf")
_NAN: Final = float("nan")
_ROUND: Final = 6755399441055744.0
"""1.5 · 2⁵²: adding it rounds |x| < 2⁵¹ to an integer, which its low bits then hold."""
_ROUND_BITS: Final = 0x4338000000000000
_ROOT_HALF_BITS: Final = 0x3FE6A09E667F3BCD
"""Bits of √½."""
_EXPONENT: Final = -(1 << 52)
"""Mask of sign and exponent."""
_SPLITTER: Final = 134217729.0
"""2²⁷ + 1 (Veltkamp)."""


def exp(x: Any) -> Any:
    """e to the x."""
    c = where(x < -746.0, -746.0, where(x > 710.0, 710.0, x))
    shifted = c * LOG2_E_HI + _ROUND
    k = shifted - _ROUND
    hi, lo = c - k * LN2_HI, k * LN2_LO
    r = hi - lo
    return _scaled(1.0 + (hi - (lo - r * r * _exp_tail(r))), bits(shifted) - _ROUND_BITS)


def _exp_tail(r: Any) -> Any:
    p = EXP[7] + r * (EXP[8] + r * (EXP[9] + r * EXP[10]))
    p = EXP[3] + r * (EXP[4] + r * (EXP[5] + r * (EXP[6] + r * p)))
    return EXP[0] + r * (EXP[1] + r * (EXP[2] + r * p))


def _scaled(y: Any, n: Any) -> Any:
    """y · 2ⁿ for |n| ≤ 1100 in two steps, so that results below 2⁻¹⁰²² round once."""
    half = n >> 1
    return y * value((half + 1023) << 52) * value((n - half + 1023) << 52)


def _split_exponent(x: Any) -> Any:
    """(k, f) with x = 2ᵏ (1 + f), 1 + f in [√½, √2), for positive finite x."""
    tiny = x < 2.2250738585072014e-308
    scaled = bits(where(tiny, x * 18014398509481984.0, x))
    offset = scaled - _ROOT_HALF_BITS
    k = value((offset >> 52) + _ROUND_BITS) - _ROUND
    f = value(scaled - (offset & _EXPONENT)) - 1.0
    return where(tiny, k - 54.0, k), f


def _log_tail(z: Any) -> Any:
    p = LOG[4] + z * (LOG[5] + z * (LOG[6] + z * LOG[7]))
    return LOG[0] + z * (LOG[1] + z * (LOG[2] + z * (LOG[3] + z * p)))


def _log_edges(x: Any, y: Any) -> Any:
    """y, the logarithm of x, or what it is where x is not positive and finite."""
    return where(x > 0.0, where(x < _INF, y, x), where(x == 0.0, -_INF, _NAN))


def log(x: Any) -> Any:
    """Natural logarithm. ln(1 + f) = f - f²/2 + s (f²/2 + R(s²)), s = f / (2 + f)."""
    k, f = _split_exponent(x)
    s, h = f / (2.0 + f), 0.5 * f * f
    z = s * s
    tail = s * (h + z * _log_tail(z)) + k * LN2_LO
    return _log_edges(x, k * LN2_HI - ((h - tail) - f))


def log1p(x: Any) -> Any:
    """Natural logarithm of 1 + x, also where x is tiny."""
    u = 1.0 + x
    b = u - 1.0
    lost = (1.0 - (u - b)) + (x - b)
    k, f = _split_exponent(u)
    s, h = f / (2.0 + f), 0.5 * f * f
    z = s * s
    tail = s * (h + z * _log_tail(z)) + (k * LN2_LO + lost / u)
    return where(x == 0.0, x, _log_edges(u, k * LN2_HI - ((h - tail) - f)))


def _log_pair(f: Any) -> Any:
    """ln(1 + f) as two doubles, of which the first has at most 21 bits."""
    s, h = f / (2.0 + f), 0.5 * f * f
    z = s * s
    hi = value(bits(f - h) & -(1 << 32))
    return hi, ((f - hi) - h) + s * (h + z * _log_tail(z))


def log2(x: Any) -> Any:
    """Logarithm to base 2; exact for powers of two."""
    k, f = _split_exponent(x)
    hi, lo = _log_pair(f)
    top = hi * LOG2_E_TOP
    rest = (lo + hi) * LOG2_E_REST + lo * LOG2_E_TOP
    y = k + top
    return _log_edges(x, y + (rest + ((k - y) + top)))


def log10(x: Any) -> Any:
    """Logarithm to base 10; exact for powers of ten."""
    k, f = _split_exponent(x)
    hi, lo = _log_pair(f)
    top, scale = hi * LOG10_E_TOP, k * LOG10_2_HI
    rest = k * LOG10_2_LO + (lo + hi) * LOG10_E_REST + lo * LOG10_E_TOP
    y = scale + top
    return _log_edges(x, y + (rest + ((scale - y) + top)))


def arctan(x: Any) -> Any:
    """Angle in radians whose tangent is x."""
    y = _arctan_positive(where(x < 0.0, -x, x))
    return where(x == 0.0, x, where(x < 0.0, -y, y))


def _arctan_positive(a: Any) -> Any:
    """arctan of a ≥ 0, from the nearest of 0, 1/2, 1, 3/2 and ∞."""
    b, c, d, e = a >= 0.4375, a >= 0.6875, a >= 1.1875, a < 2.4375
    top = where(d, a - 1.5, where(c, a - 1.0, where(b, 2.0 * a - 1.0, a)))
    under = where(d, 1.0 + 1.5 * a, where(c, a + 1.0, where(b, 2.0 + a, 1.0)))
    t = where(e, top, -1.0) / where(e, under, a)
    hi = where(d, ATAN_THREE_HALVES_HI, where(c, ATAN_ONE_HI, where(b, ATAN_HALF_HI, 0.0)))
    lo = where(d, ATAN_THREE_HALVES_LO, where(c, ATAN_ONE_LO, where(b, ATAN_HALF_LO, 0.0)))
    hi, lo = where(e, hi, HALF_PI_HI), where(e, lo, HALF_PI_LO)
    return hi + (t + (lo + t * (t * t) * _arctan_tail(t * t)))


def _arctan_tail(z: Any) -> Any:
    p = ATAN[8] + z * (ATAN[9] + z * (ATAN[10] + z * (ATAN[11] + z * ATAN[12])))
    p = ATAN[4] + z * (ATAN[5] + z * (ATAN[6] + z * (ATAN[7] + z * p)))
    return ATAN[0] + z * (ATAN[1] + z * (ATAN[2] + z * (ATAN[3] + z * p)))


def arctan2(y: Any, x: Any) -> Any:
    """Angle in radians of the point (x, y), in [-π, π]; the sign is that of y."""
    a, b = where(bits(y) < 0, -y, y), where(bits(x) < 0, -x, x)
    ratio = where((a == _INF) & (b == _INF), 1.0, where((a == 0.0) & (b == 0.0), 0.0, a / b))
    angle = _arctan_positive(ratio)
    angle = where(bits(x) < 0, PI_HI - (angle - PI_LO), angle)
    signed = where(bits(y) < 0, -angle, angle)
    return where((x != x) | (y != y), _NAN, signed)


def _arcsin_tail(z: Any) -> Any:
    p = ASIN[9] + z * (ASIN[10] + z * (ASIN[11] + z * (ASIN[12] + z * ASIN[13])))
    p = ASIN[5] + z * (ASIN[6] + z * (ASIN[7] + z * (ASIN[8] + z * p)))
    p = ASIN[2] + z * (ASIN[3] + z * (ASIN[4] + z * p))
    return ASIN[0] + z * (ASIN[1] + z * p)


def arcsin(x: Any) -> Any:
    """Angle in [-π/2, π/2] whose sine is x; nan where |x| > 1."""
    a = where(x < 0.0, -x, x)
    far = a > 0.5
    z = where(far, (1.0 - a) * 0.5, a * a)
    t = where(far, root(z), a)
    p = t + t * (z * _arcsin_tail(z))
    y = where(far, HALF_PI_HI - (2.0 * p - HALF_PI_LO), p)
    return where(x == 0.0, x, where(x < 0.0, -y, y))


def arccos(x: Any) -> Any:
    """Angle in [0, π] whose cosine is x; nan where |x| > 1."""
    a = where(x < 0.0, -x, x)
    far = a > 0.5
    z = where(far, (1.0 - a) * 0.5, a * a)
    t = where(far, root(z), x)
    p = t + t * (z * _arcsin_tail(z))
    beyond = where(x < 0.0, PI_HI - (2.0 * p - PI_LO), 2.0 * p)
    return where(far, beyond, HALF_PI_HI - (p - HALF_PI_LO))


def product(a: Any, b: Any) -> Any:
    """a · b as two doubles, exactly (Dekker 1971), for |a|, |b| < 2⁹⁹⁰."""
    p, u, v = a * b, a * _SPLITTER, b * _SPLITTER
    a1, b1 = u - (u - a), v - (v - b)
    a2, b2 = a - a1, b - b1
    return p, ((a1 * b1 - p) + a1 * b2 + a2 * b1) + a2 * b2


def _log2_pair(x: Any) -> Any:
    """log2 of positive finite x as two doubles with some 64 bits together."""
    k, f = _split_exponent(x)
    d = 2.0 + f
    s = f / d
    p, e = product(s, d)
    s2 = (((f - p) - e) - s * (f - (d - 2.0))) / d
    z, e = product(s, s)
    z2 = e + 2.0 * s * s2
    c, e = product(s, z)
    c2 = e + (s * z2 + s2 * z)
    t, e = product(c, TWO_THIRDS_HI)
    t2 = e + (TWO_THIRDS_HI * c2 + TWO_THIRDS_LO * c)
    hi = 2.0 * s + t
    lo = ((2.0 * s - hi) + t) + ((2.0 * s2 + t2) + c * z * _log5_tail(z))
    m, e = product(hi, LOG2_E_HI)
    m2 = e + (hi * LOG2_E_LO + lo * LOG2_E_HI)
    y = k + m
    return y, ((k - y) + m) + m2


def _log5_tail(z: Any) -> Any:
    p = LOG5[4] + z * (LOG5[5] + z * (LOG5[6] + z * LOG5[7]))
    return LOG5[0] + z * (LOG5[1] + z * (LOG5[2] + z * (LOG5[3] + z * p)))


def _exp2_pair(hi: Any, lo: Any) -> Any:
    """2 to the hi + lo, for |lo| much below 1."""
    c = where(hi < -1080.0, -1080.0, where(hi > 1030.0, 1030.0, hi))
    shifted = c + _ROUND
    r = (c - (shifted - _ROUND)) + lo
    p = EXP2[8] + r * (EXP2[9] + r * (EXP2[10] + r * EXP2[11]))
    p = EXP2[4] + r * (EXP2[5] + r * (EXP2[6] + r * (EXP2[7] + r * p)))
    p = EXP2[0] + r * (EXP2[1] + r * (EXP2[2] + r * (EXP2[3] + r * p)))
    return _scaled(1.0 + (r * LN2 + r * r * p), bits(shifted) - _ROUND_BITS)


def power(x: Any, y: Any) -> Any:
    """x to the y. Real numbers only: nan for negative x and a y that is no integer."""
    a = where(bits(x) < 0, -x, x)
    bounded = where(y > 1e20, 1e20, where(y < -1e20, -1e20, y))
    hi, lo = _log2_pair(where((a > 0.0) & (a < _INF), a, 1.0))
    p, e = product(bounded, hi)
    small = where((p > -2000.0) & (p < 2000.0), e + bounded * lo, 0.0)
    return _power_edges(x, y, a, _exp2_pair(p, small))


def power_single(x: Any, y: Any) -> Any:
    """`power` with 40 good bits: enough where the result is rounded to float32."""
    a = where(bits(x) < 0, -x, x)
    p = y * log2(where((a > 0.0) & (a < _INF), a, 1.0))
    return _power_edges(x, y, a, _exp2_pair(p, 0.0))


def _power_edges(x: Any, y: Any, a: Any, size: Any) -> Any:
    """x to the y, where `size` is |x| to the y for finite nonzero x (C99 F.9.4.4)."""
    is_odd = (floor(y) == y) & (floor(y * 0.5) * 2.0 != y)
    size = where(a == 0.0, where(y < 0.0, _INF, 0.0), size)
    size = where(a == _INF, where(y < 0.0, 0.0, _INF), size)
    endless = (y == _INF) | (y == -_INF)
    size = where(endless, where(a == 1.0, 1.0, where((a > 1.0) == (y > 0.0), _INF, 0.0)), size)
    unreal = (x < 0.0) & (a < _INF) & (floor(y) != y)
    size = where(unreal, _NAN, where((bits(x) < 0) & is_odd, -size, size))
    size = where((x != x) | (y != y), _NAN, size)
    return where((y == 0.0) | (x == 1.0), 1.0, size)


def modulo(x: Any, y: Any) -> Any:
    """x - y·floor(x / y): the sign is that of y, as in Python; nan where y is 0."""
    r = remainder(x, y)
    return where(r == 0.0, where(bits(y) < 0, -0.0, 0.0), where((r < 0.0) != (y < 0.0), r + y, r))


def floor_divide(x: Any, y: Any) -> Any:
    """The integer (x - modulo(x, y)) / y, as in Python; x / y where y is 0."""
    r = remainder(x, y)
    q = (x - r) / y
    q = where((r != 0.0) & ((r < 0.0) != (y < 0.0)), q - 1.0, q)
    whole = floor(q)
    whole = where(q - whole > 0.5, whole + 1.0, whole)
    signed_zero = where((bits(x) < 0) != (bits(y) < 0), -0.0, 0.0)
    return where(y == 0.0, x / y, where(q == 0.0, signed_zero, whole))
