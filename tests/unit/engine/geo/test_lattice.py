"""The lattice is true to PROJ, and the same whatever window is asked for."""

from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from numpy.typing import NDArray

from engine.geo import crs
from engine.geo.lattice import QUANTUM, lattice
from engine.geo.resolve import xyz_grid
from engine.geo.scale import overview, scale
from engine.geo.support import source_window
from engine.reference.warp import coordinates
from swath.grid import Affine, Grid, Shape2d, Window

SCENE = Grid("EPSG:32633", Affine(10, 0, 300_000, 0, -10, 5_900_040), Shape2d(10980, 10980))
WORLD = Grid("EPSG:4326", Affine(0.1, 0, -180, 0, -0.1, 90), Shape2d(1800, 3600))


def exact(source: Grid, target: Grid, window: Window) -> NDArray[np.float64]:
    """Coordinates by PROJ for every pixel; nan outside of the source."""
    col, row = np.meshgrid(
        window.col + 0.5 + np.arange(window.cols), window.row + 0.5 + np.arange(window.rows)
    )
    t = target.transform
    x, y = crs.transform(
        target.crs, source.crs, t.a * col + t.b * row + t.c, t.d * col + t.e * row + t.f
    )
    i = source.transform.inverse()
    with np.errstate(invalid="ignore"):
        u, v = i.a * x + i.b * y + i.c, i.d * x + i.e * y + i.f
        held = (u >= 0) & (u < source.shape.x) & (v >= 0) & (v < source.shape.y)
    return np.where(held, np.stack([u, v]), np.nan)


TARGETS = {
    "tile z14": (SCENE, xyz_grid(8800, 5370, 14)),
    "tile z10": (overview(SCENE, Shape2d(1373, 1373)), xyz_grid(550, 335, 10)),
    "tile z5": (overview(SCENE, Shape2d(37, 37)), xyz_grid(17, 10, 5)),
    "tile z2 of the world": (WORLD, xyz_grid(2, 1, 2)),
    "tile z0 of the world": (overview(WORLD, Shape2d(180, 360)), xyz_grid(0, 0, 0)),
    "degrees": (SCENE, Grid("EPSG:4326", Affine(1e-4, 0, 12.3, 0, -1e-4, 53), Shape2d(300, 300))),
    "polar": (
        WORLD,
        Grid("EPSG:3413", Affine(2e4, 0, -3e6, 0, -2e4, 3e6), Shape2d(300, 300)),
    ),
    "next zone": (SCENE, Grid("EPSG:32632", Affine(10, 0, 8e5, 0, -10, 5.85e6), Shape2d(200, 200))),
    "rotated": (
        SCENE,
        Grid("EPSG:3857", Affine(12, 5, 1487158, 5, -12, 6902569), Shape2d(200, 200)),
    ),
}


@pytest.mark.parametrize("name", TARGETS)
def test_coordinates_are_within_a_twentieth_of_a_pixel(name: str) -> None:
    source, target = TARGETS[name]
    found = coordinates(lattice(source, target, target.whole))
    expected = exact(source, target, target.whole)
    both = ~np.isnan(found[0]) & ~np.isnan(expected[0])
    assert both.sum() > 100
    assert np.abs(found - expected)[:, both].max() < 0.05
    # Where they disagree on being inside, the pixel lies that close to the edge.
    edge = np.isnan(found[0]) != np.isnan(expected[0])
    assert edge.mean() < 0.01


@settings(max_examples=60, deadline=None)
@given(name=st.sampled_from(sorted(TARGETS)), data=st.data())
def test_a_window_has_the_coordinates_of_the_whole(name: str, data: st.DataObject) -> None:
    source, target = TARGETS[name]
    rows, cols = target.shape
    row, col = data.draw(st.integers(0, rows - 1)), data.draw(st.integers(0, cols - 1))
    window = Window(
        row, col, data.draw(st.integers(1, rows - row)), data.draw(st.integers(1, cols - col))
    )
    whole = coordinates(lattice(source, target, target.whole))
    part = coordinates(lattice(source, target, window))
    cut = whole[:, row : row + window.rows, col : col + window.cols]
    assert part.tobytes() == np.ascontiguousarray(cut).tobytes()


@settings(max_examples=60, deadline=None)
@given(name=st.sampled_from(sorted(TARGETS)), data=st.data())
def test_the_source_window_holds_every_coordinate_and_little_more(
    name: str, data: st.DataObject
) -> None:
    source, target = TARGETS[name]
    rows, cols = target.shape
    row, col = data.draw(st.integers(0, rows - 1)), data.draw(st.integers(0, cols - 1))
    window = Window(row, col, min(40, rows - row), min(40, cols - col))
    found = source_window(source, target, window, "near", (1.0, 1.0))
    u, v = coordinates(lattice(source, target, window))
    if np.isnan(u).all():
        return
    assert found is not None
    assert found.col <= np.nanmin(u)
    assert np.nanmax(u) < found.col + found.cols
    assert found.row <= np.nanmin(v)
    assert np.nanmax(v) < found.row + found.rows
    if not np.isnan(u).any():
        assert found.cols <= np.ptp(u) + 5
        assert found.rows <= np.ptp(v) + 5


def test_equal_systems_need_no_proj_and_have_no_noise() -> None:
    west, north = 5271982.576551932, 2533004.2149151857
    source = Grid("EPSG:3035", Affine(10, 0, west, 0, -10, north), Shape2d(100, 100))
    target = Grid("EPSG:3035", Affine(20, 0, west - 20, 0, -20, north + 40), Shape2d(50, 50))
    found = coordinates(lattice(source, target, target.whole))
    assert np.isnan(found[:, :2]).all()
    assert found[0, 2:, 1:].tolist() == [list(range(1, 99, 2))] * 48


def test_coordinates_are_whole_quanta() -> None:
    source, target = TARGETS["tile z14"]
    found = coordinates(lattice(source, target, target.whole))
    assert (found / QUANTUM == np.round(found / QUANTUM)).all()


def test_points_without_a_place_are_outside() -> None:
    target = Grid(
        "+proj=ortho +lat_0=0 +lon_0=0", Affine(1e5, 0, -8e6, 0, -1e5, 8e6), Shape2d(160, 160)
    )
    found = coordinates(lattice(WORLD, target, target.whole))
    assert np.isnan(found[:, 0, 0]).all()
    assert not np.isnan(found[:, 80, 80]).any()
    row, col = np.mgrid[:160, :160]
    radius = np.hypot(row - 79.5, col - 79.5) * 1e5
    assert np.isnan(found[0][radius > 6.38e6]).all()
    assert not np.isnan(found[0][radius < 6.3e6]).any()


@pytest.mark.parametrize("west", [-190.0, 170.0, 350.0])
def test_longitudes_are_the_same_after_a_turn(west: float) -> None:
    target = Grid("EPSG:4326", Affine(0.1, 0, west, 0, -0.1, 10), Shape2d(10, 200))
    found = coordinates(lattice(WORLD, target, target.whole))
    expected = (10 * (west + 180) + 0.5 + np.arange(200)) % 3600
    assert np.abs(found[0] - expected).max() < 1e-5


def test_a_tile_beside_the_antimeridian_sees_a_scene_beyond_it() -> None:
    scene = Grid("EPSG:32601", Affine(60, 0, 300_000, 0, -60, 6_000_000), Shape2d(1000, 1000))
    target = Grid("EPSG:4326", Affine(0.01, 0, 179.0, 0, -0.01, 54.0), Shape2d(40, 200))
    found = coordinates(lattice(scene, target, target.whole))
    assert not np.isnan(found[0, :, 100:]).all()


def test_the_scale_is_the_ratio_of_pixels() -> None:
    target = Grid("EPSG:32633", Affine(20, 0, 7, 0, -30, 3), Shape2d(1, 1))
    assert scale(SCENE, target) == (2.0, 3.0)


def test_the_scale_does_not_depend_on_where_the_target_is() -> None:
    near, far = xyz_grid(8800, 5370, 14), xyz_grid(1, 1, 14)
    assert scale(SCENE, near) == scale(SCENE, far)


def test_the_scale_of_a_grid_turned_by_a_right_angle_is_that_of_its_pixels() -> None:
    target = Grid("EPSG:32633", Affine(0, 20, 0, 30, 0, 0), Shape2d(1, 1))
    assert scale(SCENE, target) == (20 / 10, 30 / 10)


def test_web_mercator_pixels_shrink_with_latitude() -> None:
    x, y = scale(SCENE, xyz_grid(8800, 5370, 14))
    assert x == pytest.approx(0.955462 * np.cos(np.radians(52.7)), rel=0.01)
    assert y == pytest.approx(x, rel=0.01)


def test_the_scale_of_a_source_without_a_place_in_the_target_is_1() -> None:
    disk = crs.normalise("+proj=ortho +lat_0=0 +lon_0=0")
    behind = Grid("EPSG:4326", Affine(0.1, 0, 179, 0, -0.1, 1), Shape2d(10, 10))
    assert scale(behind, Grid(disk, Affine(1, 0, 0, 0, -1, 0), Shape2d(1, 1))) == (1.0, 1.0)


def test_an_overview_covers_the_same_extent() -> None:
    found = overview(SCENE, Shape2d(1373, 1372))
    assert found.shape == Shape2d(1373, 1372)
    assert found.bounds == pytest.approx(SCENE.bounds)
