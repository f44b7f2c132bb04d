"""Systems are known by one text, and only horizontal ones are taken."""

from __future__ import annotations

import numpy as np
import pyproj
import pytest

from engine.geo import crs
from swath.errors import InvalidGeoContext

MARS = "IAU_2015:49910"


@pytest.mark.parametrize(
    ("text", "name"),
    [
        ("EPSG:32633", "EPSG:32633"),
        ("epsg:32633", "EPSG:32633"),
        ("4326", "EPSG:4326"),
        ("+proj=utm +zone=33 +datum=WGS84", "EPSG:32633"),
        (pyproj.CRS(3857).to_wkt("WKT1_GDAL"), "EPSG:3857"),
        (pyproj.CRS(32633).to_json(), "EPSG:32633"),
    ],
)
def test_a_system_with_a_code_is_known_by_it(text: str, name: str) -> None:
    assert crs.normalise(text) == name


def test_a_system_without_a_code_is_known_by_its_wkt() -> None:
    name = crs.normalise("+proj=laea +lat_0=10 +lon_0=20")
    assert name.startswith("PROJCRS[")
    assert crs.normalise(name) == name


def test_a_datum_shift_is_not_dropped_for_a_code() -> None:
    name = crs.normalise("+proj=utm +zone=33 +ellps=intl +towgs84=-87,-98,-121")
    assert name.startswith("BOUNDCRS[")


@pytest.mark.parametrize(
    "text",
    [
        "nonsense",
        "",
        "  ",
        "EPSG:999999",
        "EPSG:4979",
        "EPSG:4978",
        "EPSG:7415",
        "EPSG:5703",
        'LOCAL_CS["x",UNIT["metre",1]]',
        "{}",
        "[1]",
        "null",
        "\x00",
        "x" * 40_000,
        "+init=epsg:4326",
        "+proj=utm +zone=33 +ellps=intl +nadgrids=/etc/hostname",
    ],
)
def test_what_is_no_horizontal_system_is_refused(text: str) -> None:
    with pytest.raises(InvalidGeoContext) as raised:
        crs.normalise(text)
    assert len(str(raised.value)) < 250


def test_the_error_names_the_text() -> None:
    with pytest.raises(InvalidGeoContext, match="'EPSG:999999'"):
        crs.normalise("EPSG:999999")


@pytest.mark.parametrize(
    ("name", "unit", "geographic"),
    [("EPSG:4326", "degree", True), ("EPSG:32633", "metre", False)],
)
def test_units_are_named(name: str, unit: str, geographic: bool) -> None:
    assert crs.units(name) == unit
    assert crs.is_geographic(name) is geographic


def test_systems_are_the_same_whatever_their_axis_order() -> None:
    assert crs.same("EPSG:4326", "OGC:CRS84")
    assert crs.same("EPSG:32633", "+proj=utm +zone=33 +datum=WGS84")
    assert not crs.same("EPSG:32633", "EPSG:32634")


def test_no_system_is_the_same_as_no_other() -> None:
    assert crs.same("", "")
    assert not crs.same("", "EPSG:4326")


def test_x_is_longitude_in_transforms() -> None:
    x, y = crs.transform("EPSG:4326", "EPSG:32633", [15.0], [46.0])
    assert x[0] == pytest.approx(500_000.0, abs=1e-6)
    assert y[0] == pytest.approx(5_094_047.5, abs=0.1)


def test_there_is_no_way_from_another_planet() -> None:
    with pytest.raises(InvalidGeoContext, match=r"no way .* 'WGS 84'"):
        crs.transform(crs.normalise(MARS), crs.WGS84, [0.0], [0.0])


def test_a_point_without_a_place_is_at_infinity() -> None:
    x, _ = crs.transform("EPSG:4326", "+proj=ortho +lat_0=0 +lon_0=0", [180.0], [0.0])
    assert np.isinf(x[0])


@pytest.mark.parametrize(
    ("lon", "lat", "zone"),
    [
        (15.0, 46.0, "EPSG:32633"),
        (-180.0, 1.0, "EPSG:32601"),
        (179.99, -1.0, "EPSG:32760"),
        (180.0, 0.0, "EPSG:32601"),
    ],
)
def test_the_utm_zone_is_the_six_degree_strip(lon: float, lat: float, zone: str) -> None:
    assert crs.utm_zone(lon, lat) == zone


def test_there_is_no_utm_zone_near_the_poles() -> None:
    with pytest.raises(InvalidGeoContext, match="3413"):
        crs.utm_zone(0.0, 86.0)
