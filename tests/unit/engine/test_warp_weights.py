"""Kernels of the resamplings: their shapes, and that they are those of the literature."""

from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from engine.reference.weights import BOX, KINDS, cubic, lanczos, linear, overlap, spline, weight

FRACTION = st.integers(0, 2**20 - 1).map(lambda n: n * 2.0**-20)


@given(centre=FRACTION, kind=st.sampled_from(["bilinear", "cubic", "cubicspline"]))
def test_weights_sum_to_one(centre: float, kind: str) -> None:
    taps = np.arange(-4.0, 6.0)
    assert weight(KINDS[kind], centre, taps, 1.0).sum() == pytest.approx(1.0, abs=1e-12)


@given(centre=FRACTION, kind=st.sampled_from(["bilinear", "cubic"]))
def test_a_slope_is_kept(centre: float, kind: str) -> None:
    taps = np.arange(-4.0, 6.0)
    found = (weight(KINDS[kind], centre, taps, 1.0) * (taps + 0.5)).sum()
    assert found == pytest.approx(centre, abs=1e-12)


@pytest.mark.parametrize("shape", [linear, cubic, lanczos])
def test_interpolating_kernels_are_one_at_the_centre_and_zero_at_other_pixels(
    shape: object,
) -> None:
    assert callable(shape)
    assert shape(np.array([0.0, 1.0, 2.0, 3.0, 4.0])).tolist() == [1, 0, 0, 0, 0]


def test_lanczos_is_the_product_of_two_sincs() -> None:
    d = np.linspace(0.0, 3.5, 10_001)
    expected = np.where(d < 3.0, np.sinc(d) * np.sinc(d / 3.0), 0.0)
    assert np.abs(lanczos(d) - expected).max() < 2e-15


def test_the_spline_is_positive_and_smooths() -> None:
    assert (spline(np.linspace(0, 2.5, 1000)) >= 0).all()
    assert spline(np.array(0.0)) == pytest.approx(2 / 3)


@given(centre=FRACTION, width=st.floats(0.01, 40.0))
def test_a_box_covers_its_width(centre: float, width: float) -> None:
    taps = np.arange(-25.0, 26.0)
    assert overlap(centre, taps, width).sum() == pytest.approx(width)


def test_a_box_twice_as_wide_covers_two_pixels() -> None:
    assert weight(BOX, 1.0, np.arange(-1.0, 3.0), 2.0).tolist() == [0, 1, 1, 0]


def test_a_kernel_is_widened_by_the_scale() -> None:
    assert weight(KINDS["bilinear"], 0.5, np.arange(-2.0, 3.0), 2.0).tolist() == [
        0.0, 0.5, 1.0, 0.5, 0.0,
    ]  # fmt: skip
