"""Outlines on the globe are valid, within ±180°, and cover what they should."""

from __future__ import annotations

import pytest
import shapely
from hypothesis import given, settings
from hypothesis import strategies as st

from engine.geo import crs
from engine.geo.footprint import footprint_of
from swath.errors import InvalidGeoContext
from swath.grid import Affine, Grid, Shape2d


def grid(name: str, pixel: float, west: float, north: float, rows: int, cols: int) -> Grid:
    return Grid(name, Affine(pixel, 0, west, 0, -pixel, north), Shape2d(rows, cols))


def test_a_small_grid_has_its_corners() -> None:
    west, south, east, north = footprint_of(grid("EPSG:4326", 0.1, 15, 46, 10, 20)).bounds
    assert (west, south, east, north) == pytest.approx((15, 45, 17, 46))


@pytest.mark.parametrize("west", [-180.0, 0.0])
def test_a_global_grid_is_the_globe_whatever_its_first_longitude(west: float) -> None:
    found = footprint_of(grid("EPSG:4326", 1.0, west, 90, 180, 360))
    assert found.area == pytest.approx(360 * 180)


def test_web_mercator_at_zoom_0_is_the_globe_up_to_85_degrees() -> None:
    half = 20037508.342789244
    found = footprint_of(grid("EPSG:3857", half / 128, -half, half, 256, 256))
    assert found.bounds == pytest.approx((-180, -85.0511, 180, 85.0511), abs=1e-3)


def test_an_outline_across_the_antimeridian_is_split_there() -> None:
    found = footprint_of(grid("EPSG:32601", 30, 150_000, 6_000_000, 7000, 7000))
    west, east = sorted(found.geoms, key=lambda part: part.bounds[0])
    assert west.bounds[0] == -180.0
    assert east.bounds[2] == 180.0
    assert west.bounds[2] - west.bounds[0] + east.bounds[2] - east.bounds[0] < 5


@pytest.mark.parametrize(("name", "pole"), [("EPSG:3413", 90.0), ("EPSG:3031", -90.0)])
def test_a_grid_around_a_pole_holds_it_at_every_longitude(name: str, pole: float) -> None:
    found = footprint_of(grid(name, 1000, -1e6, 1e6, 2000, 2000))
    assert found.is_valid
    assert all(found.covers(shapely.Point(lon, pole)) for lon in range(-180, 181, 30))
    assert not found.intersects(shapely.Point(0, 0))


def test_a_polar_grid_beside_the_pole_does_not_hold_it() -> None:
    found = footprint_of(grid("EPSG:3413", 1000, 1e5, -1e5, 500, 500))
    assert found.bounds[3] < 90.0
    assert found.bounds[2] - found.bounds[0] < 180.0


def test_a_full_disk_whose_corners_are_in_space_gets_a_covering_box() -> None:
    disk = "+proj=geos +h=35785831 +lon_0=140"
    found = footprint_of(grid(crs.normalise(disk), 1e4, -5.5e6, 5.5e6, 1100, 1100))
    assert found.covers(shapely.Point(140, 60))
    assert found.covers(shapely.Point(-160, 0))
    assert not found.intersects(shapely.Point(0, 0))


def test_a_world_map_with_both_poles_inside_is_the_globe() -> None:
    found = footprint_of(grid("ESRI:54009", 1e5, -18.1e6, 9.1e6, 182, 362))
    assert found.area == pytest.approx(360 * 180)


def test_a_grid_without_a_crs_has_no_outline() -> None:
    with pytest.raises(InvalidGeoContext, match="no crs"):
        footprint_of(grid("", 1, 0, 0, 1, 1))


def test_a_grid_far_outside_of_its_crs_has_no_outline() -> None:
    with pytest.raises(InvalidGeoContext):
        footprint_of(grid("EPSG:32633", 1, 1e300, 0, 256, 256))


def test_a_grid_that_is_south_up_has_the_same_outline() -> None:
    up = Grid("EPSG:32633", Affine(10, 0, 5e5, 0, 10, 5e6), Shape2d(100, 100))
    down = Grid("EPSG:32633", Affine(10, 0, 5e5, 0, -10, 5e6 + 1000), Shape2d(100, 100))
    assert footprint_of(up).symmetric_difference(footprint_of(down)).area < 1e-12


@settings(max_examples=60, deadline=None)
@given(
    zone=st.integers(1, 60),
    south=st.booleans(),
    x=st.floats(1e5, 8e5),
    y=st.floats(1e5, 9e6),
    col=st.floats(0.01, 0.99),
    row=st.floats(0.01, 0.99),
)
def test_the_outline_covers_every_pixel(
    zone: int, south: bool, x: float, y: float, col: float, row: float
) -> None:
    name = f"EPSG:{(32700 if south else 32600) + zone}"
    asset = grid(name, 30, x, y, 3000, 3000)
    lon, lat = crs.transform(name, crs.WGS84, *asset.transform.apply(col * 3000, row * 3000))
    found = footprint_of(asset)
    assert found.is_valid
    assert found.covers(shapely.Point((float(lon) + 180) % 360 - 180, float(lat)))
