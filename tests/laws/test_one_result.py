"""One result: it depends on no window, no arithmetic tier and no way of evaluating, to the bit."""

from __future__ import annotations

from typing import Any
from unittest import mock

import numpy as np
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

import swath as wf
from engine import Engine
from engine.execute.tier import KERNELS, REFERENCE
from engine.plan import window
from swath.grid import Affine, Grid, Shape2d

GRID = Grid("EPSG:32633", Affine(10.0, 0.0, 500000.0, 0.0, -10.0, 5000000.0), Shape2d(300, 70))
OTHER = Grid("EPSG:32633", Affine(15.0, 0.0, 499900.0, 0.0, -15.0, 5000100.0), Shape2d(220, 90))
HERE = wf.GeoContext.from_grid(GRID)
DTYPES = ["uint8", "int16", "uint16", "int32", "float32", "float64"]

ENGINES = {
    "reference": Engine(tier=REFERENCE, is_batching=False),
    "kernels": Engine(tier=KERNELS),
    "small windows": Engine(tier=KERNELS),
}


def source(seed: int, dtype: str, grid: Grid) -> wf.Image:
    """An image of two bands of random pixels, some nodata, some NaN and extreme."""
    rng = np.random.default_rng(seed)
    shape = (2, *grid.shape)
    values = rng.integers(-3 if dtype[0] != "u" else 0, 90, shape).astype(dtype)
    if dtype.startswith("float"):
        values *= values.dtype.type(1.7)
        values[rng.random(shape) < 0.05] = np.nan
        values[rng.random(shape) < 0.01] = np.finfo(dtype).max
    return wf.Image.from_array(values, grid, 7).rename_bands("a", "b")


SOURCES = st.builds(
    source, st.integers(0, 5), st.sampled_from(DTYPES), st.sampled_from([GRID, OTHER])
)
NUMBERS = st.one_of(st.integers(-3, 40), st.floats(-2.0, 50.0, allow_nan=False))
BINARY = st.sampled_from(
    [
        lambda x, y: x + y, lambda x, y: x - y, lambda x, y: x * y, lambda x, y: x / y,
        lambda x, y: x // y, lambda x, y: x % y, wf.normalized_difference,
        lambda x, y: x.mask(y > 20), lambda x, y: wf.where(x > y, x, y),
        lambda x, y: (x > 5) & (y < 30), lambda x, y: x.mask(y < 3, replace=True),
    ]
)  # fmt: skip
UNARY = st.sampled_from(
    [
        lambda x: -x, abs, wf.sqrt, wf.log, wf.exp, lambda x: x.clip_values(2, 30),
        lambda x: x.getmask(), lambda x: x**2, lambda x: x.scale_values(0, 1, 0, 90),
        lambda x: x.pick_bands("b a").rename_bands("a", "b"),
        lambda x: x.map_bands(lambda name, band: band + 1),
    ]
)  # fmt: skip


def grow(inner: st.SearchStrategy[Any]) -> st.SearchStrategy[Any]:
    """Expressions of images made from smaller ones."""
    return st.one_of(
        st.builds(lambda f, x: f(x), UNARY, inner),
        st.builds(lambda f, x, y: f(x, y), BINARY, inner, inner),
        st.builds(lambda x, n: x + n, inner, NUMBERS),
        st.builds(lambda x, n: n * x, inner, NUMBERS),
        st.builds(lambda x: x / x.max(), inner),
    )


IMAGES = st.recursive(SOURCES, grow, max_leaves=5)
COLLECTIONS = st.builds(
    lambda images, f, g: wf.ImageCollection(images).map(lambda i: f(g(i))),
    st.lists(SOURCES, min_size=1, max_size=4),
    UNARY,
    UNARY,
)
REDUCERS = st.sampled_from(["min", "max", "mean", "median", "sum", "std", "count"])
AXES = st.sampled_from(
    ["images", "bands", "pixels", None, ["images", "bands"], ["images", "pixels"]]
)
REDUCTIONS = st.one_of(
    st.builds(lambda c, r, a: c.reduction(r, axis=a), COLLECTIONS, REDUCERS, AXES),
    st.builds(lambda c, r: c.mosaic(reverse=r), COLLECTIONS, st.booleans()),
    st.builds(lambda c: c.filter(lambda i: i.count() > 20_000).length(), COLLECTIONS),
    st.builds(lambda c: c.sorted(lambda i: i.mean()).mosaic(), COLLECTIONS),
    st.builds(lambda c: c - c.mean(axis="images"), COLLECTIONS),
    st.builds(lambda c: c.value_at(500123.0, 4999321.0), COLLECTIONS),
)


def bits(result: Any) -> Any:
    """A result as something that is equal only if it is the same to the bit."""
    array = getattr(result, "ndarray", None)
    if array is not None:
        mask = np.ma.getmaskarray(array)
        return array.dtype, array.shape, array.data.tobytes(), mask.tobytes(), result.properties
    return repr(result)


def same_everywhere(expression: Any) -> None:
    """Assert that all engines give the same bits."""
    results = {}
    for name, engine in ENGINES.items():
        # Sums over pixels keep to cells of 256² pixels, of which the grid has two.
        with mock.patch.object(window, "LARGEST", 32 if name == "small windows" else 1024):
            results[name] = bits(engine.inspect(expression, HERE))
    expected = results.pop("reference")
    for name, found in results.items():
        assert found == expected, name


CAREFULLY = settings(max_examples=40, deadline=None, suppress_health_check=[HealthCheck.too_slow])


@CAREFULLY
@given(IMAGES)
def test_images_are_the_same_in_every_window_and_tier(expression: wf.Image) -> None:
    same_everywhere(expression)


@CAREFULLY
@given(REDUCTIONS)
def test_reductions_are_the_same_in_every_window_and_tier(expression: Any) -> None:
    same_everywhere(expression)
