"""Resampling one plane, in plain numpy: the definition of what every warp gives.

* A target pixel is masked where its centre lies outside of the source.
* `near` gives the source pixel that holds the centre (rule W6), and its mask.
* `bilinear`, `cubic`, `cubicspline`, `lanczos` interpolate: the mask is that of `near`; masked
  pixels, and those beyond the edge, have no weight, and the other weights are scaled to sum to 1.
  `cubic` and `lanczos`, whose weights may be negative, interpolate as `bilinear` where less than
  half of their weight is left. Where the target is coarser the kernels are widened by the scale.
* `average`, `mode`, `max`, `min`, `med`, `q1`, `q3` look at the source pixels that the target
  pixel covers: a rectangle of scale pixels around the centre. Masked where none of them is valid.
  `average` and `mode` weigh them by the area covered; of equal modes the smallest is given.
  `med`, `q1`, `q3` are the value number ceil(n / 2), ceil(n / 4), ceil(3n / 4) of n in order.

GDAL does the same, but for equal modes, and for `cubic` beside masked pixels. NaN counts as
masked. What is not finite is masked (rule M2). Values under the mask are 0.
"""

from __future__ import annotations

import math
from typing import Any

import numpy as np
from numpy.typing import NDArray

from engine.geo.lattice import PITCH_PX, Coordinates, Lattice, quantised, spread
from engine.geo.resampling import BOXES, RADIUS_PX, stretch
from engine.reference.weights import KINDS, weight
from swath.grid import Shape2d

Plane = NDArray[Any]
MaskPlane = NDArray[np.uint8]

NEGATIVE = frozenset({"cubic", "lanczos"})
"""Resamplings with negative weights."""
RANKS = {"q1": (1, 4), "med": (2, 4), "q3": (3, 4)}
"""Quantiles, as fractions."""


def coordinates(lattice: Lattice) -> Coordinates:
    """Source coordinates of every pixel of the lattice's window; nan outside of the source."""
    w = lattice.window
    top, left = w.row - lattice.row, w.col - lattice.col
    whole = spread(lattice.points, PITCH_PX)
    points = whole[:, top : top + w.rows, left : left + w.cols].copy()
    for patch in lattice.patches:
        p = patch.window
        points[:, p.row : p.row + p.rows, p.col : p.col + p.cols] = patch.points
    return inside(quantised(points), lattice.source)


def inside(points: Coordinates, source: Shape2d) -> Coordinates:
    """`points`, nan where they are not within the source."""
    u, v = points
    held = (u >= 0.0) & (u < source.x) & (v >= 0.0) & (v < source.y)
    return np.where(held, points, np.nan)


def resample(
    values: Plane,
    mask: MaskPlane | None,
    coords: Coordinates,
    scale: tuple[float, float],
    resampling: str,
    out_values: Plane,
    out_mask: MaskPlane,
    origin: tuple[int, int] = (0, 0),
) -> None:
    """Fill `out_values` and `out_mask` with the source resampled at `coords`.

    Args:
        values: (y, x) source pixels, all that `engine.geo.support.source_window` names.
        mask: (y, x), 1 = masked; None: nothing is.
        coords: (2, y, x) of the target, from `coordinates`.
        scale: source pixels that make one target pixel, from `engine.geo.scale.scale`.
        resampling: a name of `engine.geo.resampling.NAMES`.
        out_values: (y, x) of dtype `resampled_dtype(values.dtype, resampling)`.
        out_mask: (y, x), 1 = masked.
        origin: row and column in the source of `values[0, 0]`.
    """
    valid = np.ones(values.shape, np.bool_) if mask is None else mask == 0
    if values.dtype.kind == "f":
        valid = valid & (
            np.ones(values.shape, np.bool_) if resampling == "near" else values == values
        )
    found: Plane
    if resampling == "near":
        found, held = _pick(values, valid, coords, origin)
    elif resampling in KINDS:
        found, held = _mean(values, valid, coords, scale, resampling, origin)
    else:
        found, held = _ordered(values, valid, coords, scale, resampling, origin)
    with np.errstate(over="ignore", invalid="ignore"):
        found = np.where(held, found, 0).astype(out_values.dtype)
    if out_values.dtype.kind == "f" and resampling != "near":
        held = held & np.isfinite(found)
    out_values[...] = np.where(held, found, np.zeros((), found.dtype))
    out_mask[...] = ~held


def _pick(
    values: Plane, valid: NDArray[np.bool_], coords: Coordinates, origin: tuple[int, int]
) -> tuple[Plane, NDArray[np.bool_]]:
    """Pixels at floor(coords), and whether they are there and valid."""
    place = ~np.isnan(coords[0])
    col, row = np.floor(np.where(place, coords, -1e18))
    return _at(values, valid, row - origin[0], col - origin[1])


def _at(
    values: Plane, valid: NDArray[np.bool_], row: Any, col: Any
) -> tuple[Plane, NDArray[np.bool_]]:
    rows, cols = values.shape
    here = (row >= 0) & (row < rows) & (col >= 0) & (col < cols)
    if not here.any():
        return np.zeros(np.shape(here), values.dtype), here
    y, x = np.where(here, row, 0).astype(np.int64), np.where(here, col, 0).astype(np.int64)
    return values[y, x], here & valid[y, x]


def _mean(
    values: Plane,
    valid: NDArray[np.bool_],
    coords: Coordinates,
    scale: tuple[float, float],
    resampling: str,
    origin: tuple[int, int],
) -> tuple[Plane, NDArray[np.bool_]]:
    total, weights, every = _sums(values, valid, coords, scale, resampling, origin)
    held = weights > 0.0
    if resampling != "average":
        held &= _pick(values, valid, coords, origin)[1]
    if resampling in NEGATIVE:
        other = _sums(values, valid, coords, scale, "bilinear", origin)
        enough = weights >= 0.5 * every
        total, weights = np.where(enough, total, other[0]), np.where(enough, weights, other[1])
        held = _pick(values, valid, coords, origin)[1]
    with np.errstate(all="ignore"):
        return total / weights, held


def _sums(
    values: Plane,
    valid: NDArray[np.bool_],
    coords: Coordinates,
    scale: tuple[float, float],
    resampling: str,
    origin: tuple[int, int],
) -> tuple[Any, Any, Any]:
    """Sum of weight × value, sum of weights, and what that would be if every pixel were valid.

    Pixels are added row by row: the order is part of the result's bits.
    """
    u, v = np.where(np.isnan(coords), -1e9, coords)
    (first_x, count_x, width_x), (first_y, count_y, width_y) = (
        _taps(axis, size, resampling) for axis, size in ((u, scale[0]), (v, scale[1]))
    )
    total, weights = np.zeros(u.shape), np.zeros(u.shape)
    kind = KINDS[resampling]
    every_x, every_y = np.zeros(u.shape), np.zeros(u.shape)
    for i in range(count_x):
        every_x += weight(kind, u, first_x + i, width_x)
    for j in range(count_y):
        weight_y = weight(kind, v, first_y + j, width_y)
        every_y += weight_y
        for i in range(count_x):
            w = weight_y * weight(kind, u, first_x + i, width_x)
            pixel, held = _at(values, valid, first_y + j - origin[0], first_x + i - origin[1])
            with np.errstate(over="ignore", invalid="ignore"):
                term = w * np.where(held, pixel, 0).astype(np.float64)
                total += np.where(held, term, 0.0)
            weights += np.where(held, w, 0.0)
    return total, weights, every_x * every_y


def _taps(centre: Any, scale: float, resampling: str) -> tuple[Any, int, float]:
    """First pixel under the kernel, most pixels under it, and its width."""
    if resampling in BOXES:
        return np.floor(centre - scale * 0.5), math.ceil(scale) + 1, scale
    width = stretch(scale)
    reach = RADIUS_PX[resampling] * width
    return np.floor(centre - reach - 0.5) + 1.0, math.ceil(2.0 * reach) + 1, width


def _ordered(
    values: Plane,
    valid: NDArray[np.bool_],
    coords: Coordinates,
    scale: tuple[float, float],
    resampling: str,
    origin: tuple[int, int],
) -> tuple[Plane, NDArray[np.bool_]]:
    dtype = np.float64 if resampling in RANKS else values.dtype
    found, held = np.zeros(coords.shape[1:], dtype), np.zeros(coords.shape[1:], np.bool_)
    for y, x in np.argwhere(~np.isnan(coords[0])):
        u, v = coords[:, y, x]
        rows, along_y = _covered(v, scale[1], origin[0], values.shape[0])
        cols, along_x = _covered(u, scale[0], origin[1], values.shape[1])
        kept = valid[np.ix_(rows, cols)]
        if kept.any():
            pixels = values[np.ix_(rows, cols)][kept]
            weights = (along_y[:, None] * along_x)[kept]
            found[y, x], held[y, x] = _choose(pixels, weights, resampling), True
    return found, held


def _covered(
    centre: float, scale: float, first: int, count: int
) -> tuple[NDArray[np.int64], NDArray[np.float64]]:
    """Indices in `values` of the pixels that one target pixel covers, and how much of each."""
    start = math.floor(centre - scale * 0.5)
    pixels = np.arange(start, start + math.ceil(scale) + 1)
    pixels = pixels[(pixels >= first) & (pixels < first + count)]
    lengths = weight(KINDS["average"], centre, pixels.astype(np.float64), scale)
    return (pixels - first)[lengths > 0.0], lengths[lengths > 0.0]


def _choose(pixels: Plane, weights: NDArray[np.float64], resampling: str) -> Any:
    if resampling == "min":
        return pixels[np.argmin(pixels)]
    if resampling == "max":
        return pixels[np.argmax(pixels)]
    order = np.argsort(pixels, kind="stable")
    if resampling in RANKS:
        part, of = RANKS[resampling]
        return float(pixels[order[-(-len(pixels) * part // of) - 1]]) + 0.0
    return _mode(pixels[order], weights[order])


def _mode(pixels: Plane, weights: NDArray[np.float64]) -> Any:
    best, best_weight = pixels[0], 0.0
    start = 0
    for end in range(1, len(pixels) + 1):
        if end < len(pixels) and pixels[end] == pixels[start]:
            continue
        sum_of_weights = 0.0
        for w in weights[start:end]:
            sum_of_weights += float(w)
        if sum_of_weights > best_weight:
            best, best_weight = pixels[start], sum_of_weights
        start = end
    return best
