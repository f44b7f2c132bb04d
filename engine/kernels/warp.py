"""Resampling one plane, compiled; `engine.reference.warp` says what it gives, bit for bit.

Measured for 256 × 256 pixels of uint16 on one core (Zen 4): see each kernel.
"""

from __future__ import annotations

import math
from typing import Any

import numpy as np

from engine.geo.lattice import PITCH_PX, QUANTUM, Coordinates, Lattice, quantised
from engine.geo.resampling import BOXES, RADIUS_PX, stretch
from engine.kernels.covered import RANK, WHAT, ordered
from engine.kernels.jit import kernel
from engine.reference.primitives import floor, where
from engine.reference.warp import NEGATIVE, RANKS, MaskPlane, Plane, inside
from engine.reference.weights import BOX, KINDS, LINEAR, weight

_PLANES = "uint8[:, ::1], int64, float64[:, :, ::1], int64, int64"
"""mask, whether there is one, coordinates, row and column of the first value."""


@kernel("void(float64[:, :, ::1], int64, float64, int64, int64, int64, int64, float64[:, :, ::1])")
def spread_points(
    points: Any,
    pitch: int,
    quantum: float,
    top: int,
    left: int,
    rows: int,
    cols: int,
    out: Any,
) -> None:
    """`spread`, `quantised` and `inside` in one pass."""
    nan = points[0, 0, 0] * 0.0 / 0.0
    step = 1.0 / pitch
    # A power of two, so that multiplying by it divides by the quantum exactly.
    per_px = 1.0 / quantum
    height, width = out.shape[1], out.shape[2]
    for y in range(height):
        j = (top + y) // pitch
        ty = (top + y - j * pitch) * step
        x = 0
        while x < width:
            i = (left + x) // pitch
            shift = left - i * pitch
            end = min(pitch - shift, width)
            a, b = points[0, j, i], points[0, j, i + 1] - points[0, j, i]
            c, d = points[0, j + 1, i], points[0, j + 1, i + 1] - points[0, j + 1, i]
            e, f = points[1, j, i], points[1, j, i + 1] - points[1, j, i]
            g, h = points[1, j + 1, i], points[1, j + 1, i + 1] - points[1, j + 1, i]
            for k in range(x, end):
                tx = (shift + k) * step
                upper, lower = a + b * tx, c + d * tx
                u = floor((upper + (lower - upper) * ty) * per_px + 0.5) * quantum
                upper, lower = e + f * tx, g + h * tx
                v = floor((upper + (lower - upper) * ty) * per_px + 0.5) * quantum
                held = (u >= 0.0) & (u < cols) & (v >= 0.0) & (v < rows)
                out[0, y, k] = where(held, u, nan)
                out[1, y, k] = where(held, v, nan)
            x = end


@kernel(
    f"void(uint8[:, ::1], {_PLANES}, uint8[:, ::1], uint8[:, ::1])",
    f"void(uint16[:, ::1], {_PLANES}, uint16[:, ::1], uint8[:, ::1])",
    f"void(uint32[:, ::1], {_PLANES}, uint32[:, ::1], uint8[:, ::1])",
    f"void(uint64[:, ::1], {_PLANES}, uint64[:, ::1], uint8[:, ::1])",
)
def pick(
    values: Any, mask: Any, has_mask: int, coords: Any, row0: int, col0: int, out: Any, gone: Any
) -> None:
    """`near`: the bits of the pixel that holds the centre."""
    rows, cols = values.shape
    for y in range(out.shape[0]):
        for x in range(out.shape[1]):
            u, v = coords[0, y, x], coords[1, y, x]
            out[y, x] = 0
            gone[y, x] = 1
            if u == u:
                row, col = int(v) - row0, int(u) - col0
                held = 0 <= row < rows and 0 <= col < cols
                if held and (has_mask == 0 or mask[row, col] == 0):
                    out[y, x] = values[row, col]
                    gone[y, x] = 0


@kernel(
    f"void(uint8[:, ::1], {_PLANES}, float32[:, ::1], uint8[:, ::1])",
    f"void(uint16[:, ::1], {_PLANES}, float32[:, ::1], uint8[:, ::1])",
    f"void(int16[:, ::1], {_PLANES}, float32[:, ::1], uint8[:, ::1])",
    f"void(float32[:, ::1], {_PLANES}, float32[:, ::1], uint8[:, ::1])",
    f"void(float64[:, ::1], {_PLANES}, float64[:, ::1], uint8[:, ::1])",
)
def bilinear(
    values: Any, mask: Any, has_mask: int, coords: Any, row0: int, col0: int, out: Any, gone: Any
) -> None:
    """`bilinear` of an unwidened kernel: four pixels."""
    rows, cols = values.shape
    for y in range(out.shape[0]):
        for x in range(out.shape[1]):
            u, v = coords[0, y, x], coords[1, y, x]
            out[y, x] = 0
            gone[y, x] = 1
            if u != u:
                continue
            row, col = int(v) - row0, int(u) - col0
            if not (0 <= row < rows and 0 <= col < cols):
                continue
            centre = float(values[row, col])
            if (has_mask != 0 and mask[row, col] != 0) or centre != centre:
                continue
            left, top = floor(u - 0.5), floor(v - 0.5)
            fx, fy = (u - 0.5) - left, (v - 0.5) - top
            i, j = int(left) - col0, int(top) - row0
            total = 0.0
            weights = 0.0
            for dj in range(2):
                wy = fy if dj == 1 else 1.0 - fy
                for di in range(2):
                    w = wy * (fx if di == 1 else 1.0 - fx)
                    if 0 <= j + dj < rows and 0 <= i + di < cols:
                        value = float(values[j + dj, i + di])
                        ok = (has_mask == 0 or mask[j + dj, i + di] == 0) and value == value
                        total += w * value if ok else 0.0
                        weights += w if ok else 0.0
            out[y, x] = total / weights
            if out[y, x] - out[y, x] == 0:
                gone[y, x] = 0
            else:
                out[y, x] = 0


_MEAN = "int64, int64, int64, float64, float64, float64, float64, float64[::1]"


@kernel(
    f"void(uint8[:, ::1], {_PLANES}, {_MEAN}, float32[:, ::1], uint8[:, ::1])",
    f"void(uint16[:, ::1], {_PLANES}, {_MEAN}, float32[:, ::1], uint8[:, ::1])",
    f"void(int16[:, ::1], {_PLANES}, {_MEAN}, float32[:, ::1], uint8[:, ::1])",
    f"void(float32[:, ::1], {_PLANES}, {_MEAN}, float32[:, ::1], uint8[:, ::1])",
    f"void(float64[:, ::1], {_PLANES}, {_MEAN}, float64[:, ::1], uint8[:, ::1])",
)
def mean(
    values: Any,
    mask: Any,
    has_mask: int,
    coords: Any,
    row0: int,
    col0: int,
    kind: int,
    is_negative: int,
    by_centre: int,
    width_x: float,
    width_y: float,
    reach_x: float,
    reach_y: float,
    weights_x: Any,
    out: Any,
    gone: Any,
) -> None:
    """Weighted means of any width: `weights_x` is room for one row of weights.

    `is_negative`: with too little weight left, once more as bilinear. `by_centre`: masked as
    `near` is.
    """
    rows, cols = values.shape
    for y in range(out.shape[0]):
        for x in range(out.shape[1]):
            u, v = coords[0, y, x], coords[1, y, x]
            out[y, x] = 0
            gone[y, x] = 1
            if u != u:
                continue
            if by_centre != 0:
                row, col = int(v) - row0, int(u) - col0
                if not (0 <= row < rows and 0 <= col < cols):
                    continue
                centre = float(values[row, col])
                if (has_mask != 0 and mask[row, col] != 0) or centre != centre:
                    continue
            now, rx, ry = kind, reach_x, reach_y
            total = 0.0
            weights = 0.0
            while True:
                total = 0.0
                weights = 0.0
                every_x = 0.0
                every_y = 0.0
                # A pixel is under the kernel when its centre is; under a box when any of it is.
                edge = 0.0 if now == BOX else 0.5
                first_x, first_y = floor(u - rx - edge), floor(v - ry - edge)
                if now != BOX:
                    first_x, first_y = first_x + 1.0, first_y + 1.0
                count_x = int(math.ceil(u + rx - edge) - first_x)
                count_y = int(math.ceil(v + ry - edge) - first_y)
                start_x, start_y = int(first_x) - col0, int(first_y) - row0
                from_x, to_x = max(0, -start_x), min(count_x, cols - start_x)
                for i in range(count_x):
                    weights_x[i] = weight(now, u, first_x + i, width_x)
                    every_x += weights_x[i]
                for j in range(count_y):
                    wy = weight(now, v, first_y + j, width_y)
                    every_y += wy
                    row = start_y + j
                    if not 0 <= row < rows:
                        continue
                    for i in range(from_x, to_x):
                        w = wy * weights_x[i]
                        value = float(values[row, start_x + i])
                        ok = (has_mask == 0 or mask[row, start_x + i] == 0) and value == value
                        total += where(ok, w * value, 0.0)
                        weights += where(ok, w, 0.0)
                enough = weights >= 0.5 * (every_x * every_y)
                if enough or is_negative == 0 or now == LINEAR:
                    break
                now, rx, ry = LINEAR, width_x, width_y
            if weights > 0.0:
                out[y, x] = total / weights
                if out[y, x] - out[y, x] == 0:
                    gone[y, x] = 0
                else:
                    out[y, x] = 0


def coordinates(lattice: Lattice) -> Coordinates:
    """Source coordinates of every pixel of the lattice's window; nan outside of the source."""
    w = lattice.window
    out = np.empty((2, w.rows, w.cols))
    top, left = w.row - lattice.row, w.col - lattice.col
    rows, cols = lattice.source
    spread_points(lattice.points, PITCH_PX, QUANTUM, top, left, rows, cols, out)
    for patch in lattice.patches:
        p = patch.window
        part = inside(quantised(patch.points), lattice.source)
        out[:, p.row : p.row + p.rows, p.col : p.col + p.cols] = part
    return out


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

    Arguments and results are those of `engine.reference.warp.resample`; the outputs must be
    C-contiguous.
    """
    there = np.empty((1, 1), np.uint8) if mask is None else np.ascontiguousarray(mask)
    source = (there, int(mask is not None), coords, origin[0], origin[1])
    if resampling == "near":
        bits = np.dtype(f"u{values.dtype.itemsize}")
        pixels = np.ascontiguousarray(values).view(bits)
        pick(pixels, *source, out_values.view(bits), out_mask)
    elif resampling in KINDS:
        _average(_as(values, _MEAN_INPUT), source, scale, resampling, out_values, out_mask)
    else:
        _order(values, source, scale, resampling, out_values, out_mask)


_MEAN_INPUT = {
    "bool": "uint8", "uint8": "uint8", "int8": "int16", "uint16": "uint16", "int16": "int16",
    "float32": "float32",
}  # fmt: skip
"""dtype in which means read the source; float64 for others, which rounds 64-bit integers (D2)."""


def _as(values: Plane, dtypes: dict[str, str]) -> Plane:
    return np.ascontiguousarray(values, dtypes.get(values.dtype.name, "float64"))


def _average(
    values: Plane,
    source: tuple[Any, ...],
    scale: tuple[float, float],
    resampling: str,
    out_values: Plane,
    out_mask: MaskPlane,
) -> None:
    if resampling in BOXES:
        widths, radius = scale, 0.5
    else:
        widths, radius = (stretch(scale[0]), stretch(scale[1])), RADIUS_PX[resampling]
    reaches = radius * widths[0], radius * widths[1]
    if resampling == "bilinear" and widths == (1.0, 1.0):
        bilinear(values, *source, out_values, out_mask)
        return
    flags = KINDS[resampling], int(resampling in NEGATIVE), int(resampling not in BOXES)
    room = np.empty(math.ceil(2.0 * max(reaches)) + 1)
    mean(values, *source, *flags, *widths, *reaches, room, out_values, out_mask)


def _order(
    values: Plane,
    source: tuple[Any, ...],
    scale: tuple[float, float],
    resampling: str,
    out_values: Plane,
    out_mask: MaskPlane,
) -> None:
    kind = values.dtype.kind
    dtype = "float64" if kind == "f" else "uint64" if values.dtype == np.uint64 else "int64"
    pixels = np.ascontiguousarray(values, dtype)
    covered = (math.ceil(scale[0]) + 1) * (math.ceil(scale[1]) + 1)
    n = max(1, min(covered, values.size))
    what = WHAT.get(resampling, RANK), *RANKS.get(resampling, (1, 1))
    room = np.empty(n, dtype), np.empty(n), np.empty(n, np.int64)
    found = np.empty(out_values.shape, dtype)
    ordered(pixels, *source, *what, *scale, *room, found, out_mask)
    out_values[...] = found
    if out_values.dtype.kind == "f":
        out_mask |= ~np.isfinite(out_values)
        out_values[out_mask != 0] = 0
