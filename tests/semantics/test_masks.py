"""Rules M: masks and values that are not finite."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import numpy as np
import pytest

import swath as wf
from swath.errors import InvalidArgument

from .conftest import image, pixels

Ask = Callable[..., Any]
ROW = [[0, 1, 2], [3, 4, 5]]


def test_m1_nodata_becomes_mask(ask: Ask) -> None:
    assert pixels(ask(image(ROW, nodata=2))) == [[0, 1, None], [3, 4, 5]]


def test_m1_nan_of_a_float_source_becomes_mask(ask: Ask) -> None:
    result = ask(image([[np.nan, 1, 2], [3, 4, 5]], "float32"))
    assert pixels(result)[0] == [None, 1.0, 2.0]


def test_m2_a_masked_operand_masks_the_result(ask: Ask) -> None:
    assert pixels(ask(image(ROW, nodata=1) + image(ROW, nodata=4)))[0] == [0.0, None, 4.0]


def test_m2_division_by_zero_is_masked(ask: Ask) -> None:
    assert pixels(ask(image(6) / image(ROW)))[0] == [None, 6.0, 3.0]


def test_m2_log_of_zero_is_masked(ask: Ask) -> None:
    assert pixels(ask(image(ROW).log()))[0][:2] == [None, 0.0]


def test_m2_overflow_is_masked(ask: Ask) -> None:
    assert pixels(ask(image(3e38, "float32") * 10))[0][0] is None


def test_m2_a_value_is_masked_at_the_op_that_made_it_infinite(ask: Ask) -> None:
    hidden = image(1) / (image(1) / image(ROW))
    assert pixels(ask(hidden))[0] == [None, 1.0, 2.0]


def test_m2_an_infinite_value_is_not_hidden_by_a_comparison(ask: Ask) -> None:
    assert pixels(ask((image(1) / image(ROW)) > 0.6))[0] == [None, True, False]


def test_m2_an_infinite_value_is_not_hidden_by_exp(ask: Ask) -> None:
    assert pixels(ask((-(image(1) / image(ROW))).exp()))[0][0] is None


def test_m2_a_number_without_value_masks(ask: Ask) -> None:
    assert pixels(ask(image(1) + image(7, nodata=7).mean()))[0][0] is None


def test_m3_where_looks_at_the_chosen_side_only(ask: Ask) -> None:
    result = ask(wf.where(image(ROW) > 1, image(ROW), image(9, nodata=9)))
    assert pixels(result) == [[None, None, 2], [3, 4, 5]]


def test_m3_where_is_masked_where_the_condition_is(ask: Ask) -> None:
    result = ask(wf.where(image(ROW, nodata=0) > 1, 10, 20))
    assert pixels(result)[0] == [None, 20, 10]


def test_m4_true_means_masked(ask: Ask) -> None:
    assert pixels(ask(image(ROW).mask(image(ROW) > 1)))[0] == [0, 1, None]


def test_m4_any_number_but_zero_is_true(ask: Ask) -> None:
    assert pixels(ask(image(7).mask(image(ROW))))[0] == [7, None, None]


def test_m4_masked_pixels_of_the_mask_are_ignored(ask: Ask) -> None:
    assert pixels(ask(image(7).mask(image(ROW, nodata=2) > 0)))[0] == [7, None, 7]


def test_m4_replace_unmasks_what_was_masked(ask: Ask) -> None:
    masked = image(ROW).mask(image(ROW) > 1)
    assert pixels(ask(masked.mask(image(ROW) == 0, replace=True)))[0] == [None, 1, 2]


def test_m4_replace_masks_where_the_mask_is_masked(ask: Ask) -> None:
    by = image(ROW, nodata=2) > 5
    assert pixels(ask(image(7).mask(by, replace=True)))[0] == [7, 7, None]


def test_m5_one_band_masks_every_band(ask: Ask) -> None:
    both = image(1).concat_bands(image(2)).mask(image(ROW) == 0)
    assert ask(both).ndarray[:, 0, 0].tolist() == [None, None]


def test_m5_a_mask_of_more_bands_than_the_image_is_an_error(ask: Ask) -> None:
    with pytest.raises(InvalidArgument):
        ask(image(1).mask(image(1).concat_bands(image(0))))


def test_m5_an_image_masks_each_image_of_a_collection(ask: Ask) -> None:
    both = wf.ImageCollection([image(1), image(2)]).mask(image(ROW) == 0)
    assert ask(both).ndarray[:, 0, 0, 0].tolist() == [None, None]


def test_m6_getmask_is_bool_and_not_masked(ask: Ask) -> None:
    result = ask(image(ROW, nodata=1).getmask())
    assert str(result.ndarray.dtype) == "bool"
    assert pixels(result)[0] == [False, True, False]


def test_m7_values_under_the_mask_are_zero(ask: Ask) -> None:
    assert ask(image(ROW, nodata=5)).ndarray.data[0].tolist() == [[0, 1, 2], [3, 4, 0]]


def test_m8_zeros_of_either_sign_are_equal(ask: Ask) -> None:
    assert pixels(ask(image(-0.0, "float32") == image(0.0, "float32")))[0][0] is True


def test_m9_a_number_that_is_nan_masks(ask: Ask) -> None:
    assert pixels(ask(image(1) + float("nan")))[0][0] is None


def test_m9_an_infinite_number_does_not_mask_by_itself(ask: Ask) -> None:
    assert pixels(ask(image(1) < float("inf")))[0][0] is True


def test_m2_an_infinite_sample_is_masked_where_a_source_has_it(ask: Ask) -> None:
    assert pixels(ask(image(np.inf, "float32") + 1))[0][0] is None


def test_m10_a_mask_changes_neither_names_nor_properties(ask: Ask) -> None:
    red = image(1).rename_bands("red").with_properties(tile="33T")
    result = ask(red.mask(image(ROW) > 1))
    assert list(result.bandinfo) == ["red"]
    assert result.properties["tile"] == "33T"
    assert result.bandinfo["red"]["kind"] == "physical"


def test_m10_where_is_named_as_its_sides(ask: Ask) -> None:
    red = image(1).rename_bands("red")
    assert list(ask(wf.where(red > 0, red, red * 2)).bandinfo) == ["red"]
