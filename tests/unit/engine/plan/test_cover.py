"""How many pixels of a grid a source can give."""

from __future__ import annotations

from engine.plan.cover import covered_pixels
from swath.grid import Affine, Grid, Shape2d

SOURCE = Grid("EPSG:32633", Affine(10.0, 0.0, 500000.0, 0.0, -10.0, 5000000.0), Shape2d(100, 100))


def test_the_grid_of_the_source_is_covered() -> None:
    assert covered_pixels(SOURCE, SOURCE) == 100 * 100


def test_a_large_grid_is_covered_where_the_source_is() -> None:
    wide = Grid(
        "EPSG:32633", Affine(10.0, 0.0, 400000.0, 0.0, -10.0, 5100000.0), Shape2d(30000, 30000)
    )
    assert 100 * 100 <= covered_pixels(SOURCE, wide) <= 105 * 105


def test_a_grid_elsewhere_is_not_covered() -> None:
    far = Grid("EPSG:32633", Affine(10.0, 0.0, 700000.0, 0.0, -10.0, 5000000.0), Shape2d(9, 9))
    assert covered_pixels(SOURCE, far) == 0


def test_a_grid_of_another_system_is_covered_where_the_source_is() -> None:
    world = Grid(
        "EPSG:4326", Affine(0.001, 0.0, -180.0, 0.0, -0.001, 90.0), Shape2d(180000, 360000)
    )
    assert 9 * 12 <= covered_pixels(SOURCE, world) <= 20 * 20


def test_where_the_outline_cannot_be_told_all_is_covered() -> None:
    globe = Grid("EPSG:4326", Affine(1.0, 0.0, -180.0, 0.0, -1.0, 90.0), Shape2d(180, 360))
    mercator = Grid("EPSG:3857", Affine(1e5, 0.0, -2e7, 0.0, -1e5, 2e7), Shape2d(400, 400))
    assert covered_pixels(globe, mercator) == 400 * 400
