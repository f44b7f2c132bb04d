"""The definition of reductions, rule by rule of docs/semantics.md."""

from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from engine.geo.stack import Stack
from engine.reference.elementwise import DTYPES
from engine.reference.reduce import REDUCTIONS, over_bands, over_stack, result_dtype
from swath.errors import InternalError


def column(values: list[float], dtype: str = "float64", mask: list[int] | None = None) -> Stack:
    hidden = None if mask is None else np.array(mask, np.uint8).reshape(-1, 1, 1)
    return Stack(np.array(values, dtype).reshape(-1, 1, 1), hidden)


@pytest.mark.parametrize("kind", REDUCTIONS)
@pytest.mark.parametrize("dtype", DTYPES)
def test_every_reduction_gives_the_dtype_of_the_table(kind: str, dtype: str) -> None:
    result = over_stack(kind, [column([1, 0, 1], dtype)])
    assert result.values.dtype == result_dtype(kind, np.dtype(dtype))


def test_an_unknown_reduction_is_a_bug() -> None:
    with pytest.raises(InternalError):
        over_stack("mode", [column([1.0])])


ORACLES = [
    ("min", np.min), ("max", np.max), ("sum", np.sum), ("mean", np.mean), ("std", np.std),
    ("median", np.median), ("count", len),
]  # fmt: skip


@pytest.mark.parametrize(("kind", "oracle"), ORACLES)
@settings(max_examples=50, deadline=None)
@given(data=st.data())
def test_reductions_of_valid_samples_are_those_of_numpy(kind, oracle, data) -> None:
    numbers = st.floats(-1e6, 1e6)
    values = data.draw(st.lists(numbers, min_size=1, max_size=20))
    mask = data.draw(st.lists(st.integers(0, 1), min_size=len(values), max_size=len(values)))
    result = over_stack(kind, [column(values, "float64", mask)])
    valid = [v for v, m in zip(values, mask, strict=True) if not m]
    if not valid and kind != "count":
        assert result.mask is not None and result.mask.all() and not result.values.any()
    else:
        wanted = oracle(valid) if valid else 0
        assert result.values.item() == pytest.approx(wanted, rel=1e-9, abs=1e-6)


def test_samples_of_bands_and_images_are_pooled_image_by_image() -> None:
    stacks = [column([1, 2]), column([10, 20])]
    assert over_stack("first", stacks).values.item() == 1
    assert over_stack("last", stacks).values.item() == 20
    assert over_bands("first", stacks).values.ravel().tolist() == [1, 2]


def test_the_median_of_an_even_number_is_rounded_once() -> None:
    result = over_stack("median", [column([16777215, 16777216], "float32")])
    assert result.values.item() == np.float32(16777215.5)


def test_the_deviation_of_one_sample_is_zero() -> None:
    assert over_stack("std", [column([7.25])]).values.item() == 0.0


def test_a_sum_that_overflows_is_masked() -> None:
    result = over_stack("sum", [column([1.7e308, 1.7e308])])
    assert result.mask is not None and result.mask.item() == 1


def test_samples_that_are_not_finite_take_no_part() -> None:
    assert over_stack("count", [column([1.0, np.inf, np.nan])]).values.item() == 1
