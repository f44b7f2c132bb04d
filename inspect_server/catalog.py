"""CatalogService: what products and images there are, from request bytes to reply bytes."""

from __future__ import annotations

import json
from base64 import urlsafe_b64decode, urlsafe_b64encode
from bisect import bisect_right
from hashlib import blake2b
from typing import Any, TypeVar

import numpy as np
import shapely
from google.protobuf.message import DecodeError, Message
from shapely.geometry.base import BaseGeometry

from engine.catalog.catalog import Catalog
from engine.catalog.product import Band, Product
from engine.catalog.selection import Selection
from engine.catalog.suggest import extent
from engine.geo import geometry
from engine.geo.footprint import on_globe
from engine.geo.resolve import resolve
from inspect_server.cover import covering_geocontext
from swath.errors import BadRequest, InvalidArgument
from swath.geocontext import GeoContextValue
from swath.v1 import catalog_pb2 as pb
from swath.wire.geocontext import (
    decode_bounds,
    decode_geocontext,
    encode_bounds,
    encode_geocontext,
    encode_grid,
)
from swath.wire.limits import check_bytes
from swath.wire.value import fill_value

PRODUCTS_PAGE, MAX_PRODUCTS_PAGE = 100, 1_000
IMAGES_PAGE, MAX_IMAGES_PAGE = 1_000, 10_000
KINDS = {
    "physical": pb.Band.KIND_PHYSICAL,
    "class": pb.Band.KIND_CLASS,
    "flag": pb.Band.KIND_FLAG,
}

_M = TypeVar("_M", bound=Message)


def list_products(catalog: Catalog, request: bytes) -> bytes:
    """A ListProductsResponse.

    Raises:
        InvalidArgument: a page token that is not from this list. BadRequest: other bytes.
    """
    asked = _parse(pb.ListProductsRequest, request)
    names = sorted(product.name for product in catalog.products())
    (after,) = _read_token(asked.page_token, "products", 1) or ("",)
    start = bisect_right(names, str(after)) if asked.page_token else 0
    page = names[start : start + _page_size(asked.page_size, PRODUCTS_PAGE, MAX_PRODUCTS_PAGE)]
    reply = pb.ListProductsResponse(products=[_product(catalog, name) for name in page])
    if start + len(page) < len(names):
        reply.next_page_token = _token("products", page[-1])
    return reply.SerializeToString()


def get_product(catalog: Catalog, request: bytes) -> bytes:
    """A GetProductResponse.

    Raises:
        ProductNotFound: there is no such product. BadRequest: bytes that are no such request.
    """
    asked = _parse(pb.GetProductRequest, request)
    return pb.GetProductResponse(product=_product(catalog, asked.product)).SerializeToString()


def get_image(catalog: Catalog, request: bytes) -> bytes:
    """A GetImageResponse.

    Raises:
        ImageNotFound: there is no such image. InvalidArgument: several products have it.
        BadRequest: bytes that are no such request.
    """
    image = catalog.image(_parse(pb.GetImageRequest, request).id)
    reply = pb.GetImageResponse()
    message = reply.image
    message.id, message.product = image.id, image.product.name
    message.date_us = image.date_us
    message.bands.extend(image.assets)
    if not image.footprint.is_empty:
        message.footprint = shapely.to_geojson(image.footprint)
    fill_value(message.properties, image.properties)
    for asset in image.assets.values():
        message.grid.CopyFrom(encode_grid(asset.grid))
        break
    return reply.SerializeToString()


def search_images(catalog: Catalog, request: bytes) -> bytes:
    """A SearchImagesResponse.

    Raises:
        ProductNotFound; InvalidGeoContext: bounds, geometry or geocontext; InvalidArgument: a page
        token that is not from this search; BadRequest: bytes that are no such request.
    """
    asked = _parse(pb.SearchImagesRequest, request)
    search = _digest(asked)
    found = _search(catalog, asked)
    start = _start(found, asked.page_token, search)
    size = _page_size(asked.page_size, IMAGES_PAGE, MAX_IMAGES_PAGE)
    positions = range(start, min(start + size, len(found)))
    names = found.product.band_names
    bands = {name: found.assets(name) for name in names} if positions else {}
    reply = pb.SearchImagesResponse()
    for position in positions:
        _fill_image(reply.images.add(), found, position)
        has = [name for name in names if bands[name][position] is not None]
        reply.images[-1].bands.extend(has)
    if positions and positions[-1] + 1 < len(found):
        last = reply.images[-1]
        reply.next_page_token = _token(search, last.date_us, last.id)
    return reply.SerializeToString()


def _parse(cls: type[_M], request: bytes) -> _M:
    check_bytes(request, cls.DESCRIPTOR)
    try:
        return cls.FromString(request)
    except DecodeError:
        raise BadRequest(f"The bytes are not a message {cls.DESCRIPTOR.name}.") from None


def _page_size(asked: int, usual: int, most: int) -> int:
    return min(asked or usual, most)


def _search(catalog: Catalog, asked: pb.SearchImagesRequest) -> Selection:
    start_us = asked.start_us if asked.HasField("start_us") else None
    end_us = asked.end_us if asked.HasField("end_us") else None
    areas: list[BaseGeometry] = []
    if asked.HasField("geocontext"):
        areas.append(resolve(decode_geocontext(asked.geocontext)).footprint)
    if asked.HasField("bounds"):
        bounds = decode_bounds(asked.bounds)
        where = GeoContextValue(bounds=bounds, crs="EPSG:4326", shape=(1, 1))
        areas.append(resolve(where).footprint)
    if asked.HasField("geometry"):
        areas.append(on_globe(geometry.parse(asked.geometry)))
    found = catalog.search(asked.product, start_us, end_us, areas[0] if areas else None)
    for area in areas[1:]:
        other = catalog.search(asked.product, start_us, end_us, area)
        found = found.take(np.flatnonzero(np.isin(found.indices, other.indices)))
    return found


def _digest(asked: pb.SearchImagesRequest) -> str:
    """What tells a search from others, whatever page of it is asked for."""
    search = pb.SearchImagesRequest()
    search.CopyFrom(asked)
    search.ClearField("page_size")
    search.ClearField("page_token")
    return blake2b(search.SerializeToString(deterministic=True), digest_size=9).hexdigest()


def _start(found: Selection, token: str, search: str) -> int:
    """Position of the first image after the last one of the page before."""
    last = _read_token(token, search, 2)
    if not last:
        return 0
    date_us, image = last
    if not isinstance(date_us, int) or not isinstance(image, str):
        raise _foreign_token()
    dates = found.dates_us
    first, end = (int(np.searchsorted(dates, date_us, side)) for side in ("left", "right"))
    ids = found.ids
    while first < end and ids[first] <= image:
        first += 1
    return first


def _token(search: str, *last: Any) -> str:
    return urlsafe_b64encode(json.dumps([search, *last]).encode()).decode()


def _read_token(token: str, search: str, parts: int) -> tuple[Any, ...]:
    if not token:
        return ()
    try:
        said = json.loads(urlsafe_b64decode(token.encode()))
    except (ValueError, RecursionError):
        raise _foreign_token() from None
    if not isinstance(said, list) or len(said) != parts + 1 or said[0] != search:
        raise _foreign_token()
    return tuple(said[1:])


def _foreign_token() -> InvalidArgument:
    return InvalidArgument(
        "The page token is not from this search: give next_page_token of the page before, and"
        " change nothing else."
    ).at(argument="page_token")


def _product(catalog: Catalog, name: str) -> pb.Product:
    product = catalog.product(name)
    message = pb.Product(id=product.name, images=product.images)
    message.bands.extend(_band(band) for band in product.bands)
    if product.images:
        _fill_extent(message, catalog, product)
    return message


def _fill_extent(message: pb.Product, catalog: Catalog, product: Product) -> None:
    columns = catalog.columns(product.name)
    if not len(columns):
        return
    message.images = len(columns)
    message.first_us = int(columns.dates_us[0])
    message.last_us = int(columns.dates_us[-1])
    area = extent(catalog, product.name)
    if area is not None:
        east = area.east + 360.0 if area.east < area.west else area.east
        message.bounds.CopyFrom(encode_bounds((area.west, area.south, east, area.north)))
    where = covering_geocontext(columns.grids)
    if where is not None:
        message.geocontext.CopyFrom(encode_geocontext(where))


def _band(band: Band) -> pb.Band:
    message = pb.Band(name=band.name, dtype=band.dtype_read, kind=KINDS[band.kind])
    if band.scale != 1.0 or band.offset != 0.0:
        message.scale, message.offset = band.scale, band.offset
    if band.nodata is not None:
        message.nodata = band.nodata
    if band.data_range is not None:
        message.data_min, message.data_max = band.data_range
    return message


def _fill_image(message: pb.Image, found: Selection, position: int) -> None:
    row = int(found.indices[position])
    columns = found.columns
    message.id = columns.ids[row]
    message.product = columns.product.name
    message.date_us = int(columns.dates_us[row])
    footprint = columns.footprints[row]
    if not footprint.is_empty:
        message.footprint = shapely.to_geojson(footprint)
    fill_value(message.properties, columns.properties(row))
    message.grid.CopyFrom(encode_grid(columns.grids[row]))
