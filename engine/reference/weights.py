"""Weights of the resampling kernels, written once for the reference and for compiled code.

`d` is a distance from the centre in source pixels, not negative, after stretching. Outside of its
radius a kernel is 0. Every operation is IEEE arithmetic on float64, so the bits are the same
everywhere.
"""

from __future__ import annotations

from typing import Any, Final

from engine.reference.primitives import where

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
_SERIES: Final = (
    -0.16666666666666666,
    0.008333333333333333,
    -0.0001984126984126984,
    2.7557319223985893e-06,
    -2.505210838544172e-08,
    1.6059043836821613e-10,
    -7.647163731819816e-13,
    2.8114572543455206e-15,
    -8.22063524662433e-18,
    1.9572941063391263e-20,
)
"""±1 / n! for n = 3, 5, …, 21."""


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
    d = abs((pixel + 0.5) - centre) * (1.0 / width)
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
    """sinc(d) · sinc(d / 3), radius 3; both sines from one, since sin 3t = 3 sin t - 4 sin³ t.

    Source: Duchon, Journal of Applied Meteorology 18 (1979).
    """
    third = d * 0.3333333333333333
    y = _sine(_PI * where(third < 0.5, third, 1.0 - third))
    value = (3.0 - 4.0 * y * y) * y * y * (3.0 / (_PI * _PI)) / where(d < 1e-6, 1.0, d * d)
    value = where((d == 1.0) | (d == 2.0), 0.0, value)
    return where(d < 3.0, where(d < 1e-6, 1.0, value), 0.0)


def _sine(t: Any) -> Any:
    """sin t for 0 ≤ t ≤ π/2: its series to t²¹, which is exact to 2e-18. Source: definition."""
    z = t * t
    value = _SERIES[9]
    for i in range(8, -1, -1):
        value = value * z + _SERIES[i]
    return t + t * z * value
