"""Rules D: dtypes on imagery."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import numpy as np
import pytest

import swath as wf
from swath.errors import InvalidArgument, TypeMismatch

from .conftest import image, pixels

Ask = Callable[..., Any]
NARROW = ["bool", "uint8", "int8", "uint16", "int16", "float32"]
WIDE = ["uint32", "int32", "uint64", "int64", "float64"]


def dtype_of(result: Any) -> str:
    """numpy name of a result's dtype."""
    return str(result.ndarray.dtype)


@pytest.mark.parametrize("dtype", NARROW + WIDE)
def test_d1_a_band_without_scale_keeps_its_dtype(ask: Ask, dtype: str) -> None:
    assert dtype_of(ask(image(1, dtype))) == dtype


@pytest.mark.parametrize("dtype", NARROW)
def test_d2_narrow_dtypes_compute_in_float32(ask: Ask, dtype: str) -> None:
    assert dtype_of(ask(image(1, dtype) * 2)) == "float32"


@pytest.mark.parametrize("dtype", WIDE)
def test_d2_wide_dtypes_compute_in_float64(ask: Ask, dtype: str) -> None:
    assert dtype_of(ask(image(1, dtype) * 2)) == "float64"


def test_d2_one_float64_makes_the_result_float64(ask: Ask) -> None:
    assert dtype_of(ask(image(1, "uint8") + image(1, "int32"))) == "float64"


def test_d3_unsigned_differences_are_signed(ask: Ask) -> None:
    assert pixels(ask(image(1, "uint16") - image(3, "uint16")))[0][0] == -2.0


def test_d3_sums_of_bytes_do_not_wrap(ask: Ask) -> None:
    assert pixels(ask(image(200, "uint8") + image(100, "uint8")))[0][0] == 300.0


def test_d3_bools_count_as_ones(ask: Ask) -> None:
    assert pixels(ask(image(1, "bool") + image(1, "bool")))[0][0] == 2.0


def test_d4_a_number_is_rounded_to_the_dtype_of_the_computation(ask: Ask) -> None:
    expected = float(np.float32(1) + np.float32(0.1))
    assert pixels(ask(image(1) + 0.1))[0][0] == expected


def test_d5_comparison_gives_bool(ask: Ask) -> None:
    result = ask(image(2) > 1)
    assert dtype_of(result) == "bool"
    assert pixels(result)[0][0] is True


def test_d5_large_integers_are_compared_exactly(ask: Ask) -> None:
    assert pixels(ask(image(2**53 + 1, "int64") == 2**53))[0][0] is False


def test_d5_large_unsigned_integers_are_compared_exactly(ask: Ask) -> None:
    assert pixels(ask(image(2**64 - 1, "uint64") > image(2**64 - 2, "uint64")))[0][0] is True


def test_d6_bools_are_logic(ask: Ask) -> None:
    result = ask((image(2) > 1) & (image(2) > 3))
    assert dtype_of(result) == "bool"
    assert pixels(result)[0][0] is False


def test_d6_integers_keep_the_wider_dtype(ask: Ask) -> None:
    assert dtype_of(ask(image(6, "uint8") & image(3, "uint16"))) == "uint16"


def test_d6_bits_of_a_quality_band(ask: Ask) -> None:
    result = ask((image(0b11010, "uint16") >> 3) & 1)
    assert dtype_of(result) == "uint16"
    assert pixels(result)[0][0] == 1


def test_d6_a_left_shift_does_not_wrap(ask: Ask) -> None:
    result = ask(image(200, "uint8") << 4)
    assert dtype_of(result) == "int64"
    assert pixels(result)[0][0] == 3200


def test_d6_a_float_operand_is_a_type_mismatch(ask: Ask) -> None:
    with pytest.raises(TypeMismatch):
        ask(image(1.0, "float32") & image(1, "uint8"))


def test_d6_a_number_must_fit(ask: Ask) -> None:
    with pytest.raises(InvalidArgument, match="300"):
        ask(image(1, "uint8") & 300)


@pytest.mark.parametrize("dtype", ["uint8", "int16", "float32", "float64"])
def test_d7_a_mask_keeps_the_dtype(ask: Ask, dtype: str) -> None:
    assert dtype_of(ask(image(1, dtype).mask(image(0)))) == dtype


def test_d7_where_of_equal_dtypes_keeps_it(ask: Ask) -> None:
    assert dtype_of(ask(wf.where(image(1) > 0, image(1, "uint8"), image(2, "uint8")))) == "uint8"


def test_d7_integers_meet_in_one_that_fits_both(ask: Ask) -> None:
    assert dtype_of(ask(wf.where(image(1) > 0, image(1, "uint8"), image(2, "int8")))) == "int16"


def test_d7_bands_of_two_dtypes_meet_in_one_array(ask: Ask) -> None:
    assert dtype_of(ask(image(1, "uint8").concat_bands(image(1, "uint16")))) == "uint16"


REDUCED = [
    ("min", "uint8", "uint8"), ("max", "int32", "int32"), ("min", "float32", "float32"),
    ("max", "bool", "bool"), ("mean", "uint8", "float32"), ("mean", "int32", "float64"),
    ("median", "uint16", "float32"), ("std", "float64", "float64"), ("sum", "uint8", "float64"),
    ("sum", "float32", "float64"), ("count", "uint16", "int32"), ("count", "float64", "int32"),
]  # fmt: skip


@pytest.mark.parametrize(("reducer", "dtype", "expected"), REDUCED)
def test_d8_output_of_reducers(ask: Ask, reducer: str, dtype: str, expected: str) -> None:
    images = wf.ImageCollection([image(1, dtype), image(1, dtype)])
    assert dtype_of(ask(images.reduction(reducer, axis="images"))) == expected


@pytest.mark.parametrize("reducer", ["min", "max", "mean", "median", "sum", "std", "count"])
def test_d9_numbers_from_pixels_are_floats(ask: Ask, reducer: str) -> None:
    assert type(ask(image(3, "uint8").reduction(reducer))) is float


def test_d9_a_sum_of_pixels_is_exact_in_float64(ask: Ask) -> None:
    assert ask(image(2**31 - 1, "int32").sum()) == 6.0 * (2**31 - 1)


def test_d5_integers_of_unlike_signs_are_compared_exactly(ask: Ask) -> None:
    assert pixels(ask(image(2**64 - 1, "uint64") > image(-1, "int64")))[0][0] is True


def test_d5_a_negative_number_is_less_than_any_unsigned_pixel(ask: Ask) -> None:
    assert pixels(ask(image(2**64 - 1, "uint64") > -1))[0][0] is True
