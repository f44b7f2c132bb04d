"""GeoJSON becomes a valid area, or one clear error; broken real-world files included."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import numpy as np
import pytest

from engine.geo.geometry import contiguous, parse
from engine.geo.resolve import resolve
from swath.errors import InvalidGeoContext
from swath.geocontext import GeoContextValue

SQUARE: list[list[float]] = [[15, 46], [15.1, 46], [15.1, 46.1], [15, 46.1], [15, 46]]


def text(kind: str = "Polygon", **members: Any) -> str:
    return json.dumps({"type": kind} | members)


def rings(*coordinates: Any) -> str:
    return text(coordinates=list(coordinates))


def test_a_polygon_is_taken_as_it_is() -> None:
    assert parse(rings(SQUARE)).area == pytest.approx(0.01)


def test_heights_are_left_out() -> None:
    assert parse(rings([[*p, 200.0] for p in SQUARE])).area == pytest.approx(0.01)


@pytest.mark.parametrize("ring", [SQUARE[::-1], SQUARE[:-1]], ids=["clockwise", "unclosed"])
def test_harmless_faults_of_rings_are_repaired(ring: list[list[float]]) -> None:
    assert parse(rings(ring)).equals(parse(rings(SQUARE)))


def test_a_bowtie_is_taken_apart() -> None:
    bowtie = [[15, 46], [15.1, 46.1], [15.1, 46], [15, 46.1], [15, 46]]
    assert parse(rings(bowtie)).area == pytest.approx(0.005)


def test_a_hole_outside_of_its_shell_is_no_area() -> None:
    hole = [[x + 1, y] for x, y in SQUARE]
    assert parse(rings(SQUARE, hole)).equals(parse(rings(SQUARE)))


def test_overlapping_parts_are_joined() -> None:
    shifted = [[x + 0.05, y] for x, y in SQUARE]
    found = parse(text("MultiPolygon", coordinates=[[SQUARE], [shifted]]))
    assert found.area == pytest.approx(0.015)


def test_features_and_collections_are_their_polygons() -> None:
    square = json.loads(rings(SQUARE))
    feature = {"type": "Feature", "properties": {"[{": "}"}, "geometry": square}
    assert parse(json.dumps(feature)).area == pytest.approx(0.01)
    assert parse(text("FeatureCollection", features=[feature, feature])).area == pytest.approx(0.01)
    assert parse(text("GeometryCollection", geometries=[square])).area == pytest.approx(0.01)


@pytest.mark.parametrize(
    ("given", "word"),
    [
        ("", "JSON"),
        ("{", "JSON"),
        ("null", "Polygon"),
        ("[]", "Polygon"),
        ("3", "Polygon"),
        ('{"type": ["Polygon"]}', "Polygon"),
        (text("Point", coordinates=[15, 46]), "area"),
        (text("LineString", coordinates=SQUARE), "area"),
        (text("Polygon"), "empty"),
        (text(coordinates=[]), "empty"),
        (text("MultiPolygon", coordinates=[]), "empty"),
        (text("MultiPolygon", coordinates=[[]]), "ring"),
        (text("FeatureCollection"), "features"),
        (text("Feature", geometry=None), "without a geometry"),
        (text(coordinates={"a": 1}), "coordinates"),
        (rings([]), "three"),
        (rings(5), "list"),
        (rings([[15, 46], [15.1, 46], [15, 46]]), "three"),
        (rings([[15, 46], [15.1, 46], [15.2, 46], [15, 46]]), "no area"),
        (rings([["15", "46"], *SQUARE]), "two numbers"),
        (rings([[True, False], *SQUARE]), "two numbers"),
        (rings([[15], *SQUARE]), "position"),
        (rings([None, *SQUARE]), "position"),
        (rings([[10**400, 46], *SQUARE]), "finite"),
        ('{"type":"Polygon","coordinates":[[[1e999,0],[1,0],[1,1]]]}', "finite"),
        ('{"type":"Polygon","coordinates":[[[NaN,0],[1,0],[1,1]]]}', "NaN"),
        (rings([[1e6, 5e6], [1.1e6, 5e6], [1.1e6, 5.1e6], [1e6, 5e6]]), "degrees"),
        (rings([[46, 95], [46, 96], [47, 96], [46, 95]]), "longitude first"),
        ("[" * 100_000, "deep"),
        (" " * (9 * 1024 * 1024), "characters"),
    ],
)
def test_what_is_no_area_is_refused(given: str, word: str) -> None:
    with pytest.raises(InvalidGeoContext, match=word) as raised:
        parse(given)
    assert len(str(raised.value)) < 200


def test_many_vertices_are_fine() -> None:
    angle = np.linspace(0, 2 * np.pi, 100_000, endpoint=False)
    ring = np.column_stack([15 + np.cos(angle), 46 + np.sin(angle)]).tolist()
    assert parse(rings(ring)).area == pytest.approx(np.pi, rel=1e-6)


def test_a_tangle_is_refused_before_it_costs_much() -> None:
    points = np.random.default_rng(1).uniform(0, 1, (20_000, 2)).tolist()
    with pytest.raises(InvalidGeoContext, match="simplify"):
        parse(rings(points))


def test_parts_on_both_sides_of_the_antimeridian_become_one() -> None:
    east = [[179, 0], [180, 0], [180, 1], [179, 1], [179, 0]]
    west = [[-180, 0], [-179, 0], [-179, 1], [-180, 1], [-180, 0]]
    found = contiguous(parse(text("MultiPolygon", coordinates=[[east], [west]])))
    assert found.bounds == (179.0, 0.0, 181.0, 1.0)


@pytest.mark.parametrize(
    ("name", "outcome"),
    [
        ("antimeridian", 0.02),
        ("bowtie", 0.005),
        ("clockwise", 0.01),
        ("hole_outside", 0.01),
        ("sliver_subpixel", 1e-10),
        ("swapped_axes", 0.01),
        ("unclosed", 0.01),
        ("vertices_20000", 0.00789),
        ("empty_polygon", "empty"),
        ("geometry_collection", "Point"),
        ("nan", "NaN"),
        ("null_geometry", "without a geometry"),
        ("out_of_range", "degrees"),
        ("three_points", "three"),
        ("zero_area", "no area"),
        ("pole", "UTM"),
    ],
)
def test_broken_files_give_an_area_or_one_clear_error(
    shared_data: Path, name: str, outcome: float | str
) -> None:
    path = shared_data / "broken" / "vector" / f"{name}.geojson"
    value = GeoContextValue(geometry=path.read_text("utf-8"), crs="utm", resolution=100.0)
    if isinstance(outcome, str):
        with pytest.raises(InvalidGeoContext, match=outcome):
            resolve(value)
    else:
        assert resolve(value).footprint.area == pytest.approx(outcome, rel=1e-3)
