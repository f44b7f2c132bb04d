"""Rule D1 and rule M1 pixel by pixel."""

from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from engine.sources.physical import no_data, physical


@pytest.mark.parametrize(
    ("dtype", "expected"),
    [("uint8", "float32"), ("int16", "float32"), ("float32", "float32"),
     ("int32", "float64"), ("uint64", "float64"), ("float64", "float64")],
)  # fmt: skip
def test_d1_scaled_values_have_the_float_class_of_the_stored_dtype(
    dtype: str, expected: str
) -> None:
    assert physical(np.ones((2, 2), dtype), 0.5, 0.0).dtype == expected


def test_d1_unscaled_values_keep_their_dtype_and_bits() -> None:
    values = np.array([[2**63 - 1, -(2**63)]], np.int64)
    assert physical(values, 1.0, 0.0) is values


def test_d1_half_floats_are_read_as_float32() -> None:
    assert physical(np.ones((1, 1), np.float16), 1.0, 0.0).dtype == np.float32


@settings(max_examples=200, deadline=None)
@given(
    st.integers(0, 65535),
    st.floats(-1e3, 1e3, allow_subnormal=False).filter(lambda v: v not in (0.0, 1.0)),
    st.floats(-1e3, 1e3, allow_subnormal=False),
)
def test_d1_the_scale_is_applied_in_float64_and_rounded_once(
    stored: int, scale: float, offset: float
) -> None:
    got = physical(np.array([[stored]], np.uint16), scale, offset)
    assert got[0, 0] == np.float32(stored * scale + offset)


def test_m1_nodata_and_nan_are_masked_and_nothing_else() -> None:
    values = np.array([[0.0, np.nan, np.inf, -9999.0]], np.float32)
    mask = no_data(values, -9999.0)
    assert mask is not None
    assert mask.tolist() == [[0, 1, 0, 1]]


@pytest.mark.parametrize("nodata", [None, float("nan"), -1.0, 256.0, 0.5, float("inf")])
def test_a_nodata_value_that_the_dtype_cannot_hold_masks_nothing(nodata: float | None) -> None:
    assert no_data(np.arange(256, dtype=np.uint8)[None], nodata) is None


def test_nodata_is_compared_as_the_dtype_stores_it() -> None:
    mask = no_data(np.array([[np.float32(0.1), 0.2]], np.float32), 0.1)
    assert mask is not None
    assert mask.tolist() == [[1, 0]]
