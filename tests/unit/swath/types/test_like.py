from __future__ import annotations

import numpy as np
import pytest

import swath as wf
from swath.errors import InvalidGeoContext
from swath.grid import Affine, Grid, Shape2d
from swath.types.like import IMAGE, PRODUCT, source_of

GRID = Grid("EPSG:32633", Affine(10.0, 0.0, 5e5, 0.0, -10.0, 5e6), Shape2d(2, 2))


def test_imagery_of_one_product_is_like_the_product() -> None:
    ndvi = wf.ImageCollection.from_id("a").pick_bands("red nir").mean("images")
    assert source_of(ndvi.expression) == (PRODUCT, "a")


def test_imagery_of_one_image_is_like_the_image() -> None:
    image = wf.Image.from_id("a:2018-05-02")
    both = image.pick_bands("red") + image.pick_bands("nir")
    assert source_of(both.expression) == (IMAGE, "a:2018-05-02")


def test_imagery_of_no_source_is_like_nothing_and_the_error_says_what_to_write() -> None:
    with pytest.raises(InvalidGeoContext, match=r"GeoContext\.like\(\"product\"\).*: none\."):
        wf.GeoContext.like(wf.Image.from_array(np.zeros((2, 2)), GRID))


def test_imagery_of_two_products_is_like_neither_and_the_error_names_both() -> None:
    both = wf.ImageCollection.from_id("a").concat(wf.ImageCollection.from_id("b"))
    with pytest.raises(InvalidGeoContext, match=r"names: a, b\."):
        wf.GeoContext.like(both)


def test_imagery_of_an_image_and_a_product_is_like_neither() -> None:
    both = wf.Image.from_id("b:1") + wf.ImageCollection.from_id("a").mean("images")
    with pytest.raises(InvalidGeoContext, match=r"names: a, b:1\."):
        wf.GeoContext.like(both)
