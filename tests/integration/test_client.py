"""The Python client against a whole server, with everything in between as users have it."""

from __future__ import annotations

import json
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import numpy as np
import pytest
import rasterio

from swath import types
from swath.client import catalog
from swath.errors import (
    BandNotFound,
    DeadlineExceeded,
    GeoContextRequired,
    InvalidArgument,
    ProductNotFound,
    ResultTooLarge,
)
from swath.results import ImageCollectionResult, ImageResult

wf: Any = types  # operators of proxies come from the op table


@pytest.fixture(scope="module")
def where(served: Any) -> Any:
    return wf.GeoContext.from_grid(served.grid)


@pytest.fixture(scope="module")
def fields() -> Any:
    return wf.ImageCollection.from_id("fields")


VALUES: list[Any] = [
    None, True, -(2**63), 0.1, "å∑ text", [1, 2, 3], [1.5, float("inf")], ["a", "b"], [], {},
    (1, "a", None), {"a": 1, "b": [True]}, datetime(2020, 2, 3, 4, 5, 6, 7, UTC),
    timedelta(days=-1, microseconds=3), [[1], [2]], [{"a": 1, "b": "x"}, {"a": 2, "b": "y"}],
]  # fmt: skip


@pytest.mark.parametrize("value", VALUES, ids=repr)
def test_a_value_goes_to_the_server_and_comes_back(served: Any, value: Any) -> None:
    back = served.client.inspect(wf.proxify(value))
    assert back == value
    assert type(back) is type(value)


def test_several_values_come_back_at_once(served: Any, fields: Any) -> None:
    assert served.client.inspect([fields.length(), wf.Int(1) + 1]) == [4, 2]


def test_parameters_are_given_as_keywords(served: Any) -> None:
    n = wf.parameter("n", wf.Int)
    assert served.client.inspect(n * n, n=12) == 144


def test_dates_come_back_aware_and_in_order(served: Any, fields: Any) -> None:
    dates = served.client.inspect(fields.properties.map(lambda p: p["date"]))
    assert [f"{d:%Y-%m-%d%z}" for d in dates] == [f"{d}+0000" for d in served.dates]


def test_an_image_comes_back_with_its_pixels_mask_and_description(
    served: Any, fields: Any, where: Any
) -> None:
    image = served.client.inspect(fields[1].pick_bands("red scl"), where)
    assert isinstance(image, ImageResult)
    assert image.ndarray is not None
    red, scl = served.bands["red"][1], served.bands["scl"][1]
    assert image.ndarray.dtype == np.uint16
    assert (image.ndarray.data == [red, scl]).all()
    assert (np.ma.getmaskarray(image.ndarray)[0] == (red == 0)).all()
    assert image.properties["date"] == datetime(2021, 5, 11, tzinfo=UTC)
    assert image.bandinfo["scl"]["kind"] == "class"
    assert image.geocontext is not None
    assert image.geocontext.grid == served.grid


def test_a_collection_comes_back_as_a_stack(served: Any, fields: Any, where: Any) -> None:
    stack = served.client.inspect(fields.pick_bands("nir"), where)
    assert isinstance(stack, ImageCollectionResult)
    assert stack.ndarray is not None
    assert (stack.ndarray.data[:, 0] == served.bands["nir"]).all()
    assert [f"{p['date']:%Y-%m-%d}" for p in stack.properties] == list(served.dates)


def test_an_empty_collection_comes_back_empty(served: Any, where: Any) -> None:
    none = wf.ImageCollection.from_id("fields", "1999-01-01", "1999-02-01")
    assert served.client.inspect(none, where).ndarray is None


def test_a_geotiff_is_written_with_the_grid(
    served: Any, fields: Any, where: Any, tmp_path: Path
) -> None:
    out = tmp_path / "median.tif"
    served.client.inspect(fields.median("images"), where, format="geotiff", file=out)
    with rasterio.open(out) as dataset:
        assert (dataset.count, dataset.shape) == (3, (60, 80))
        assert tuple(dataset.transform)[:6] == tuple(served.grid.transform)


def test_json_is_json(served: Any, fields: Any) -> None:
    assert json.loads(served.client.inspect([fields.length(), "a"], format="json")) == [4, "a"]


def test_an_estimate_reads_nothing_and_says_what_it_would_take(
    served: Any, fields: Any, where: Any
) -> None:
    known = served.client.estimate(fields.pick_bands("red").median("images"), where)
    assert (known.images, known.pixels, known.fits) == (4, 4 * 60 * 80, True)


def test_the_server_infers_the_type(served: Any, fields: Any) -> None:
    assert str(served.client.validate(fields.median("images").mean("pixels"))) == "Dict[Str, Float]"


def test_an_error_names_the_users_line(served: Any, fields: Any, where: Any) -> None:
    with pytest.raises(BandNotFound) as caught:
        served.client.inspect(fields.pick_bands("swir").median("images"), where)  # this line
    assert caught.value.band == "swir"
    assert caught.value.where.op == "pick_bands"
    assert "this line" in str(caught.value.where.line)


def test_pixels_need_a_place(served: Any, fields: Any) -> None:
    with pytest.raises(GeoContextRequired):
        served.client.inspect(fields.median("images"))


def test_a_missing_product_is_named(served: Any) -> None:
    with pytest.raises(ProductNotFound) as caught:
        served.client.inspect(wf.ImageCollection.from_id("field").length())
    assert caught.value.product == "field"


def test_too_large_for_inspect_says_so_before_reading(served: Any, fields: Any) -> None:
    west, south, east, north = served.grid.bounds
    huge = wf.GeoContext(
        bounds=(west, south, east, north),
        bounds_crs="EPSG:32633",
        crs="EPSG:32633",
        shape=(100_000, 100_000),
    )
    with pytest.raises(ResultTooLarge, match="compute") as caught:
        served.client.inspect(fields, huge)
    assert caught.value.use
    assert not served.client.estimate(fields, huge).fits


def test_a_timeout_is_deadline_exceeded(served: Any, fields: Any, where: Any) -> None:
    with pytest.raises(DeadlineExceeded):
        served.client.inspect(fields.median("images"), where, timeout=1e-5)


def test_a_list_index_out_of_range_is_an_invalid_argument(served: Any) -> None:
    with pytest.raises(InvalidArgument):
        served.client.inspect(wf.List([1, 2])[wf.Int(1) + 4])


def test_the_catalog_knows_products_and_images(served: Any) -> None:
    (fields,) = catalog.products(served.address)
    assert (fields.id, fields.images) == ("fields", 4)
    assert {b.name: b.kind for b in fields.bands}["scl"] == "class"
    assert fields == catalog.product("fields", served.address)
    found = catalog.search("fields", "2021-05-02", "2021-07-01", address=served.address)
    assert [f"{i.date:%Y-%m-%d}" for i in found] == ["2021-05-11", "2021-06-01"]
    assert found[0].properties["product"] == "fields"


def test_a_place_like_an_image_is_exactly_its_pixels(
    served: Any, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("SWATH_INSPECT", served.address)
    first = catalog.search("fields", address=served.address)[0]
    image = wf.Image.from_id(f"fields:{first.id}")
    where = wf.GeoContext.like(image)
    assert where.value == first.geocontext == wf.GeoContext.like(first).value
    result = image.inspect(where)
    assert result.geocontext.grid == first.grid


def test_the_catalog_is_searched_by_place(served: Any, where: Any) -> None:
    there = catalog.search("fields", geoctx=where, address=served.address)
    elsewhere = catalog.search("fields", bounds=(100, 0, 101, 1), address=served.address)
    assert (len(there), len(elsewhere)) == (4, 0)


def test_the_geocontext_of_a_product_is_ready_to_use(served: Any, fields: Any) -> None:
    product = catalog.product("fields", served.address)
    image = served.client.inspect(fields[0], product.geocontext)
    assert image.geocontext.grid == served.grid


def test_a_stream_gives_pixels_as_they_come(served: Any, fields: Any, where: Any) -> None:
    names = [type(event).__name__ for event in served.client.stream(fields, where)]
    assert (names[0], names[-1]) == ("Header", "Trailer")
    assert "Chunk" in names
