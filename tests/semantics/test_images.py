"""Rules I: images and collections."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import pytest

import swath as wf
from swath.errors import BandNotFound, InvalidArgument

from .conftest import image, pixels

Ask = Callable[..., Any]


def two_bands(red: int = 3, nir: int = 9) -> wf.Image:
    """An image with bands red and nir."""
    return image([[[red] * 3] * 2, [[nir] * 3] * 2]).rename_bands("red", "nir")


def one_band(name: str, value: int) -> wf.Image:
    """An image with one band."""
    return image(value).rename_bands(name)


def stack(*values: int) -> wf.ImageCollection:
    """A collection of one-band images, each of one value."""
    return wf.ImageCollection([image(v) for v in values])


def test_i1_a_collection_is_image_by_band_by_y_by_x(ask: Ask) -> None:
    assert ask(stack(1, 2, 3, 4)).ndarray.shape == (4, 1, 2, 3)


def test_i1_images_of_a_collection_have_the_same_bands(ask: Ask) -> None:
    with pytest.raises(InvalidArgument, match="same bands"):
        ask(wf.ImageCollection([one_band("a", 1), one_band("b", 1)]))


def test_i4_equal_band_counts_go_band_by_band(ask: Ask) -> None:
    result = ask(two_bands(3, 9) + two_bands(10, 20))
    assert result.ndarray[:, 0, 0].tolist() == [13.0, 29.0]


def test_i4_one_band_is_used_with_each_band(ask: Ask) -> None:
    result = ask(two_bands(3, 9) * one_band("gain", 2))
    assert result.ndarray[:, 0, 0].tolist() == [6.0, 18.0]


def test_i4_other_band_counts_are_an_error(ask: Ask) -> None:
    three = image([[[1] * 3] * 2] * 3)
    with pytest.raises(InvalidArgument, match="3 bands"):
        ask(three + two_bands())


def test_i5_equal_names_stay(ask: Ask) -> None:
    assert list(ask(two_bands() + two_bands()).bandinfo) == ["red", "nir"]


def test_i5_different_names_are_joined_by_the_op(ask: Ask) -> None:
    assert list(ask(one_band("nir", 2) - one_band("red", 1)).bandinfo) == ["nir_sub_red"]


def test_i5_a_number_leaves_the_name(ask: Ask) -> None:
    assert list(ask(2 * one_band("nir", 2)).bandinfo) == ["nir"]


def test_i5_a_broadcast_band_leaves_the_names(ask: Ask) -> None:
    assert list(ask(one_band("gain", 2) * two_bands()).bandinfo) == ["red", "nir"]


def test_i5_a_long_name_is_cut_to_64_characters(ask: Ask) -> None:
    (name,) = ask(one_band("a" * 40, 2) * one_band("b" * 40, 2)).bandinfo
    assert (len(name), name[55]) == (64, "~")


def test_i6_equal_properties_are_kept(ask: Ask) -> None:
    left = one_band("a", 1).with_properties(tile="33T", cloud=1)
    right = one_band("a", 1).with_properties(tile="33T", cloud=2)
    properties = ask(left + right).properties
    assert properties["tile"] == "33T"
    assert "cloud" not in properties


def test_i6_a_number_changes_no_property(ask: Ask) -> None:
    assert ask(one_band("a", 1).with_properties(cloud=1) + 1).properties["cloud"] == 1


def test_i6_comparison_makes_a_flag(ask: Ask) -> None:
    assert ask(one_band("a", 1) > 0).bandinfo["a"]["kind"] == "flag"


def test_i7_an_image_meets_each_image_of_a_collection(ask: Ask) -> None:
    assert ask(stack(1, 2) + image(10)).ndarray[:, 0, 0, 0].tolist() == [11.0, 12.0]


def test_i7_collections_meet_pair_by_pair(ask: Ask) -> None:
    assert ask(stack(1, 2) * stack(3, 4)).ndarray[:, 0, 0, 0].tolist() == [3.0, 8.0]


def test_i7_collections_of_different_length_do_not_meet(ask: Ask) -> None:
    with pytest.raises(InvalidArgument, match="2 and 3"):
        ask(stack(1, 2) + stack(1, 2, 3))


def test_i8_bands_come_in_the_order_asked_for(ask: Ask) -> None:
    assert list(ask(two_bands().pick_bands("nir red")).bandinfo) == ["nir", "red"]


def test_i8_a_missing_band_names_those_there_are(ask: Ask) -> None:
    with pytest.raises(BandNotFound, match="red nir"):
        ask(two_bands().pick_bands("swir"))


def test_i8_a_missing_band_may_be_left_out(ask: Ask) -> None:
    result = ask(two_bands().pick_bands("swir nir", allow_missing=True))
    assert list(result.bandinfo) == ["nir"]


def test_i8_unpack_gives_one_image_for_each_band(ask: Ask) -> None:
    red, nir = two_bands(3, 9).unpack_bands("red nir")
    assert pixels(ask(nir - red))[0][0] == 6.0


def test_i8_rename_by_old_name(ask: Ask) -> None:
    assert list(ask(two_bands().rename_bands(red="rot")).bandinfo) == ["rot", "nir"]


def test_i8_rename_needs_a_name_for_each_band(ask: Ask) -> None:
    with pytest.raises(InvalidArgument):
        ask(two_bands().rename_bands("only"))


def test_i9_taken_names_get_a_suffix(ask: Ask) -> None:
    result = ask(two_bands().concat_bands(two_bands()).concat_bands(one_band("red", 1)))
    assert list(result.bandinfo) == ["red", "nir", "red_1", "nir_1", "red_2"]


def test_i9_an_image_is_added_to_each_image_of_a_collection(ask: Ask) -> None:
    result = ask(stack(1, 2).concat_bands(one_band("extra", 7)))
    assert result.ndarray[:, 1, 0, 0].tolist() == [7, 7]


def test_i10_map_bands_concatenates_images(ask: Ask) -> None:
    result = ask(two_bands(3, 9).map_bands(lambda name, band: band * 2))
    assert result.ndarray[:, 0, 0].tolist() == [6.0, 18.0]


def test_i10_map_bands_gives_other_values_by_name(ask: Ask) -> None:
    assert ask(two_bands(3, 9).map_bands(lambda name, band: band.max())) == {
        "red": 3.0,
        "nir": 9.0,
    }


def test_i11_an_op_on_an_empty_collection_is_empty(ask: Ask) -> None:
    assert ask(stack(1).head(0) + 1).ndarray is None


def test_i11_a_combination_with_an_empty_image_is_empty(ask: Ask) -> None:
    assert ask(stack(1).head(0).mean(axis="images") + image(1)).ndarray is None


def test_i12_pixels_of_an_empty_collection_are_an_empty_list(ask: Ask) -> None:
    assert ask(stack(1).head(0).mean(axis="pixels")) == []


def test_i12_pixels_of_an_empty_image_are_an_empty_dict(ask: Ask) -> None:
    assert ask(stack(1).head(0).mosaic().mean(axis="pixels")) == {}


def test_i12_a_number_of_nothing_is_no_value(ask: Ask) -> None:
    assert ask(stack(1).head(0).mean()) is None


def test_i12_the_count_of_nothing_is_zero(ask: Ask) -> None:
    assert ask(stack(1).head(0).count()) == 0


def test_i12_the_length_of_nothing_is_zero(ask: Ask) -> None:
    assert ask(stack(1).head(0).length()) == 0


def test_i12_the_mosaic_of_nothing_is_an_empty_image(ask: Ask) -> None:
    assert ask(stack(1).head(0).mosaic()).ndarray is None


def test_i12_nothing_has_no_first_image(ask: Ask) -> None:
    with pytest.raises(InvalidArgument):
        ask(stack(1).head(0)[0])
