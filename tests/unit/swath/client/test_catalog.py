from __future__ import annotations

import threading
from collections.abc import Iterator
from datetime import UTC, date, datetime
from functools import partial
from typing import Any

import pytest

from swath.client import catalog
from swath.errors import InvalidArgument, ProductNotFound, TypeMismatch
from swath.geocontext import GeoContextValue
from swath.types import GeoContext
from swath.v1 import catalog_pb2 as pb
from swath.wire.catalog import GET_IMAGE, GET_PRODUCT, LIST_PRODUCTS, SEARCH_IMAGES
from swath.wire.value import encode_value

S2 = pb.Product(
    id="s2",
    bands=[
        pb.Band(name="red", dtype="float32", kind=pb.Band.KIND_PHYSICAL, scale=1e-4, nodata=0),
        pb.Band(name="scl", dtype="uint8", kind=pb.Band.KIND_CLASS),
        pb.Band(name="qa", dtype="uint8", kind=pb.Band.KIND_FLAG, data_min=0, data_max=1),
    ],
    images=2,
    first_us=0,
    last_us=86_400_000_000,
    bounds={"min_x": 1, "min_y": 2, "max_x": 3, "max_y": 4},
    geocontext={"crs": "EPSG:4326"},
)


def image(number: int) -> pb.Image:
    return pb.Image(
        id=f"i{number}",
        product="s2",
        date_us=number,
        bands=["red"],
        properties=encode_value({"id": f"i{number}", "cloud": 0.5}),
    )


def pages(server: Any, count: int) -> None:
    """Images in pages of at most three, whatever is asked."""

    def answers(request: bytes, cancelled: threading.Event) -> Iterator[bytes]:
        asked = pb.SearchImagesRequest.FromString(request)
        first = int(asked.page_token or 0)
        last = min(first + min(3, asked.page_size), count)
        response = pb.SearchImagesResponse(images=map(image, range(first, last)))
        response.next_page_token = str(last) if last < count else ""
        yield response.SerializeToString()

    server.answers[SEARCH_IMAGES] = answers


def asked(server: Any) -> pb.SearchImagesRequest:
    return pb.SearchImagesRequest.FromString(server.asked[0])


def test_a_product_says_all_that_is_known(server: Any) -> None:
    response = pb.GetProductResponse(product=S2).SerializeToString()
    server.answers[GET_PRODUCT] = lambda request, cancelled: [response]
    product = catalog.product("s2", server.address)
    assert [(b.name, b.kind) for b in product.bands] == [
        ("red", "physical"),
        ("scl", "class"),
        ("qa", "flag"),
    ]
    assert [(b.scale, b.nodata, b.data_range) for b in product.bands] == [
        (1e-4, 0.0, None),
        (1.0, None, None),
        (1.0, None, (0.0, 1.0)),
    ]
    assert product.last == datetime(1970, 1, 2, tzinfo=UTC)
    assert product.bounds == (1, 2, 3, 4)
    assert product.geocontext == GeoContextValue(crs="EPSG:4326")


def test_an_empty_product_has_no_times(server: Any) -> None:
    response = pb.GetProductResponse(product=pb.Product(id="new")).SerializeToString()
    server.answers[GET_PRODUCT] = lambda request, cancelled: [response]
    product = catalog.product("new", server.address)
    assert (product.first, product.last, product.bounds, product.geocontext) == (None,) * 4


def test_a_missing_product_is_not_found(server: Any) -> None:
    def answers(request: bytes, cancelled: threading.Event) -> Iterator[bytes]:
        raise ProductNotFound("No.", product="s3", similar=["s2"])
        yield b""

    server.answers[GET_PRODUCT] = answers
    with pytest.raises(ProductNotFound) as caught:
        catalog.product("s3", server.address)
    assert caught.value.similar == ["s2"]


def test_products_come_from_all_pages(server: Any) -> None:
    def answers(request: bytes, cancelled: threading.Event) -> Iterator[bytes]:
        first = not pb.ListProductsRequest.FromString(request).page_token
        name, token = ("a", "more") if first else ("b", "")
        yield pb.ListProductsResponse(
            products=[pb.Product(id=name)], next_page_token=token
        ).SerializeToString()

    server.answers[LIST_PRODUCTS] = answers
    assert [p.id for p in catalog.products(server.address)] == ["a", "b"]


def test_images_come_from_all_pages_in_order(server: Any) -> None:
    pages(server, 8)
    found = catalog.search("s2", address=server.address)
    assert [i.id for i in found] == [f"i{n}" for n in range(8)]
    assert found[7].properties["cloud"] == 0.5
    assert found[7].date == datetime(1970, 1, 1, microsecond=7, tzinfo=UTC)


@pytest.mark.parametrize("limit", [0, 1, 3, 7])
def test_no_more_images_come_than_the_limit(server: Any, limit: int) -> None:
    pages(server, 8)
    assert len(catalog.search("s2", limit=limit, address=server.address)) == limit


@pytest.mark.parametrize(
    "start", ["1970-01-02", date(1970, 1, 2), datetime(1970, 1, 2, tzinfo=UTC)]
)
def test_times_are_text_dates_or_datetimes(server: Any, start: Any) -> None:
    pages(server, 0)
    catalog.search("s2", start, "1970-01-03T00:00:00+01:00", address=server.address)
    assert asked(server).start_us == 86_400_000_000
    assert asked(server).end_us == 2 * 86_400_000_000 - 3_600_000_000


def test_places_travel(server: Any) -> None:
    pages(server, 0)
    tile = GeoContext.from_xyz_tile(1, 2, 3)
    catalog.search("s2", geoctx=tile, bounds=(1, 2, 3, 4), address=server.address)
    assert (asked(server).geocontext.tile.y, asked(server).bounds.max_y) == (2, 4.0)


@pytest.mark.parametrize("wrong", [{"start": "soon"}, {"limit": -1}])
def test_a_wrong_time_or_limit_is_an_invalid_argument(wrong: Any) -> None:
    with pytest.raises(InvalidArgument) as caught:
        catalog.search("s2", **wrong, address="127.0.0.1:1")
    assert caught.value.where.argument in wrong


def test_a_number_is_no_time() -> None:
    with pytest.raises(TypeMismatch):
        catalog.search("s2", start=2019, address="127.0.0.1:1")  # type: ignore[arg-type]


def test_the_token_of_the_environment_goes_with_every_call(
    server: Any, monkeypatch: pytest.MonkeyPatch
) -> None:
    pages(server, 4)
    answers = {
        GET_IMAGE: pb.GetImageResponse(image=image(0)),
        GET_PRODUCT: pb.GetProductResponse(product=S2),
        LIST_PRODUCTS: pb.ListProductsResponse(products=[S2]),
    }
    for method, response in answers.items():
        server.answers[method] = partial(lambda data, *_: [data], response.SerializeToString())
    monkeypatch.setenv("SWATH_TOKEN", "s3cret")
    catalog.search("s2", address=server.address)
    catalog.products(server.address)
    catalog.product("s2", server.address)
    catalog.image("s2:i0", server.address)
    assert [sent["authorization"] for sent in server.metadata] == ["Bearer s3cret"] * 5
