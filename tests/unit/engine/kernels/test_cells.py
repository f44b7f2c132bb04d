"""Pixels pool to the bits of the reference, whatever windows they come in."""

from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from engine.kernels import cells as fast
from engine.reference import cells as slow
from engine.reference.elementwise import DTYPES
from swath.grid import Window
from tests.unit.engine.kernels.programs import mask, plane, same_bits

SEEDS = st.integers(0, 2**32 - 1)
SHAPES = ((1, 1), (3, 300), (257, 5), (256, 256), (300, 520), (20, 255))


def pixels(dtype: str, seed: int) -> tuple[np.ndarray, np.ndarray | None]:
    rng = np.random.default_rng(seed)
    shape = (1, *SHAPES[rng.integers(len(SHAPES))])
    hidden = mask(shape, rng)
    return plane(dtype, shape, rng)[0], None if hidden is None else hidden[0]


@pytest.mark.parametrize("kind", slow.KINDS)
@settings(max_examples=40, deadline=None)
@given(st.sampled_from(DTYPES), SEEDS)
def test_partials_have_the_bits_of_the_reference(kind: str, dtype: str, seed: int) -> None:
    values, hidden = pixels(dtype, seed)
    window = Window(256, 512, *values.shape)
    got = fast.fold(kind, values, hidden, window)
    assert same_bits(got, slow.fold(kind, values, hidden, window))


@pytest.mark.parametrize("kind", slow.KINDS)
@settings(max_examples=40, deadline=None)
@given(st.integers(1, 3), st.integers(1, 7), st.integers(1, 5), SEEDS)
def test_partials_combine_to_the_bits_of_the_reference(
    kind: str, planes: int, rows: int, cols: int, seed: int
) -> None:
    rng = np.random.default_rng(seed)
    partials = rng.normal(0, 9, (planes, rows, cols, 3))
    partials[..., 0] = rng.integers(0, 4, (planes, rows, cols))
    partials[..., 2] = np.abs(partials[..., 2])
    partials[partials[..., 0] == 0] = 0.0
    assert repr(fast.combine(kind, partials)) == repr(slow.combine(kind, partials))


@pytest.mark.parametrize("kind", slow.KINDS)
def test_a_reduction_does_not_depend_on_the_windows(kind: str) -> None:
    rng = np.random.default_rng(4)
    values, hidden = rng.normal(size=(700, 900)), (rng.random((700, 900)) < 0.2).astype(np.uint8)
    whole = fast.fold(kind, values, hidden, Window(0, 0, 700, 900))
    pasted = np.empty_like(whole)
    for window in (Window(0, 0, 512, 256), Window(0, 256, 512, 644), Window(512, 0, 188, 900)):
        at = np.s_[window.row : window.row + window.rows, window.col : window.col + window.cols]
        part = fast.fold(kind, values[at], hidden[at], window)
        row, col = window.row // 256, window.col // 256
        pasted[row : row + part.shape[0], col : col + part.shape[1]] = part
    assert same_bits(pasted, whole)


@pytest.mark.parametrize(
    ("kind", "oracle"),
    [("min", np.min), ("max", np.max), ("mean", np.mean), ("std", np.std), ("sum", np.sum)],
)
def test_reductions_agree_with_numpy(kind: str, oracle: object) -> None:
    rng = np.random.default_rng(5)
    values, hidden = rng.normal(3, 2, (600, 600)), rng.random((600, 600)) < 0.5
    partials = fast.fold(kind, values, hidden.astype(np.uint8), Window(0, 0, 600, 600))
    assert callable(oracle)
    assert fast.combine(kind, partials[None]) == pytest.approx(oracle(values[~hidden]), rel=1e-12)


def test_nothing_has_no_value_and_a_count_of_zero() -> None:
    hidden = np.ones((3, 4), np.uint8)
    for kind in slow.KINDS:
        partials = fast.fold(kind, np.ones((3, 4)), hidden, Window(0, 0, 3, 4))
        assert fast.combine(kind, partials[None]) == (0.0 if kind == "count" else None)
    assert fast.median([fast.gather(np.ones((3, 4)), hidden)]) is None


def test_the_sign_of_the_least_zero_is_that_of_the_first() -> None:
    values = np.array([[1.0, 5.0, -0.0], [0.0, 7.0, 0.0]])
    for kind in ("min", "max"):
        partials = fast.fold(kind, values if kind == "min" else -values, None, Window(0, 0, 2, 3))
        least = fast.combine(kind, partials[None])
        assert least is not None
        assert np.signbit(least) == (kind == "min")


@given(st.lists(st.lists(st.floats(allow_nan=False, allow_infinity=False)), max_size=4))
def test_the_median_of_pixels_is_that_of_the_reference(parts: list[list[float]]) -> None:
    arrays = [np.array(p, np.float64) for p in parts]
    assert fast.median(arrays) == slow.median(arrays)
