"""Rules R: reductions."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import numpy as np
import pytest

import swath as wf
from swath.errors import InvalidArgument

from .conftest import image, pixels

Ask = Callable[..., Any]
VALUES = np.arange(3 * 2 * 2 * 3).reshape(3, 2, 2, 3) * 7 % 31
"""image × band × y × x"""
NODATA = 5
MASKED = np.ma.masked_equal(VALUES, NODATA)
REDUCERS = ["min", "max", "mean", "median", "sum", "std", "count"]


def collection() -> wf.ImageCollection:
    """Three images of two bands, some pixels masked."""
    return wf.ImageCollection([image(v, "int16", nodata=NODATA) for v in VALUES])


def expected(reducer: str, array: Any, axis: Any) -> Any:
    """What numpy gives, in float64."""
    function = getattr(np.ma, reducer)
    return function(array.astype("float64"), axis=axis)


def close(result: Any, wanted: Any) -> None:
    """Equal within float32 rounding, exactly in the mask."""
    assert np.array_equal(np.ma.getmaskarray(result), np.ma.getmaskarray(wanted))
    np.testing.assert_allclose(
        np.ma.filled(result, 0), np.ma.filled(wanted, 0), rtol=1e-6, atol=1e-6
    )


@pytest.mark.parametrize("reducer", REDUCERS)
def test_r_image_over_all(ask: Ask, reducer: str) -> None:
    result = ask(image(VALUES[0], "int16", NODATA).reduction(reducer))
    assert result == pytest.approx(float(expected(reducer, MASKED[0], None)))


@pytest.mark.parametrize("reducer", REDUCERS)
def test_r_image_over_pixels(ask: Ask, reducer: str) -> None:
    result = ask(image(VALUES[0], "int16", NODATA).reduction(reducer, axis="pixels"))
    wanted = expected(reducer, MASKED[0].reshape(2, -1), 1)
    assert list(result.values()) == pytest.approx(wanted.tolist())
    assert list(result) == ["band_1", "band_2"]


@pytest.mark.parametrize("reducer", REDUCERS)
def test_r_image_over_bands(ask: Ask, reducer: str) -> None:
    result = ask(image(VALUES[0], "int16", NODATA).reduction(reducer, axis="bands"))
    close(result.ndarray[0], expected(reducer, MASKED[0], 0))
    assert list(result.bandinfo) == [reducer]


@pytest.mark.parametrize("reducer", REDUCERS)
def test_r_collection_over_all(ask: Ask, reducer: str) -> None:
    result = ask(collection().reduction(reducer))
    assert result == pytest.approx(float(expected(reducer, MASKED, None)))


@pytest.mark.parametrize("reducer", REDUCERS)
def test_r_collection_over_images(ask: Ask, reducer: str) -> None:
    result = ask(collection().reduction(reducer, axis="images"))
    close(result.ndarray, expected(reducer, MASKED, 0))


@pytest.mark.parametrize("reducer", REDUCERS)
def test_r_collection_over_bands(ask: Ask, reducer: str) -> None:
    result = ask(collection().reduction(reducer, axis="bands"))
    close(result.ndarray[:, 0], expected(reducer, MASKED, 1))


@pytest.mark.parametrize("reducer", REDUCERS)
def test_r_collection_over_pixels(ask: Ask, reducer: str) -> None:
    result = ask(collection().reduction(reducer, axis="pixels"))
    wanted = expected(reducer, MASKED.reshape(3, 2, -1), 2)
    assert [list(r.values()) for r in result] == [pytest.approx(w) for w in wanted.tolist()]


@pytest.mark.parametrize("reducer", REDUCERS)
def test_r_collection_over_images_and_pixels(ask: Ask, reducer: str) -> None:
    result = ask(collection().reduction(reducer, axis=["images", "pixels"]))
    by_band = np.ma.concatenate([MASKED[i].reshape(2, -1) for i in range(3)], axis=1)
    assert list(result.values()) == pytest.approx(expected(reducer, by_band, 1).tolist())


@pytest.mark.parametrize("reducer", REDUCERS)
def test_r_collection_over_bands_and_pixels(ask: Ask, reducer: str) -> None:
    result = ask(collection().reduction(reducer, axis=["bands", "pixels"]))
    wanted = expected(reducer, MASKED.reshape(3, -1), 1)
    assert result == pytest.approx(wanted.tolist())


@pytest.mark.parametrize("reducer", REDUCERS)
def test_r_collection_over_images_and_bands(ask: Ask, reducer: str) -> None:
    result = ask(collection().reduction(reducer, axis=["images", "bands"]))
    close(result.ndarray[0], expected(reducer, MASKED.reshape(6, 2, 3), 0))


def test_r_the_order_of_axes_does_not_matter(ask: Ask) -> None:
    one = ask(collection().mean(axis=["images", "pixels"]))
    assert one == ask(collection().mean(axis=["pixels", "images"]))


def test_r_an_image_has_no_images_axis(ask: Ask) -> None:
    with pytest.raises(InvalidArgument, match="pixels"):
        ask(image(1).mean(axis="images"))


def test_r1_a_median_over_two_axes_is_that_of_all_samples(ask: Ask) -> None:
    images = wf.ImageCollection(
        [image([[[1] * 3] * 2, [[2] * 3] * 2]), image([[[3] * 3] * 2, [[100] * 3] * 2])]
    )
    assert pixels(ask(images.median(axis=["images", "bands"])))[0][0] == 2.5


def test_r2_a_reduction_over_nothing_is_masked(ask: Ask) -> None:
    images = wf.ImageCollection([image(7, nodata=7), image(7, nodata=7)])
    assert pixels(ask(images.mean(axis="images")))[0][0] is None


def test_r2_the_count_of_nothing_is_zero(ask: Ask) -> None:
    images = wf.ImageCollection([image(7, nodata=7), image(7, nodata=7)])
    assert pixels(ask(images.count(axis="images")))[0][0] == 0


def test_r3_the_median_of_two_is_their_mean(ask: Ask) -> None:
    images = wf.ImageCollection([image(1), image(4)])
    assert pixels(ask(images.median(axis="images")))[0][0] == 2.5


def test_r3_the_deviation_of_one_sample_is_zero(ask: Ask) -> None:
    assert pixels(ask(wf.ImageCollection([image(4)]).std(axis="images")))[0][0] == 0.0


def test_r4_sums_add_in_the_order_of_images(ask: Ask) -> None:
    big, one = image(2.0**53, "float64"), image(1.0, "float64")
    first = ask(wf.ImageCollection([big, one, one]).sum(axis="images"))
    last = ask(wf.ImageCollection([one, one, big]).sum(axis="images"))
    assert pixels(first)[0][0] == 2.0**53
    assert pixels(last)[0][0] == 2.0**53 + 2.0


def test_r5_properties_that_are_equal_in_all_images_stay(ask: Ask) -> None:
    images = wf.ImageCollection(
        [image(1).with_properties(tile="33T", n=1), image(2).with_properties(tile="33T", n=2)]
    )
    properties = ask(images.mean(axis="images")).properties
    assert properties["tile"] == "33T"
    assert "n" not in properties


def test_r6_the_last_valid_image_is_on_top(ask: Ask) -> None:
    top = image([[9, 9, 0], [9, 9, 9]], nodata=0)
    result = ask(wf.ImageCollection([image(1), top]).mosaic())
    assert pixels(result)[0] == [9, 9, 1]


def test_r6_reverse_puts_the_first_on_top(ask: Ask) -> None:
    first = image([[9, 9, 0], [9, 9, 9]], nodata=0)
    result = ask(wf.ImageCollection([first, image(1)]).mosaic(reverse=True))
    assert pixels(result)[0] == [9, 9, 1]


def test_r7_the_zero_that_comes_first_wins(ask: Ask) -> None:
    images = wf.ImageCollection([image(-0.0, "float32"), image(0.0, "float32")])
    smallest = ask(images.max(axis="images"))
    assert np.signbit(smallest.ndarray.data).all()
