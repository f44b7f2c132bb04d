"""Weights of the resampling kernels, written once for the reference and for compiled code.

`d` is a distance from the centre in source pixels, not negative, after stretching. Outside of its
radius a kernel is 0. Every operation is IEEE arithmetic on float64, so the bits are the same
everywhere.
"""

from __future__ import annotations

from typing import Any, Final

from engine.reference.polynomials import COS, SIN
from engine.reference.primitives import floor, where

LINEAR: Final = 0
CUBIC: Final = 1
SPLINE: Final = 2
LANCZOS: Final = 3
BOX: Final = 4
KINDS: Final = {
    "bilinear": LINEAR, "cubic": CUBIC, "cubicspline": SPLINE, "lanczos": LANCZOS, "average": BOX,
}  # fmt: skip
"""Kernel of each resampling that is a weighted mean."""

_PI: Final = 3.141592653589793


def weight(kind: int, centre: Any, pixel: Any, width: float) -> Any:
    """Weight of a source pixel for a target pixel, along one axis.

    Args:
        kind: the kernel.
        centre: coordinate of the target pixel's centre.
        pixel: index of the source pixel, as float64.
        width: source pixels that make one target pixel; of interpolating kernels: the stretch.
    """
    if kind == BOX:
        return overlap(centre, pixel, width)
    d = abs((pixel + 0.5) - centre) / width
    if kind == LINEAR:
        return linear(d)
    if kind == CUBIC:
        return cubic(d)
    if kind == SPLINE:
        return spline(d)
    return lanczos(d)


def overlap(centre: Any, pixel: Any, width: float) -> Any:
    """Length of [pixel, pixel + 1] that lies within `width` around the centre."""
    half = width * 0.5
    low, high = centre - half, centre + half
    low = where(pixel > low, pixel, low)
    high = where(pixel + 1.0 < high, pixel + 1.0, high)
    return where(high > low, high - low, 0.0)


def linear(d: Any) -> Any:
    """The triangle of radius 1."""
    return where(d < 1.0, 1.0 - d, 0.0)


def cubic(d: Any) -> Any:
    """Cubic convolution with a = -1/2, radius 2.

    Source: Keys, IEEE Transactions on Acoustics, Speech and Signal Processing 29 (1981).
    """
    inner = (1.5 * d - 2.5) * d * d + 1.0
    outer = ((-0.5 * d + 2.5) * d - 4.0) * d + 2.0
    return where(d < 1.0, inner, where(d < 2.0, outer, 0.0))


def spline(d: Any) -> Any:
    """The cubic B-spline, radius 2; it smooths. Source: definition."""
    rest = 2.0 - d
    inner = (0.5 * d - 1.0) * d * d + 0.6666666666666666
    outer = rest * rest * rest * 0.16666666666666666
    return where(d < 1.0, inner, where(d < 2.0, outer, 0.0))


def lanczos(d: Any) -> Any:
    """sinc(d) · sinc(d / 3), radius 3.

    Source: Duchon, Journal of Applied Meteorology 18 (1979).
    """
    safe = where(d < 1e-6, 1.0, d)
    a = _PI * safe
    value = sine_of_turns(safe) * sine_of_turns(safe / 3.0) * 3.0 / (a * a)
    return where(d < 3.0, where(d < 1e-6, 1.0, value), 0.0)


def sine_of_turns(x: Any) -> Any:
    """sin(π x) for 0 ≤ x < 4, within 2 ulp of 1."""
    quarter = floor(x * 2.0 + 0.5)
    r = (x - quarter * 0.5) * _PI
    z = r * r
    s = r + r * z * _polynomial(SIN, z)
    c = 1.0 - 0.5 * z + z * z * _polynomial(COS, z)
    half = floor(quarter * 0.5)
    size = where(quarter - half * 2.0 == 0.0, s, c)
    return where(half - floor(half * 0.5) * 2.0 == 0.0, size, -size)


def _polynomial(terms: Any, z: Any) -> Any:
    value = terms[6]
    for i in range(5, -1, -1):
        value = value * z + terms[i]
    return value
