"""Resampling: the compiled kernels give the bits of the reference, and windows join."""

from __future__ import annotations

from types import ModuleType
from typing import Any

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from numpy.typing import NDArray

from engine.geo.lattice import lattice
from engine.geo.resampling import NAMES, resampled_dtype
from engine.geo.scale import scale
from engine.geo.support import source_window
from engine.kernels import warp as compiled
from engine.reference import warp as reference
from swath.grid import Affine, Grid, Shape2d, Window

DTYPES = (
    "bool", "uint8", "int8", "uint16", "int16", "uint32", "int32", "uint64", "int64",
    "float32", "float64",
)  # fmt: skip
UTM = "EPSG:32633"
BOTH = [reference, compiled]
Planes = tuple[NDArray[Any], NDArray[np.uint8]]


def grid(pixel: float, rows: int, cols: int, *, west: float = 5e5, north: float = 5e6) -> Grid:
    return Grid(UTM, Affine(pixel, 0, west, 0, -pixel, north), Shape2d(rows, cols))


def pixels(dtype: str, shape: tuple[int, int], seed: int) -> NDArray[Any]:
    rng = np.random.default_rng(seed)
    kind = np.dtype(dtype)
    if kind.kind == "f":
        return (rng.normal(0, 1000, shape)).astype(kind)
    if kind.kind == "b":
        return rng.integers(0, 2, shape).astype(kind)
    info = np.iinfo(kind)
    few = rng.integers(0, 5, shape).astype(kind)
    many = rng.integers(info.min, info.max, shape, dtype=kind, endpoint=True)
    return np.where(rng.random(shape) < 0.5, few, many)


def warp(
    how: ModuleType,
    values: NDArray[Any],
    mask: NDArray[np.uint8] | None,
    source: Grid,
    target: Grid,
    window: Window,
    resampling: str,
) -> Planes:
    """The pixels `window` of `target`, reading no more of the source than is needed."""
    ratio = scale(source, target)
    out = np.full((window.rows, window.cols), 7, resampled_dtype(values.dtype.name, resampling))
    gone = np.full(out.shape, 7, np.uint8)
    need = source_window(source, target, window, resampling, ratio)
    if need is None:
        return np.zeros_like(out), np.ones_like(gone)
    part = np.s_[need.row : need.row + need.rows, need.col : need.col + need.cols]
    coords = how.coordinates(lattice(source, target, window))
    read = values[part], None if mask is None else mask[part]
    how.resample(*read, coords, ratio, resampling, out, gone, (need.row, need.col))
    return out, gone


@st.composite
def targets(draw: st.DrawFn) -> Grid:
    """A grid near the 60 × 50 pixels of 10 m at (500 km, 5000 km), in one of four systems."""
    crs = draw(st.sampled_from([UTM, "EPSG:3857", "EPSG:4326", "EPSG:32632"]))
    corner = {
        UTM: (5e5, 5e6),
        "EPSG:3857": (1669792.4, 5640110.0),
        "EPSG:4326": (15.0, 45.1532),
        "EPSG:32632": (971340.0, 5011500.0),
    }[crs]
    unit = 1e-5 if crs == "EPSG:4326" else 1.0
    pixel = unit * draw(st.sampled_from([2.5, 3.7, 10.0, 14.1, 20.0, 47.3]))
    turn = draw(st.sampled_from([0.0, 0.0, 0.3]))
    up = draw(st.sampled_from([-1.0, 1.0]))
    off_x, off_y = (draw(st.floats(-200, 500)) * unit for _ in "xy")
    transform = Affine(
        pixel, turn * pixel, corner[0] + off_x, turn * pixel, up * pixel, corner[1] - off_y
    )
    return Grid(crs, transform, Shape2d(draw(st.integers(1, 70)), draw(st.integers(1, 70))))


SOURCE = grid(10.0, 60, 50)


@settings(max_examples=250, deadline=None)
@given(
    target=targets(),
    dtype=st.sampled_from(DTYPES),
    resampling=st.sampled_from(NAMES),
    seed=st.integers(0, 1000),
    masked=st.sampled_from([None, 0.02, 0.5]),
)
def test_kernels_give_the_bits_of_the_reference(
    target: Grid, dtype: str, resampling: str, seed: int, masked: float | None
) -> None:
    values = pixels(dtype, SOURCE.shape, seed)
    mask = None
    if masked is not None:
        mask = (np.random.default_rng(seed).random(SOURCE.shape) < masked).astype(np.uint8)
    window = Window(0, 0, min(target.shape.y, 24), min(target.shape.x, 24))
    expected = warp(reference, values, mask, SOURCE, target, window, resampling)
    found = warp(compiled, values, mask, SOURCE, target, window, resampling)
    assert found[1].tobytes() == expected[1].tobytes()
    assert found[0].tobytes() == expected[0].tobytes()


@settings(max_examples=150, deadline=None)
@given(target=targets(), resampling=st.sampled_from(NAMES), data=st.data())
def test_windows_join(target: Grid, resampling: str, data: st.DataObject) -> None:
    values = pixels("float32", SOURCE.shape, 1)
    mask = (np.random.default_rng(2).random(SOURCE.shape) < 0.1).astype(np.uint8)
    rows, cols = target.shape
    row, col = data.draw(st.integers(0, rows - 1)), data.draw(st.integers(0, cols - 1))
    window = Window(
        row, col, data.draw(st.integers(1, rows - row)), data.draw(st.integers(1, cols - col))
    )
    whole = warp(compiled, values, mask, SOURCE, target, target.whole, resampling)
    part = warp(compiled, values, mask, SOURCE, target, window, resampling)
    cut = np.s_[row : row + window.rows, col : col + window.cols]
    assert part[0].tobytes() == whole[0][cut].tobytes()
    assert part[1].tobytes() == whole[1][cut].tobytes()


@settings(max_examples=100, deadline=None)
@given(target=targets(), resampling=st.sampled_from(NAMES))
def test_the_source_window_holds_all_that_matters(target: Grid, resampling: str) -> None:
    values = pixels("float32", SOURCE.shape, 3)
    ratio = scale(SOURCE, target)
    out = np.empty(target.shape, resampled_dtype("float32", resampling))
    gone = np.empty(target.shape, np.uint8)
    coords = compiled.coordinates(lattice(SOURCE, target, target.whole))
    compiled.resample(values, None, coords, ratio, resampling, out, gone)
    found = warp(compiled, values, None, SOURCE, target, target.whole, resampling)
    assert found[0].tobytes() == out.tobytes()
    assert found[1].tobytes() == gone.tobytes()


@settings(max_examples=100, deadline=None)
@given(target=targets(), resampling=st.sampled_from(NAMES))
def test_constant_in_constant_out(target: Grid, resampling: str) -> None:
    values = np.full(SOURCE.shape, 1234.5, np.float32)
    mask = (np.random.default_rng(4).random(SOURCE.shape) < 0.3).astype(np.uint8)
    found, gone = warp(compiled, values, mask, SOURCE, target, target.whole, resampling)
    assert (found[gone == 0] == 1234.5).all()
    assert (found[gone == 1] == 0).all()


@pytest.mark.parametrize("how", BOTH)
@pytest.mark.parametrize("resampling", sorted(set(NAMES) - {"cubicspline"}))
def test_the_same_grid_gives_the_same_values(how: ModuleType, resampling: str) -> None:
    values = pixels("int16", (60, 50), 5)
    found, gone = warp(how, values, None, SOURCE, SOURCE, SOURCE.whole, resampling)
    assert not gone.any()
    assert np.array_equal(found, values)


@pytest.mark.parametrize("how", BOTH)
def test_w6_a_centre_on_an_edge_belongs_to_the_pixel_right_and_below(how: ModuleType) -> None:
    west, north = 5271982.576551932, 2533004.2149151857
    source = Grid("EPSG:3035", Affine(10, 0, west, 0, -10, north), Shape2d(40, 40))
    target = Grid("EPSG:3035", Affine(20, 0, west, 0, -20, north), Shape2d(20, 20))
    values = pixels("uint16", (40, 40), 6)
    found, gone = warp(how, values, None, source, target, target.whole, "near")
    assert not gone.any()
    assert np.array_equal(found, values[1::2, 1::2])


@pytest.mark.parametrize("how", BOTH)
def test_near_keeps_every_bit_of_nan_and_negative_zero(how: ModuleType) -> None:
    values = np.full((60, 50), -0.0, np.float32)
    values[::2] = np.nan
    found, _ = warp(how, values, None, SOURCE, SOURCE, SOURCE.whole, "near")
    assert found.tobytes() == values.tobytes()


@pytest.mark.parametrize("how", BOTH)
def test_average_weighs_by_area(how: ModuleType) -> None:
    values = np.array([[0, 30, 90, 0]], np.uint8)
    source, target = grid(10.0, 1, 4), grid(15.0, 1, 2)
    found, _ = warp(how, values, None, source, target, Window(0, 0, 1, 2), "average")
    assert found.tolist() == [[10.0, 70.0]]


@pytest.mark.parametrize("how", BOTH)
@pytest.mark.parametrize(
    ("resampling", "expected"),
    [("min", 1), ("max", 9), ("mode", 5), ("med", 5), ("q1", 3), ("q3", 7), ("average", 5.125)],
)
def test_statistics_of_covered_pixels(how: ModuleType, resampling: str, expected: float) -> None:
    values = np.array([[1, 5, 9], [5, 100, 3], [7, 4, 7]], np.uint8)
    mask = np.zeros((3, 3), np.uint8)
    mask[1, 1] = 1
    found, gone = warp(
        how, values, mask, grid(10.0, 3, 3), grid(30.0, 1, 1), Window(0, 0, 1, 1), resampling
    )
    assert found.tolist() == [[expected]]
    assert not gone.any()


@pytest.mark.parametrize("how", BOTH)
def test_of_equal_modes_the_smallest_is_given(how: ModuleType) -> None:
    values = np.array([[7, 2], [2, 7]], np.uint8)
    window = Window(0, 0, 1, 1)
    found, _ = warp(how, values, None, grid(10.0, 2, 2), grid(20.0, 1, 1), window, "mode")
    assert found.tolist() == [[2]]


@pytest.mark.parametrize("how", BOTH)
@pytest.mark.parametrize("dtype", ["uint64", "int64"])
def test_picking_keeps_64_bit_integers_exact(how: ModuleType, dtype: str) -> None:
    values = np.array([[2**62 + 1, 2**62 + 3]] * 2, dtype)
    for resampling, expected in (("min", 2**62 + 1), ("max", 2**62 + 3), ("near", 2**62 + 3)):
        found, _ = warp(
            how, values, None, grid(10.0, 2, 2), grid(20.0, 1, 1), Window(0, 0, 1, 1), resampling
        )
        assert int(found[0, 0]) == expected


@pytest.mark.parametrize("how", BOTH)
@pytest.mark.parametrize("resampling", ["bilinear", "cubic", "cubicspline", "lanczos"])
def test_an_interpolated_image_is_masked_as_near_is(how: ModuleType, resampling: str) -> None:
    values = pixels("uint16", (60, 50), 7)
    mask = (np.random.default_rng(8).random((60, 50)) < 0.3).astype(np.uint8)
    target = grid(3.0, 60, 60, west=500_033.0, north=4_999_955.0)
    _, gone = warp(how, values, mask, SOURCE, target, target.whole, resampling)
    _, expected = warp(how, values, mask, SOURCE, target, target.whole, "near")
    assert np.array_equal(gone, expected)


@pytest.mark.parametrize("how", BOTH)
@pytest.mark.parametrize("resampling", ["bilinear", "cubic", "lanczos", "average"])
def test_what_lies_under_the_mask_never_matters(how: ModuleType, resampling: str) -> None:
    values = pixels("float32", (60, 50), 9)
    mask = (np.random.default_rng(10).random((60, 50)) < 0.3).astype(np.uint8)
    target = grid(7.0, 40, 40)
    found = warp(how, values, mask, SOURCE, target, target.whole, resampling)
    hidden = np.where(mask, np.float32(np.nan), values)
    assert found[0].tobytes() == warp(
        how, hidden, mask, SOURCE, target, target.whole, resampling
    )[0].tobytes()  # fmt: skip


@pytest.mark.parametrize("how", BOTH)
def test_m2_a_mean_that_overflows_is_masked(how: ModuleType) -> None:
    values = np.full((60, 50), np.float32(3e38))
    values[:, ::2] = np.inf
    target = grid(7.0, 20, 20)
    found, gone = warp(how, values, None, SOURCE, target, target.whole, "bilinear")
    assert gone.any()
    assert np.isfinite(found).all()


@pytest.mark.parametrize("how", BOTH)
def test_what_lies_outside_of_the_source_is_masked(how: ModuleType) -> None:
    target = grid(10.0, 3, 60, west=499_900.0)
    _, gone = warp(how, pixels("uint8", (60, 50), 1), None, SOURCE, target, target.whole, "near")
    assert gone[:, :10].all()
    assert not gone[:, 10:60].any()


def test_a_window_apart_from_the_source_needs_nothing() -> None:
    target = grid(10.0, 30, 30, west=600_000.0)
    assert source_window(SOURCE, target, target.whole, "lanczos", (1.0, 1.0)) is None
