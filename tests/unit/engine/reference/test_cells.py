"""The definition of reductions over pixels: order, windows, and what nothing gives."""

from __future__ import annotations

import numpy as np
import pytest

from engine.reference import cells
from swath.grid import Window


def test_neighbours_are_added_first_and_an_odd_last_one_is_kept() -> None:
    assert cells.pairs(np.array([1e16, 1.0, 1.0, 1.0, 1.0])).item() == 1e16 + 4.0
    assert cells.pairs(np.array([1.0, 1.0, 1e16])).item() == 1e16 + 2.0
    assert cells.pairs(np.array([1e16, 1.0, 1.0])).item() == 1e16


def test_rows_of_a_cell_are_added_from_top_to_bottom() -> None:
    values = np.array([[1e16], [1.0], [1.0]])
    assert cells.fold("sum", values, None, Window(0, 0, 3, 1))[0, 0, 1] == 1e16
    assert cells.fold("sum", values[::-1], None, Window(0, 0, 3, 1))[0, 0, 1] == 1e16 + 2.0


def test_a_window_that_cuts_cells_is_a_bug() -> None:
    with pytest.raises(AssertionError, match="cuts cells"):
        cells.fold("sum", np.zeros((9, 9)), None, Window(5, 0, 9, 9))


def test_windows_at_the_edge_of_the_grid_have_smaller_cells() -> None:
    assert cells.fold("count", np.zeros((300, 520)), None, Window(256, 0, 300, 520)).shape == (
        2,
        3,
        3,
    )


@pytest.mark.parametrize("kind", cells.KINDS)
def test_no_samples_have_no_value(kind: str) -> None:
    partials = cells.fold(kind, np.ones((2, 2)), np.ones((2, 2), np.uint8), Window(0, 0, 2, 2))
    assert cells.combine(kind, partials[None]) == (0.0 if kind == "count" else None)


def test_planes_add_one_after_another() -> None:
    partials = np.array([[1.0, 1e16, 0.0], [1.0, 1.0, 0.0], [1.0, 1.0, 0.0]]).reshape(3, 1, 1, 3)
    assert cells.combine("sum", partials) == 1e16
    assert cells.combine("sum", partials.reshape(1, 3, 1, 3)) == 1e16
    assert cells.combine("sum", partials[::-1]) == 1e16 + 2.0


def test_the_deviation_of_two_groups_is_that_of_all() -> None:
    rng = np.random.default_rng(0)
    values = rng.normal(100, 3, (300, 900))
    partials = cells.fold("std", values, None, Window(0, 0, 300, 900))
    assert cells.combine("std", partials[None]) == pytest.approx(values.std(), rel=1e-12)


def test_the_median_of_pixels_is_the_mean_of_the_middle_two() -> None:
    parts = [cells.gather(np.array([[4, 1]]), None), cells.gather(np.array([[3, 2]]), None)]
    assert cells.median(parts) == 2.5
    assert cells.median([]) is None
