"""What a user says about where becomes one exact grid, or one clear error."""

from __future__ import annotations

import json
import math
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from engine.geo.resolve import GeoContext, resolve
from swath.errors import InvalidArgument, InvalidGeoContext
from swath.geocontext import GeoContextValue
from swath.grid import Affine, Shape2d

BOUNDS = (15.0, 46.0, 15.1, 46.1)


def where(**fields: Any) -> GeoContext:
    return resolve(GeoContextValue(**fields))


def area(**fields: Any) -> GeoContext:
    return where(**({"bounds": BOUNDS, "crs": "EPSG:32633", "resolution": 10.0} | fields))


def polygon(*points: tuple[float, float]) -> str:
    return json.dumps({"type": "Polygon", "coordinates": [[*points, points[0]]]})


def test_w2_aligned_edges_are_multiples_of_the_resolution() -> None:
    grid = area().grid
    assert grid.transform == Affine(10, 0, 500_000, 0, -10, 5_105_170)
    assert grid.shape == Shape2d(1113, 775)


def test_w2_without_alignment_the_first_edges_are_those_of_the_bounds() -> None:
    bounds = (500_003.0, 5_100_004.0, 500_103.0, 5_100_204.0)
    grid = area(bounds=bounds, bounds_crs="EPSG:32633", align_pixels=False).grid
    assert grid.bounds == bounds


def test_w2_with_a_shape_the_bounds_are_divided_exactly() -> None:
    grid = area(crs="EPSG:4326", resolution=None, shape=(100, 50)).grid
    assert grid.shape == Shape2d(100, 50)
    assert grid.bounds == pytest.approx(BOUNDS, abs=1e-12)


def test_utm_is_the_zone_of_the_centre() -> None:
    assert area(crs="utm").grid.crs == "EPSG:32633"
    assert area(crs="UTM", bounds=(-71.0, -33.0, -70.9, -32.9)).grid.crs == "EPSG:32719"


def test_the_crs_of_the_grid_is_normalised() -> None:
    assert area(crs="+proj=utm +zone=33 +datum=WGS84").grid.crs == "EPSG:32633"


def test_bounds_that_lie_on_edges_but_for_rounding_get_no_extra_pixels() -> None:
    bounds = (0.1 * 3, 0.7, 0.1 * 3 + 0.1 * 7, 0.7 + 0.3)
    grid = area(bounds=bounds, crs="EPSG:4326", resolution=0.1).grid
    assert grid.shape == Shape2d(3, 7)


def test_an_area_smaller_than_a_pixel_gets_one() -> None:
    assert area(bounds=(15, 46, 15.000001, 46.000001)).grid.shape == Shape2d(1, 1)


@settings(max_examples=100, deadline=None)
@given(
    west=st.floats(3e5, 6e5),
    south=st.floats(1e6, 6e6),
    width=st.floats(1, 5e4),
    height=st.floats(1, 5e4),
    resolution=st.sampled_from([0.3, 1.0, 10.0, 33.3, 250.0]),
    align=st.booleans(),
)
def test_w2_the_grid_covers_the_bounds_with_less_than_a_pixel_to_spare(
    west: float, south: float, width: float, height: float, resolution: float, align: bool
) -> None:
    bounds = (west, south, west + width, south + height)
    grid = area(
        bounds=bounds, bounds_crs="EPSG:32633", resolution=resolution, align_pixels=align
    ).grid
    noise = 2e-6 * resolution
    spare = [grid.bounds[i] - bounds[i] for i in range(4)]
    assert -resolution - noise < spare[0] <= noise
    assert -resolution - noise < spare[1] <= noise
    assert -noise <= spare[2] < resolution + noise
    assert -noise <= spare[3] < resolution + noise


def test_reprojected_bounds_cover_the_bulge_of_their_edges() -> None:
    grid = area(bounds=(9.0, 50.0, 21.0, 51.0), resolution=1000.0).grid
    middle, corner = 5_538_630.7, 5_561_700.0
    assert grid.bounds[1] <= middle
    assert grid.bounds[3] >= corner


def test_a_tile_is_exact_web_mercator() -> None:
    grid = where(tile=(1, 0, 1)).grid
    half = math.pi * 6378137.0
    assert grid.crs == "EPSG:3857"
    assert grid.shape == Shape2d(256, 256)
    assert grid.transform == Affine(half / 256, 0, 0.0, 0, -half / 256, half)


@settings(max_examples=100, deadline=None)
@given(z=st.integers(1, 22), data=st.data())
def test_neighbouring_tiles_share_their_edge(z: int, data: st.DataObject) -> None:
    x = data.draw(st.integers(0, 2**z - 2))
    left, right = where(tile=(x, 0, z)).grid, where(tile=(x + 1, 0, z)).grid
    off_px = (left.bounds[2] - right.bounds[0]) / left.resolution[0]
    assert abs(off_px) < 1e-6


@pytest.mark.parametrize("tile", [(0, 0, -1), (2, 0, 1), (0, -1, 1), (0, 0, 31)])
def test_tiles_that_do_not_exist_are_refused(tile: tuple[int, int, int]) -> None:
    with pytest.raises(InvalidGeoContext, match="tile"):
        where(tile=tile)


def test_a_key_is_a_square_of_a_utm_zone() -> None:
    grid = where(key="512:0:10.0:33:-4:1000").grid
    assert grid.crs == "EPSG:32633"
    assert grid.bounds == (479_520.0, 5_120_000.0, 484_640.0, 5_125_120.0)
    assert grid.shape == Shape2d(512, 512)


def test_the_pad_of_a_key_is_around_its_tile() -> None:
    inner, outer = where(key="512:0:10:33:0:1").grid, where(key="512:16:10:33:0:1").grid
    assert outer.shape == Shape2d(544, 544)
    assert outer.bounds[0] == inner.bounds[0] - 160
    assert outer.bounds[3] == inner.bounds[3] + 160


def test_a_key_south_of_the_equator_counts_down_in_the_northern_crs() -> None:
    grid = where(key="512:0:10:33:0:-1").grid
    assert grid.crs == "EPSG:32633"
    assert grid.bounds[1] == -5120.0


@pytest.mark.parametrize(
    "key",
    [
        "",
        "a",
        "1:2:3",
        "512:0:10:0:0:0",
        "512:0:10:61:0:0",
        "0:0:10:33:0:0",
        "512:-1:10:33:0:0",
        "512:0:0:33:0:0",
        "512:0:nan:33:0:0",
        "512:0:inf:33:0:0",
        "512:0:10:33:9999:0",
        "512:0:10:33:0:9999",
    ],
)
def test_keys_that_name_no_tile_are_refused(key: str) -> None:
    with pytest.raises(InvalidGeoContext, match="key"):
        where(key=key)


def test_an_exact_grid_is_taken_as_it_is() -> None:
    terms = (10.0, 1.0, 5271982.576551932, -2.0, -10.0, 2533004.2149151857)
    grid = where(crs="EPSG:3035", transform=terms, shape=(100, 90)).grid
    assert grid.transform == Affine(*terms)
    assert grid.shape == Shape2d(100, 90)


@pytest.mark.parametrize(
    ("fields", "word"),
    [
        ({"bounds": (math.nan, 0, 1, 1)}, "finite"),
        ({"bounds": (0, 0, math.inf, 1)}, "finite"),
        ({"bounds": (1, 0, 0, 1)}, "min x"),
        ({"bounds": (0, 0, 0, 1)}, "min x"),
        ({"bounds": (179.9, -17, -179.9, -16)}, "179.9 … 180.1"),
        ({"bounds": (0, -91, 1, 1)}, "longitude first"),
        ({"bounds": (46, 100, 47, 120)}, "longitude first"),
        ({"bounds": (1e6, 5e6, 1.1e6, 5.1e6)}, "bounds_crs"),
        ({"bounds": (-190, 0, 190, 1)}, "once round"),
        ({"bounds": (-180, -90, 180, 90), "crs": "EPSG:3857"}, "85.06"),
        ({"bounds": (179.9, -17, 180.1, -16.9), "crs": "EPSG:3857"}, "cut"),
        ({"bounds": (100, 0, 101, 1)}, "outside"),
        ({"bounds": (0, 85, 1, 86), "crs": "utm"}, "UTM"),
        ({"bounds_crs": "nonsense"}, "nonsense"),
        ({"resolution": 0.0}, "resolution"),
        ({"resolution": -1.0}, "resolution"),
        ({"resolution": math.nan}, "resolution"),
        ({"resolution": math.inf}, "resolution"),
        ({"resolution": 1e-9}, "pixels"),
        ({"resolution": 5e-324}, "pixels"),
        ({"resolution": None}, "both missing"),
        ({"shape": (10, 10)}, "exclude"),
        ({"resolution": None, "shape": (0, 10)}, "shape"),
        ({"resolution": None, "shape": (2**31, 2**31)}, "pixels"),
        ({"crs": None}, "crs is missing"),
        ({"crs": "EPSG:4979"}, "3D"),
        ({"bounds": None}, "no area"),
        ({"tile": (0, 0, 0)}, "exclude"),
        ({"bounds": None, "tile": (0, 0, 0)}, "leave it out"),
        ({"bounds": None, "key": "512:0:10:33:0:0"}, "leave it out"),
        ({"bounds": None, "transform": (1, 0, 0, 0, -1, 0)}, "resolution"),
        ({"bounds": None, "resolution": None, "transform": (1, 0, 0, 0, -1, 0)}, "shape"),
    ],
)
def test_what_describes_no_grid_is_refused_with_the_way_out(
    fields: dict[str, Any], word: str
) -> None:
    with pytest.raises(InvalidGeoContext, match=word):
        area(**fields)


@pytest.mark.parametrize(
    "terms",
    [(0, 0, 0, 0, 0, 0), (1, 1, 0, 1, 1, 0), (math.nan, 0, 0, 0, -1, 0), (1, 0, 0, 0, 0, 0)],
)
def test_a_transform_without_an_inverse_is_refused(terms: tuple[float, ...]) -> None:
    with pytest.raises(InvalidGeoContext, match="transform"):
        where(crs="EPSG:3035", transform=terms, shape=(10, 10))


def test_a_million_pixels_a_side_are_left_to_admission() -> None:
    grid = area(crs="EPSG:4326", bounds=(0, 0, 10, 10), resolution=1e-5).grid
    assert grid.shape == Shape2d(1_000_000, 1_000_000)


def test_the_resampler_is_near_unless_named() -> None:
    assert area().resampler == "near"
    assert area(resampler="cubic").resampler == "cubic"
    with pytest.raises(InvalidArgument, match="cubicspline"):
        area(resampler="best")


def test_a_geometry_gives_bounds_cutline_and_footprint() -> None:
    found = area(bounds=None, geometry=polygon((15, 46), (15.1, 46), (15.1, 46.1)))
    assert found.cutline is not None
    assert found.grid.shape == area().grid.shape
    assert found.cutline.area == pytest.approx(
        found.grid.shape.x * found.grid.shape.y * 50, rel=1e-2
    )
    assert found.footprint.area == pytest.approx(0.005, rel=1e-6)


def test_a_geometry_beside_bounds_masks_but_does_not_move_the_grid() -> None:
    found = area(geometry=polygon((15.04, 46.04), (15.06, 46.04), (15.05, 46.06)))
    assert found.grid == area().grid
    assert found.footprint.area == pytest.approx(0.0002, rel=1e-6)


def test_a_geometry_beside_a_tile_is_cut_there() -> None:
    found = where(tile=(0, 0, 0), geometry=polygon((170, -5), (190, -5), (190, 5), (170, 5)))
    assert found.cutline is not None
    half = 20037508.342789244
    assert found.cutline.bounds[0] == pytest.approx(-half)
    assert found.cutline.bounds[2] == pytest.approx(half)
    assert found.cutline.area == pytest.approx(20 * half / 180 * 2 * 557305.257, rel=1e-3)


def test_a_geometry_apart_from_the_bounds_is_refused() -> None:
    with pytest.raises(InvalidGeoContext, match="does not meet"):
        area(geometry=polygon((16, 46), (16.1, 46), (16.1, 46.1)))


def test_the_cutline_follows_straight_lines_of_longitude_and_latitude() -> None:
    found = area(
        bounds=None, resolution=1000.0, geometry=polygon((9, 50), (21, 50), (21, 51), (9, 51))
    )
    assert found.cutline is not None
    assert found.grid.bounds[1] == pytest.approx(5_538_000.0, abs=1500)


def test_an_area_split_at_the_antimeridian_is_one_in_utm() -> None:
    sides = [
        [[[179.9, -17], [180, -17], [180, -16.9], [179.9, -16.9], [179.9, -17]]],
        [[[-180, -17], [-179.9, -17], [-179.9, -16.9], [-180, -16.9], [-180, -17]]],
    ]
    split = json.dumps({"type": "MultiPolygon", "coordinates": sides})
    whole = polygon((179.9, -17), (180.1, -17), (180.1, -16.9), (179.9, -16.9))
    one = area(bounds=None, crs="utm", geometry=split)
    other = area(bounds=None, crs="utm", geometry=whole)
    assert one.grid == other.grid
    assert one.footprint.equals(other.footprint)


def test_a_footprint_across_the_antimeridian_has_two_parts() -> None:
    found = area(bounds=(179.9, -17, 180.1, -16.9), crs="utm").footprint
    assert found.bounds[0] == -180.0
    assert found.bounds[2] == 180.0
    assert found.area == pytest.approx(0.02, rel=0.1)
