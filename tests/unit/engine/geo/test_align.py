"""Grids with the same pixels are told from those without."""

from __future__ import annotations

from hypothesis import given, settings
from hypothesis import strategies as st

from engine.geo.align import aligned
from engine.geo.resolve import resolve
from swath.geocontext import GeoContextValue
from swath.grid import Affine, Grid, Shape2d, Window

ROMANIA = Grid(
    "EPSG:3035",
    Affine(10.0, 0.0, 5271982.576551932, 0.0, -10.0, 2533004.2149151857),
    Shape2d(100, 100),
)


def test_a_grid_is_aligned_with_itself() -> None:
    assert aligned(ROMANIA, ROMANIA) == Window(0, 0, 100, 100)


def test_a_grid_made_from_the_bounds_of_another_is_that_grid() -> None:
    made = resolve(
        GeoContextValue(
            bounds=ROMANIA.bounds,
            bounds_crs="EPSG:3035",
            crs="EPSG:3035",
            resolution=10.0,
            align_pixels=False,
        )
    )
    assert aligned(ROMANIA, made.grid) == Window(0, 0, 100, 100)


def test_a_grid_made_from_bounds_and_shape_is_that_grid() -> None:
    made = resolve(
        GeoContextValue(
            bounds=ROMANIA.bounds, bounds_crs="EPSG:3035", crs="EPSG:3035", shape=(100, 100)
        )
    )
    assert aligned(ROMANIA, made.grid) == Window(0, 0, 100, 100)


@settings(max_examples=100, deadline=None)
@given(
    row=st.integers(-50, 150),
    col=st.integers(-50, 150),
    rows=st.integers(1, 100),
    cols=st.integers(1, 100),
)
def test_a_crop_is_found_where_it_was_cut(row: int, col: int, rows: int, cols: int) -> None:
    window = Window(row, col, rows, cols)
    assert aligned(ROMANIA, ROMANIA.crop(window)) == window


def test_grids_half_a_pixel_apart_are_not_aligned() -> None:
    t = ROMANIA.transform
    assert aligned(ROMANIA, Grid("EPSG:3035", t._replace(c=t.c + 5), Shape2d(9, 9))) is None


def test_grids_of_other_pixel_sizes_are_not_aligned() -> None:
    t = ROMANIA.transform
    assert aligned(ROMANIA, Grid("EPSG:3035", t._replace(a=20.0, e=-20.0), Shape2d(9, 9))) is None


def test_pixels_that_drift_apart_by_the_last_one_are_not_aligned() -> None:
    t = ROMANIA.transform._replace(a=10.0 * (1 + 1e-7))
    assert aligned(ROMANIA, Grid("EPSG:3035", t, Shape2d(100, 100))) is None
    assert aligned(ROMANIA, Grid("EPSG:3035", t, Shape2d(5, 5))) is not None


def test_a_grid_upside_down_is_not_aligned() -> None:
    flipped = Affine(10, 0, 5271982.576551932, 0, 10, 2532004.2149151857)
    assert aligned(ROMANIA, Grid("EPSG:3035", flipped, Shape2d(100, 100))) is None


def test_the_name_of_the_crs_does_not_matter() -> None:
    grid = Grid("EPSG:4326", Affine(0.1, 0, 10, 0, -0.1, 50), Shape2d(10, 10))
    other = Grid("OGC:CRS84", grid.transform, grid.shape)
    assert aligned(grid, other) == grid.whole


def test_equal_numbers_in_another_crs_are_not_aligned() -> None:
    assert aligned(ROMANIA, Grid("EPSG:32633", ROMANIA.transform, ROMANIA.shape)) is None


def test_large_grids_in_degrees_are_aligned_in_spite_of_rounding() -> None:
    pixel = 8.333333333333333e-05
    cover = Grid("EPSG:4326", Affine(pixel, 0, 6.0, 0, -pixel, 3.0), Shape2d(36000, 36000))
    part = Grid(
        "EPSG:4326",
        Affine(1 / 12000, 0, 6 + 30000 / 12000, 0, -1 / 12000, 1.0),
        Shape2d(4000, 4000),
    )
    assert aligned(cover, part) == Window(24000, 30000, 4000, 4000)
