"""What imagery a server knows: `wf.catalog.products`, `product`, `image` and `search`."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import date, datetime
from typing import Any

from swath.client.call import ask
from swath.client.config import client_token, inspect_address
from swath.client.question import geocontext_of
from swath.errors import InvalidArgument
from swath.graph.expression import Constant
from swath.graph.type import DATETIME
from swath.types.promote import promote_to
from swath.wire.catalog import (
    GET_IMAGE,
    GET_PRODUCT,
    LIST_PRODUCTS,
    SEARCH_IMAGES,
    Band,
    Bounds,
    CatalogImage,
    Product,
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

__all__ = ["Band", "CatalogImage", "Product", "image", "product", "products", "search"]

LIMIT = 10_000
"""Images that `search` gives at most unless the caller says otherwise."""
TIMEOUT_S = 60.0
"""How long each page of an answer is awaited."""
PRODUCTS_PAGE = 1_000
IMAGES_PAGE = 2_000
"""Images in a page: about a megabyte."""

Time = str | datetime | date


def products(address: str | None = None) -> list[Product]:
    """All products, by id.

    Raises:
        Unavailable: no server answers.
    """
    where, token, found = inspect_address(address), "", list[Product]()
    while True:
        data = _ask(where, LIST_PRODUCTS, encode_products_page(PRODUCTS_PAGE, token))
        page, token = decode_products(data)
        found.extend(page)
        if not token:
            return found


def product(id: str, address: str | None = None) -> Product:
    """One product.

    Raises:
        ProductNotFound: there is none of that id. Unavailable: no server answers.
    """
    data = _ask(inspect_address(address), GET_PRODUCT, encode_product_id(id))
    return decode_product(data)


def image(id: str, address: str | None = None) -> CatalogImage:
    """One image, by `product:id`, or by its bare id where only one product has it.

    Raises:
        ImageNotFound: there is none of that id. InvalidArgument: several products have it.
        Unavailable: no server answers.
    """
    return decode_image(_ask(inspect_address(address), GET_IMAGE, encode_image_id(id)))


def search(
    product: str,
    start: Time | None = None,
    end: Time | None = None,
    geoctx: Any = None,
    bounds: Bounds | None = None,
    limit: int = LIMIT,
    address: str | None = None,
) -> list[CatalogImage]:
    """Images of a product, by date, then id.

    Args:
        product: id of the product.
        start: first time, included; text like `2019-06-01` is UTC. Absent: from the beginning.
        end: end time, not included. Absent: to the end.
        geoctx: only images that meet this GeoContext's area.
        bounds: only images that meet (west, south, east, north), in degrees.
        limit: most images to give; more than that is not an error.
        address: which server to ask; absent: that of the configuration.

    Raises:
        ProductNotFound; InvalidArgument: a time or limit; InvalidGeoContext; Unavailable.
    """
    if limit < 0:
        raise InvalidArgument("A limit is 0 or more.").at(argument="limit")
    wanted = Search(
        product,
        None if start is None else _instant(start, "start"),
        None if end is None else _instant(end, "end"),
        bounds,
        geocontext_of(geoctx),
    )
    return list(_pages(inspect_address(address), wanted, limit))


def _pages(address: str, wanted: Search, limit: int) -> Iterator[CatalogImage]:
    token = ""
    while limit > 0:
        request = encode_search(wanted, min(limit, IMAGES_PAGE), token)
        page, token = decode_images(_ask(address, SEARCH_IMAGES, request))
        yield from page[:limit]
        limit -= len(page)
        if not token:
            return


def _ask(address: str, method: str, request: bytes) -> bytes:
    return ask(address, method, request, TIMEOUT_S, client_token())


def _instant(when: Time, argument: str) -> datetime:
    try:
        instant = promote_to(when, DATETIME)
    except InvalidArgument as error:
        raise error.at(argument=argument) from None
    assert isinstance(instant, Constant)
    value: datetime = instant.value
    return value
