"""How a level is cut into the units that are decoded and cached at once."""

from __future__ import annotations

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from engine.sources.level import Level, unit_shape
from swath.grid import Affine, Grid, Shape2d, Window

SIDES = st.integers(1, 600)


@settings(max_examples=200, deadline=None)
@given(SIDES, SIDES, SIDES, SIDES, st.sampled_from([1, 2, 8]))
def test_a_unit_is_whole_blocks_and_at_most_4_mib_or_one_block(
    rows: int, cols: int, block_rows: int, block_cols: int, size: int
) -> None:
    unit = unit_shape(Shape2d(rows, cols), Shape2d(block_rows, block_cols), size)
    assert unit.y % block_rows == unit.x % block_cols == 0
    assert unit.y * unit.x * size <= 4 * 1024**2 or unit.y == block_rows


@pytest.mark.parametrize(
    ("shape", "block", "unit"),
    [
        ((5000, 5000), (512, 512), (512, 512)),
        ((5000, 5000), (16, 16), (64, 64)),
        ((5000, 800), (1, 800), (32, 800)),
        ((404, 456), (8, 456), (32, 456)),
        ((100, 100), (128, 128), (128, 128)),
        ((10, 10), (1, 10), (10, 10)),
    ],
)
def test_tiles_are_units_and_thin_strips_are_grouped(
    shape: tuple[int, int], block: tuple[int, int], unit: tuple[int, int]
) -> None:
    assert unit_shape(Shape2d(*shape), Shape2d(*block), 2) == unit


@settings(max_examples=200, deadline=None)
@given(st.integers(0, 290), st.integers(0, 190), st.integers(1, 300), st.integers(1, 200))
def test_the_units_of_a_window_cover_it_and_each_meets_it(
    row: int, col: int, rows: int, cols: int
) -> None:
    level = Level(None, Shape2d(300, 200), Shape2d(64, 48), ("uint8",))
    window = Window(row, col, min(rows, 300 - row), min(cols, 200 - col))
    seen = set()
    for place in level.units(window):
        unit = level.unit_window(*place)
        inside = [
            (y, x)
            for y in range(max(unit.row, window.row), min(unit.row + unit.rows, row + window.rows))
            for x in (max(unit.col, window.col), min(unit.col + unit.cols, col + window.cols) - 1)
        ]
        assert inside
        seen.update(inside)
    for corner in ((row, col), (row + window.rows - 1, col + window.cols - 1)):
        assert corner in seen


def test_an_overview_covers_the_area_of_the_file_by_the_exact_ratio() -> None:
    full = Grid("EPSG:32633", Affine(10, 0, 5e5, 0, -10, 5e6), Shape2d(101, 201))
    level = Level(0, Shape2d(51, 101), Shape2d(51, 101), ("uint8",))
    assert level.grid(full).bounds == pytest.approx(full.bounds, abs=1e-6)
    assert level.grid(full).shape == (51, 101)
