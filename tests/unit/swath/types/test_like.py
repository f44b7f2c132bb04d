from __future__ import annotations

import pytest

import swath as wf
from swath.errors import InvalidGeoContext


def test_imagery_of_no_named_product_is_like_nothing_and_the_error_says_what_to_write():
    with pytest.raises(InvalidGeoContext, match=r"GeoContext\.like\(\"product\"\).*: none\."):
        wf.GeoContext.like(wf.Image.from_id("2018-05-02"))


def test_imagery_of_two_products_is_like_neither_and_the_error_names_both():
    both = wf.ImageCollection.from_id("a").concat(wf.ImageCollection.from_id("b"))
    with pytest.raises(InvalidGeoContext, match=r"names: a, b\."):
        wf.GeoContext.like(both)
