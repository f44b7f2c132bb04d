"""What CatalogService says, as plain values; and its requests as bytes."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import datetime
from typing import Any

from swath.geocontext import GeoContextValue
from swath.grid import Grid
from swath.v1 import catalog_pb2 as pb
from swath.wire.geocontext import (
    decode_bounds,
    decode_geocontext,
    decode_grid,
    encode_bounds,
    encode_geocontext,
)
from swath.wire.packed import from_microseconds, to_microseconds
from swath.wire.value import decode_value

LIST_PRODUCTS = "/swath.v1.CatalogService/ListProducts"
"""Path of the rpc; likewise those below."""
GET_PRODUCT = "/swath.v1.CatalogService/GetProduct"
GET_IMAGE = "/swath.v1.CatalogService/GetImage"
SEARCH_IMAGES = "/swath.v1.CatalogService/SearchImages"

Bounds = tuple[float, float, float, float]


@dataclass(frozen=True, slots=True)
class Band:
    """A band of a product."""

    name: str
    dtype: str
    """numpy name of the values' dtype, as expressions see them."""
    kind: str
    """`physical`, `class` or `flag`."""
    scale: float = 1.0
    offset: float = 0.0
    """physical = stored × scale + offset; already applied to what expressions see."""
    nodata: float | None = None
    """Stored value that means no data; absent: none."""
    data_range: tuple[float, float] | None = None
    """Usual smallest and largest physical value; absent: not known."""


@dataclass(frozen=True, slots=True)
class Product:
    """A product: images with the same bands."""

    id: str
    bands: tuple[Band, ...]
    images: int
    """Number of images."""
    first: datetime | None
    """Time of the first image; absent: no images. UTC."""
    last: datetime | None
    """Time of the last image. UTC."""
    bounds: Bounds | None
    """(west, south, east, north) of all images; absent: not georeferenced."""
    geocontext: GeoContextValue | None
    """Covers all images at their own resolution; absent: no images."""


@dataclass(frozen=True, slots=True)
class CatalogImage:
    """An image that the catalog knows; nothing of its pixels."""

    id: str
    product: str
    date: datetime
    """UTC."""
    bands: tuple[str, ...]
    """Names of the bands that it has."""
    footprint: str = field(repr=False)
    """GeoJSON in longitude and latitude, often long; empty: not georeferenced."""
    properties: Mapping[str, Any]
    """What expressions see as its properties."""
    grid: Grid | None = field(default=None, repr=False)
    """Where the pixels of its first band are; absent: it has no bands."""

    @property
    def geocontext(self) -> GeoContextValue | None:
        """Exactly its pixels; absent: it has no bands."""
        if self.grid is None:
            return None
        t, shape = self.grid.transform, self.grid.shape
        affine = (t.a, t.b, t.c, t.d, t.e, t.f)
        return GeoContextValue(crs=self.grid.crs, transform=affine, shape=(shape.y, shape.x))


@dataclass(frozen=True, slots=True)
class Search:
    """Which images are searched for; see SearchImagesRequest for what absent means."""

    product: str
    start: datetime | None = None
    end: datetime | None = None
    bounds: Bounds | None = None
    geocontext: GeoContextValue | None = None


def encode_products_page(size: int, token: str) -> bytes:
    """A ListProductsRequest."""
    return pb.ListProductsRequest(page_size=size, page_token=token).SerializeToString()


def decode_products(data: bytes) -> tuple[list[Product], str]:
    """The products in a ListProductsResponse, and the token of the next page."""
    message = pb.ListProductsResponse.FromString(data)
    return [_product(product) for product in message.products], message.next_page_token


def encode_product_id(id_: str) -> bytes:
    """A GetProductRequest."""
    return pb.GetProductRequest(product=id_).SerializeToString()


def decode_product(data: bytes) -> Product:
    """The product in a GetProductResponse."""
    return _product(pb.GetProductResponse.FromString(data).product)


def encode_image_id(id_: str) -> bytes:
    """A GetImageRequest."""
    return pb.GetImageRequest(id=id_).SerializeToString()


def decode_image(data: bytes) -> CatalogImage:
    """The image in a GetImageResponse."""
    return _image(pb.GetImageResponse.FromString(data).image)


def encode_search(search: Search, size: int, token: str) -> bytes:
    """A SearchImagesRequest.

    Raises:
        InvalidArgument: a time outside the years 1 to 9999.
    """
    message = pb.SearchImagesRequest(product=search.product, page_size=size, page_token=token)
    if search.start is not None:
        message.start_us = to_microseconds(search.start)
    if search.end is not None:
        message.end_us = to_microseconds(search.end)
    if search.bounds is not None:
        message.bounds.CopyFrom(encode_bounds(search.bounds))
    if search.geocontext is not None:
        message.geocontext.CopyFrom(encode_geocontext(search.geocontext))
    return message.SerializeToString()


def decode_images(data: bytes) -> tuple[list[CatalogImage], str]:
    """The images in a SearchImagesResponse, and the token of the next page."""
    message = pb.SearchImagesResponse.FromString(data)
    return [_image(image) for image in message.images], message.next_page_token


def _product(message: pb.Product) -> Product:
    has = message.HasField
    return Product(
        id=message.id,
        bands=tuple(map(_band, message.bands)),
        images=message.images,
        first=from_microseconds(message.first_us) if has("first_us") else None,
        last=from_microseconds(message.last_us) if has("last_us") else None,
        bounds=decode_bounds(message.bounds) if has("bounds") else None,
        geocontext=decode_geocontext(message.geocontext) if has("geocontext") else None,
    )


_KINDS = {
    pb.Band.KIND_PHYSICAL: "physical",
    pb.Band.KIND_CLASS: "class",
    pb.Band.KIND_FLAG: "flag",
}


def _band(message: pb.Band) -> Band:
    has = message.HasField
    return Band(
        name=message.name,
        dtype=message.dtype,
        kind=_KINDS.get(message.kind, "physical"),
        scale=message.scale if has("scale") else 1.0,
        offset=message.offset if has("offset") else 0.0,
        nodata=message.nodata if has("nodata") else None,
        data_range=(message.data_min, message.data_max) if has("data_min") else None,
    )


def _image(message: pb.Image) -> CatalogImage:
    return CatalogImage(
        id=message.id,
        product=message.product,
        date=from_microseconds(message.date_us),
        bands=tuple(message.bands),
        footprint=message.footprint,
        properties=decode_value(message.properties),
        grid=decode_grid(message.grid) if message.HasField("grid") else None,
    )
