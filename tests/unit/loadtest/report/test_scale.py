"""Marks of axes are round numbers that hold all values."""

from __future__ import annotations

import pytest

from loadtest.report.scale import even, logarithmic, stretch


@pytest.mark.parametrize("most", [0.003, 0.97, 1.0, 7.0, 250.0, 12_345.0])
def test_an_even_scale_goes_from_nothing_to_a_round_number_beyond_the_largest(most):
    scale = even([0.0, most])
    assert scale.marks[0] == scale.low == 0.0
    assert most <= scale.high < most * 1.5
    assert scale.marks[-1] == pytest.approx(scale.high)
    assert 3 <= len(scale.marks) <= 8


@pytest.mark.parametrize("values", [[], [0.0]])
def test_an_even_scale_of_nothing_is_a_scale_all_the_same(values):
    assert even(values).place(0.0) == 0.0


def test_a_stretch_ends_where_its_values_do():
    scale = stretch(0.0, 6.3)
    assert (scale.low, scale.high) == (0.0, 6.3)
    assert scale.marks == (0.0, 2.0, 4.0, 6.0)


@pytest.mark.parametrize(
    ("values", "low", "high"),
    [
        ([1.7, 68.0], 1.0, 100.0),
        ([3.0], 2.0, 5.0),
        ([5.0], 5.0, 10.0),
        ([0.04, 2300.0], 0.02, 5000.0),
    ],
)
def test_a_logarithmic_scale_lies_between_round_numbers(values, low, high):
    scale = logarithmic(values)
    assert [scale.low, scale.high] == pytest.approx([low, high])
    assert len(scale.marks) >= 2


def test_equal_ratios_are_equally_far_apart():
    scale = logarithmic([1.0, 100.0])
    assert scale.place(1.0) == 0.0
    assert scale.place(10.0) == pytest.approx(0.5)
    assert scale.place(100.0) == 1.0


def test_what_has_no_place_lies_at_the_end_that_is_near():
    assert logarithmic([1.0, 10.0]).place(0.0) == 0.0
    assert even([1.0]).place(2.0) == 1.0
