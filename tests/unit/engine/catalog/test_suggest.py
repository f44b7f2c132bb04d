from __future__ import annotations

import pytest
import shapely
from hypothesis import given, settings
from hypothesis import strategies as st

from engine.catalog.add.add import add
from engine.catalog.add.candidate import Candidate, CandidateFile
from engine.catalog.footprint import bbox_of, polygonal, wrapped
from engine.catalog.product import merge_dtypes
from engine.catalog.suggest import MAX_SIDE_PX, as_code, extent, suggest
from engine.geo.resolve import resolve
from swath.grid import Affine, Grid, Shape2d


def put_grid(catalog, files, name, grid):
    href = files.put(f"/made/{name}.tif", grid)
    add(catalog, "p", [Candidate(name, name, (CandidateFile(href, "b"),), 0)], files)


def utm(west, north, side, pixel=10.0, pixel_y=None, crs="EPSG:32633"):
    return Grid(crs, Affine(pixel, 0, west, 0, -(pixel_y or pixel), north), Shape2d(side, side))


def test_a_small_product_is_suggested_whole(catalog, files):
    put_grid(catalog, files, "a", utm(500_000, 5_000_000, 100))
    put_grid(catalog, files, "b", utm(501_000, 5_000_000, 100))
    value = suggest(catalog, "p")
    assert value is not None
    assert resolve(value).grid == Grid(
        "EPSG:32633", Affine(10, 0, 500_000, 0, -10, 5_000_000), Shape2d(100, 200)
    )


@pytest.mark.parametrize("offset", [0.0, 3.7])
def test_a_large_product_is_suggested_by_whole_pixels_of_its_middle(catalog, files, offset):
    grid = utm(400_000 + offset, 5_000_000, 10_980)
    put_grid(catalog, files, "a", grid)
    value = suggest(catalog, "p")
    assert value is not None
    made = resolve(value).grid
    assert made.shape == (MAX_SIDE_PX, MAX_SIDE_PX)
    col, row = grid.transform.inverse().apply(made.transform.c, made.transform.f)
    assert (col, row) == pytest.approx((round(col), round(row)), abs=1e-6)


def test_pixels_that_are_not_square_are_suggested_by_shape(catalog, files):
    grid = utm(500_000, 5_000_000, 100, pixel=10.0, pixel_y=12.5)
    put_grid(catalog, files, "a", grid)
    value = suggest(catalog, "p")
    assert value is not None
    assert resolve(value).grid == grid


def test_the_commonest_crs_is_suggested(catalog, files):
    put_grid(catalog, files, "a", utm(500_000, 5_000_000, 10))
    put_grid(catalog, files, "b", utm(500_000, 5_000_000, 10, crs="EPSG:32634"))
    put_grid(catalog, files, "c", utm(500_100, 5_000_000, 10, crs="EPSG:32634"))
    value = suggest(catalog, "p")
    assert value is not None
    assert value.crs == "EPSG:32634"


def test_the_code_to_paste_has_all_that_is_needed(catalog, files):
    put_grid(catalog, files, "a", utm(500_005, 5_000_005, 10))
    value = suggest(catalog, "p")
    assert value is not None
    assert as_code(value) == (
        "wf.GeoContext(bounds=(500005.0, 4999905.0, 500105.0, 5000005.0), "
        "bounds_crs='EPSG:32633', crs='EPSG:32633', resolution=10.0, align_pixels=False)"
    )


def test_the_extent_goes_the_short_way_across_the_antimeridian(catalog, files, put):
    put(files.image("a", west=178, south=0), files.image("b", west=179.5, south=1))
    box = extent(catalog, "p")
    assert box is not None
    assert (box.west, box.south, box.east, box.north) == pytest.approx((178, 0, -179.5, 2))


_LON, _LAT = st.floats(-179, 179), st.floats(-89, 88)


@given(_LON, _LAT, st.floats(0.01, 50), st.floats(0.01, 1))
@settings(max_examples=100, deadline=None)
def test_the_box_of_a_footprint_holds_it_and_no_more(west, south, width, height):
    area = polygonal(shapely.box(west, south, west + width, south + height))
    assert area is not None
    box = bbox_of(area)
    assert box[1:4:2] == pytest.approx((south, south + height))
    span = box[2] - box[0] + (360 if box[0] > box[2] else 0)
    assert span == pytest.approx(width)


def test_a_wrapped_geometry_is_a_copy():
    area = shapely.box(0, 0, 1, 1)
    assert wrapped(area) is not area


@pytest.mark.parametrize("nothing", ["POINT (0 0)", "POLYGON EMPTY", "LINESTRING (0 0, 1 1)"])
def test_what_has_no_area_is_no_footprint(nothing):
    assert polygonal(shapely.from_wkt(nothing)) is None


@pytest.mark.parametrize(
    ("first", "second", "both"),
    [
        ("uint8", "uint8", "uint8"),
        ("uint8", "uint16", "uint16"),
        ("uint16", "int16", "int32"),
        ("uint16", "float32", "float32"),
        ("int32", "float32", "float64"),
        ("uint64", "int64", "float64"),
        ("float32", "float64", "float64"),
    ],
)
def test_two_dtypes_become_one_that_holds_both(first, second, both):
    assert merge_dtypes(first, second) == merge_dtypes(second, first) == both
