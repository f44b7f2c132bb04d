"""CatalogService on a catalog of small generated files."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import UTC, datetime
from pathlib import Path

import numpy as np
import pytest

from engine.catalog.catalog import Catalog
from inspect_server.catalog import get_image, get_product, list_products, search_images
from swath.errors import (
    BadRequest,
    ImageNotFound,
    InvalidArgument,
    InvalidGeoContext,
    ProductNotFound,
)
from swath.geocontext import GeoContextValue
from swath.grid import Affine, Grid, Shape2d
from swath.v1 import catalog_pb2 as pb
from swath.wire.catalog import (
    CatalogImage,
    Search,
    decode_image,
    decode_images,
    decode_product,
    decode_products,
    encode_image_id,
    encode_product_id,
    encode_products_page,
    encode_search,
)
from tests.imagery import catalog_of, days

GRID = Grid("EPSG:32633", Affine(30.0, 0, 300_000.0, 0, -30.0, 5_100_000.0), Shape2d(8, 8))
DATES = [f"2020-01-{day:02d}" for day in range(1, 8)]


@pytest.fixture(scope="module")
def catalog(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Catalog]:
    folder = tmp_path_factory.mktemp("imagery")
    images = [np.full((8, 8), n + 1, np.uint16) for n in range(len(DATES))]
    days(folder, GRID, {"red": images, "cloud": images}, DATES)
    bands = ["red:scale=0.5,offset=1", "cloud:class"]
    with catalog_of(folder, "{date:%Y-%m-%d}/scene_{band}.tif", "s2", bands) as opened:
        yield opened


@pytest.fixture(scope="module")
def many(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Catalog]:
    """Five products, of one image each."""
    folder = days(tmp_path_factory.mktemp("many"), GRID, {"b": [np.ones((8, 8))]}, DATES[:1])
    data = tmp_path_factory.mktemp("data")
    for name in "edcba":
        catalog_of(folder, "{date:%Y-%m-%d}/scene_{band}.tif", f"p{name}", data=data).close()
    with Catalog.open(data, read_only=True) as opened:
        yield opened


def found(catalog: Catalog, size: int = 0, token: str = "", **search) -> tuple[list[str], str]:
    data = search_images(catalog, encode_search(Search("s2", **search), size, token))
    images, following = decode_images(data)
    return [image.id for image in images], following


def found_images(catalog: Catalog) -> list[CatalogImage]:
    return decode_images(search_images(catalog, encode_search(Search("s2"), 0, "")))[0]


def test_a_product_is_given_with_its_bands_times_and_place(catalog: Catalog):
    product = decode_product(get_product(catalog, encode_product_id("s2")))
    assert (product.id, product.images) == ("s2", 7)
    red = next(band for band in product.bands if band.name == "red")
    assert (red.dtype, red.kind, red.scale, red.offset, red.nodata) == (
        "float32", "physical", 0.5, 1.0, 0.0,
    )  # fmt: skip
    assert next(band for band in product.bands if band.name == "cloud").kind == "class"
    assert product.first == datetime(2020, 1, 1, tzinfo=UTC)
    assert product.last == datetime(2020, 1, 7, tzinfo=UTC)
    assert product.bounds is not None
    assert product.bounds[0] < product.bounds[2]
    assert product.geocontext is not None
    assert product.geocontext.shape == (8, 8)


def test_a_product_that_is_not_there_is_named(catalog: Catalog):
    with pytest.raises(ProductNotFound) as caught:
        get_product(catalog, encode_product_id("s3"))
    assert caught.value.product == "s3"


def test_products_come_by_id_page_by_page(many: Catalog):
    names, token, pages = [], "", 0
    while True:
        page, token = decode_products(list_products(many, encode_products_page(2, token)))
        names += [product.id for product in page]
        pages += 1
        if not token:
            break
    assert names == ["pa", "pb", "pc", "pd", "pe"]
    assert pages == 3


def test_an_empty_catalog_has_no_products():
    with Catalog.in_memory() as empty:
        assert decode_products(list_products(empty, encode_products_page(0, ""))) == ([], "")


def test_images_come_by_date(catalog: Catalog):
    ids, token = found(catalog)
    assert len(ids) == 7
    assert ids == sorted(ids)
    assert token == ""


def test_pages_join_without_gap_or_overlap(catalog: Catalog):
    whole, _ = found(catalog)
    ids, token = found(catalog, size=3)
    while token:
        more, token = found(catalog, size=3, token=token)
        ids += more
    assert ids == whole


def test_the_end_of_a_search_by_time_is_not_included(catalog: Catalog):
    start, end = datetime(2020, 1, 2, tzinfo=UTC), datetime(2020, 1, 4, tzinfo=UTC)
    assert len(found(catalog, start=start, end=end)[0]) == 2


def test_places_narrow_a_search(catalog: Catalog):
    here = GeoContextValue(crs="EPSG:32633", shape=(8, 8), transform=GRID.transform)
    assert len(found(catalog, geocontext=here)[0]) == 7
    assert found(catalog, bounds=(100.0, 10.0, 101.0, 11.0))[0] == []
    assert found(catalog, geocontext=here, bounds=(100.0, 10.0, 101.0, 11.0))[0] == []


def test_a_geometry_narrows_a_search(catalog: Catalog):
    square = '{"type":"Polygon","coordinates":[[[0,0],[0,1],[1,1],[1,0],[0,0]]]}'
    request = pb.SearchImagesRequest(product="s2", geometry=square)
    assert decode_images(search_images(catalog, request.SerializeToString())) == ([], "")


@pytest.mark.parametrize("bounds", [(0.0, 0.0, float("nan"), 1.0), (0.0, 0.0, 1.0, 91.0)])
def test_bounds_that_are_no_place_are_refused(catalog: Catalog, bounds):
    with pytest.raises(InvalidGeoContext):
        found(catalog, bounds=bounds)


def test_an_image_has_its_properties_bands_and_footprint(catalog: Catalog):
    data = search_images(catalog, encode_search(Search("s2"), 1, ""))
    (image,), _ = decode_images(data)
    assert image.bands == ("cloud", "red")
    assert image.properties["product"] == "s2"
    assert image.properties["date"] == datetime(2020, 1, 1, tzinfo=UTC)
    assert '"Polygon"' in image.footprint


@pytest.mark.parametrize("token", ["x", "W10=", "WyJhIiwgMSwgMl0=", "é"])
def test_a_token_of_nowhere_is_refused(catalog: Catalog, token: str):
    with pytest.raises(InvalidArgument, match="page token"):
        found(catalog, token=token)
    with pytest.raises(InvalidArgument, match="page token"):
        list_products(catalog, encode_products_page(1, token))


def test_a_token_of_another_search_is_refused(catalog: Catalog):
    _, token = found(catalog, size=2)
    with pytest.raises(InvalidArgument, match="page token"):
        found(catalog, size=2, token=token, start=datetime(2020, 1, 2, tzinfo=UTC))


def test_an_image_is_given_with_its_bands_place_and_grid(catalog: Catalog):
    image = decode_image(get_image(catalog, encode_image_id("s2:2020-01-03")))
    assert (image.id, image.product, image.bands) == ("2020-01-03", "s2", ("cloud", "red"))
    assert image.date == datetime(2020, 1, 3, tzinfo=UTC)
    assert image.grid == GRID
    assert image.footprint.startswith('{"type":"Polygon"')
    assert image.properties == found_images(catalog)[2].properties


def test_a_search_gives_the_same_of_an_image_as_asking_for_it(catalog: Catalog):
    image = decode_image(get_image(catalog, encode_image_id("2020-01-03")))
    assert found_images(catalog)[2] == image


def test_an_image_that_is_unknown_is_not_found(catalog: Catalog):
    with pytest.raises(ImageNotFound):
        get_image(catalog, encode_image_id("2020-01-30"))


@pytest.mark.parametrize("rpc", [list_products, get_product, get_image, search_images])
def test_bytes_that_are_no_request_are_refused(catalog: Catalog, rpc):
    with pytest.raises(BadRequest):
        rpc(catalog, b"\xff\xff\xff")


def test_files_are_not_opened(catalog: Catalog, monkeypatch: pytest.MonkeyPatch):
    monkeypatch.setattr(Path, "open", None)
    assert len(found(catalog)[0]) == 7
