"""A geocontext that covers the images of a product."""

from __future__ import annotations

from dataclasses import replace

from engine.geo.resolve import resolve
from inspect_server.cover import covering_geocontext
from swath.grid import Affine, Grid, Shape2d

UTM33 = Grid("EPSG:32633", Affine(30.0, 0, 300_000.0, 0, -30.0, 5_100_000.0), Shape2d(100, 200))


def moved(grid: Grid, cols: float, rows: float) -> Grid:
    return replace(grid, transform=grid.transform @ Affine(1, 0, cols, 0, 1, rows))


def test_one_grid_for_all_is_given_exactly():
    where = covering_geocontext([UTM33, UTM33])
    assert where is not None
    assert resolve(where).grid == UTM33


def test_several_grids_are_covered_to_the_pixel():
    where = covering_geocontext([UTM33, moved(UTM33, 50, -20)])
    assert where is not None
    grid = resolve(where).grid
    assert grid.bounds == (300_000.0, 5_097_000.0, 307_500.0, 5_100_600.0)
    assert grid.resolution == (30.0, 30.0)


def test_the_finest_resolution_is_taken():
    coarse = Grid("EPSG:32633", Affine(60.0, 0, 300_000.0, 0, -60.0, 5_100_000.0), Shape2d(50, 50))
    where = covering_geocontext([coarse, UTM33])
    assert where is not None
    assert where.resolution == 30.0


def test_the_crs_of_most_images_is_taken():
    other = replace(UTM33, crs="EPSG:32634")
    where = covering_geocontext([other, UTM33, UTM33])
    assert where is not None
    assert where.crs == "EPSG:32633"


def test_grids_without_a_place_are_not_covered():
    assert covering_geocontext([replace(UTM33, crs="")]) is None
    assert covering_geocontext([]) is None
