"""GeoContext: validated here as far as that needs no PROJ."""

from __future__ import annotations

import math
from typing import Any

import numpy as np
import pytest

import swath as wf
from swath.errors import InvalidGeoContext, TypeMismatch
from swath.geocontext import GeoContextValue
from swath.grid import Affine, Grid, Shape2d
from swath.types.like import value_like

GRID = Grid("EPSG:32633", Affine(10.0, 0.0, 5e5, 0.0, -10.0, 5e6), Shape2d(2, 2))
SQUARE = {"type": "Polygon", "coordinates": [[[0, 0], [1, 0], [1, 1], [0, 0]]]}
AREA: dict[str, Any] = {"bounds": (0, 0, 1, 1), "crs": "EPSG:4326"}


def test_an_area_is_kept_as_it_was_said() -> None:
    where = wf.GeoContext(bounds=[0, 1, 2, 3], crs="EPSG:32633", resolution=10, resampler="cubic")
    assert where.value == GeoContextValue(
        bounds=(0.0, 1.0, 2.0, 3.0), crs="EPSG:32633", resolution=10.0, resampler="cubic"
    )


def test_a_geometry_is_geojson_in_any_form() -> None:
    class Shape:
        __geo_interface__ = SQUARE

    text = '{"coordinates":[[[0,0],[1,0],[1,1],[0,0]]],"type":"Polygon"}'
    feature = {"type": "Feature", "geometry": SQUARE, "properties": {}}
    found = {
        wf.GeoContext(geometry=g, crs="EPSG:4326", shape=(2, 3)).value.geometry  # type: ignore[union-attr]
        for g in (SQUARE, text, feature, Shape())
    }
    assert found == {text}


@pytest.mark.parametrize(
    "said",
    [
        AREA,
        AREA | {"resolution": 1, "shape": (2, 2)},
        AREA | {"resolution": 0},
        AREA | {"resolution": math.nan},
        AREA | {"resolution": "10"},
        AREA | {"shape": (0, 2)},
        AREA | {"shape": (2.5, 2)},
        AREA | {"shape": 4},
        {"crs": "EPSG:4326", "resolution": 1},
        {"bounds": (0, 0, 1, 1), "resolution": 1},
        AREA | {"resolution": 1, "crs": ""},
        AREA | {"resolution": 1, "bounds": (0, 0, math.nan, 1)},
        AREA | {"resolution": 1, "bounds": (0, 0, math.inf, 1)},
        AREA | {"resolution": 1, "bounds": (0, 0, 10**400, 1)},
        AREA | {"resolution": 10**400},
        AREA | {"resolution": 1, "bounds": (0, 0, 1)},
        AREA | {"resolution": 1, "bounds": "abcd"},
        AREA | {"resolution": 1, "resampler": "nearest"},
        AREA | {"resolution": 1, "all_touched": "yes"},
        AREA | {"resolution": 1, "geometry": {"type": "Square"}},
        AREA | {"resolution": 1, "geometry": "not json"},
        AREA | {"resolution": 1, "geometry": {"type": "Point", "coordinates": [math.nan, 0]}},
    ],
)
def test_what_describes_no_grid_is_refused_with_the_line(said: dict[str, Any]) -> None:
    with pytest.raises(InvalidGeoContext) as caught:
        wf.GeoContext(**said)
    assert caught.value.where.line is not None


def test_a_tile_and_a_key_are_kept() -> None:
    assert wf.GeoContext.from_xyz_tile(1, 2, 3).value == GeoContextValue(tile=(1, 2, 3))
    key = "256:0:10.0:33:5:6"
    assert wf.GeoContext.from_dltile_key(key).value == GeoContextValue(key=key)
    with pytest.raises(InvalidGeoContext):
        wf.GeoContext.from_xyz_tile(8, 0, 3)
    with pytest.raises(InvalidGeoContext):
        wf.GeoContext.from_dltile_key("here")


def test_a_grid_is_kept_exactly() -> None:
    grid = Grid("EPSG:32633", Affine(10, 0, 5, 0, -10, 7), Shape2d(2, 3))
    value = wf.GeoContext.from_grid(grid).value
    assert value == GeoContextValue(crs="EPSG:32633", transform=(10, 0, 5, 0, -10, 7), shape=(2, 3))


def test_one_made_of_proxies_is_computed_by_the_server() -> None:
    where = wf.GeoContext(**AREA, resolution=wf.parameter("r", wf.Float))
    assert where.value is None
    assert str(where.expression.type) == "GeoContext"
    assert str(where.crs.expression.type) == "Str"


def test_like_gives_what_a_thing_says_of_itself() -> None:
    value = GeoContextValue(tile=(0, 0, 0))

    class Result:
        geocontext = value

    class Nowhere:
        geocontext = None

    assert wf.GeoContext.like(Result()).value == value
    assert value_like(value) is value
    with pytest.raises(InvalidGeoContext):
        wf.GeoContext.like(Nowhere())
    with pytest.raises(TypeMismatch):
        wf.GeoContext.like(3)


def test_like_needs_imagery_of_one_product() -> None:
    with pytest.raises(InvalidGeoContext, match="none"):
        wf.GeoContext.like(wf.Image.from_array(np.zeros((2, 2)), GRID))
    two = wf.ImageCollection.from_id("a").concat(wf.ImageCollection.from_id("b"))
    with pytest.raises(InvalidGeoContext, match="a, b"):
        wf.GeoContext.like(two)
