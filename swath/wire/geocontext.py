"""Geocontexts, grids and windows to messages and back."""

from __future__ import annotations

import math

from swath.errors import InvalidGeoContext
from swath.geocontext import GeoContextValue
from swath.grid import Affine, Grid, Shape2d
from swath.v1 import geocontext_pb2 as pb

_OPTIONAL = ("geometry", "resolution", "crs", "resampler", "key")


def encode_geocontext(value: GeoContextValue) -> pb.GeoContext:
    """The message of a geocontext; what has its default is left out.

    Raises:
        InvalidGeoContext: an int of more than 64 bits, or text that is not Unicode.
    """
    try:
        return _encode(value)
    except (ValueError, OverflowError) as problem:
        raise InvalidGeoContext(f"It does not fit the wire: {problem}.") from None


def _encode(value: GeoContextValue) -> pb.GeoContext:
    message = pb.GeoContext(all_touched=value.all_touched)
    for name in _OPTIONAL:
        present = getattr(value, name)
        if present is not None:
            setattr(message, name, present)
    if not value.align_pixels:
        message.align_pixels = False
    if value.bounds is not None:
        message.bounds.CopyFrom(encode_bounds(value.bounds))
    if value.bounds_crs != "EPSG:4326":
        message.bounds_crs = value.bounds_crs
    if value.shape is not None:
        message.shape.rows, message.shape.columns = value.shape
        message.shape.SetInParent()
    if value.tile is not None:
        message.tile.x, message.tile.y, message.tile.z = value.tile
        message.tile.SetInParent()
    if value.transform is not None:
        message.transform.CopyFrom(_encode_affine(Affine(*value.transform)))
    return message


def decode_geocontext(message: pb.GeoContext) -> GeoContextValue:
    """The geocontext that a message says; whether it makes a grid is for the engine to tell."""
    has = message.HasField
    return GeoContextValue(
        geometry=message.geometry if has("geometry") else None,
        resolution=message.resolution if has("resolution") else None,
        crs=message.crs if has("crs") else None,
        align_pixels=message.align_pixels if has("align_pixels") else True,
        bounds=decode_bounds(message.bounds) if has("bounds") else None,
        bounds_crs=message.bounds_crs if has("bounds_crs") else "EPSG:4326",
        shape=(message.shape.rows, message.shape.columns) if has("shape") else None,
        all_touched=message.all_touched,
        resampler=message.resampler if has("resampler") else None,
        tile=(message.tile.x, message.tile.y, message.tile.z) if has("tile") else None,
        key=message.key if has("key") else None,
        transform=_decode_affine(message.transform) if has("transform") else None,
    )


def encode_bounds(bounds: tuple[float, float, float, float]) -> pb.Bounds:
    """The message of (min x, min y, max x, max y)."""
    min_x, min_y, max_x, max_y = bounds
    return pb.Bounds(min_x=min_x, min_y=min_y, max_x=max_x, max_y=max_y)


def decode_bounds(message: pb.Bounds) -> tuple[float, float, float, float]:
    """(min x, min y, max x, max y) as they stand, also where they are not finite."""
    return message.min_x, message.min_y, message.max_x, message.max_y


def encode_grid(grid: Grid) -> pb.Grid:
    """The message of a grid."""
    return pb.Grid(
        crs=grid.crs,
        transform=_encode_affine(grid.transform),
        shape=pb.Shape(rows=grid.shape.y, columns=grid.shape.x),
    )


def decode_grid(message: pb.Grid) -> Grid:
    """The grid that a message says.

    Raises:
        InvalidGeoContext: no rows or columns, or an affine that cannot be inverted.
    """
    grid = Grid(
        message.crs,
        _decode_affine(message.transform),
        Shape2d(message.shape.rows, message.shape.columns),
    )
    if not math.isfinite(sum(grid.transform)) or grid.transform.determinant == 0:
        raise InvalidGeoContext("The affine of a grid cannot be inverted.")
    if min(grid.shape) < 1:
        raise InvalidGeoContext("A grid has at least one row and one column.")
    return grid


def _encode_affine(affine: Affine) -> pb.Affine:
    a, b, c, d, e, f = affine
    return pb.Affine(a=a, b=b, c=c, d=d, e=e, f=f)


def _decode_affine(message: pb.Affine) -> Affine:
    return Affine(message.a, message.b, message.c, message.d, message.e, message.f)
