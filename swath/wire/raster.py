"""Rasters and their pixels to messages and back."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any, Literal

import numpy as np
from numpy.typing import NDArray

from swath.errors import InvalidGraph
from swath.grid import Window
from swath.stream import Chunk, RasterHeader
from swath.v1 import raster_pb2 as pb
from swath.wire.geocontext import decode_grid, encode_grid
from swath.wire.packed import array_from_bytes, array_to_bytes, pack_bits, unpack_bits
from swath.wire.value import decode_value, encode_value, fill_value

CHUNK_BYTES = 1024 * 1024
"""Most bytes of values in one chunk on the wire."""

_KINDS: dict[int, Literal["image", "collection"]] = {
    pb.RasterHeader.KIND_IMAGE: "image",
    pb.RasterHeader.KIND_COLLECTION: "collection",
}
_AXES = ("images", "bands", "rows", "cols")


def encode_raster(header: RasterHeader) -> pb.RasterHeader:
    """The message of all of a raster but its pixels."""
    kind = pb.RasterHeader.KIND_IMAGE if header.kind == "image" else pb.RasterHeader.KIND_COLLECTION
    message = pb.RasterHeader(kind=kind, properties=encode_value(list(header.properties)))
    if header.grid is not None:
        message.grid.CopyFrom(encode_grid(header.grid))
    for name, dtype, info in zip(header.bands, header.dtypes, header.bandinfo, strict=True):
        fill_value(message.bands.add(name=name, dtype=dtype).bandinfo, info)
    return message


def decode_raster(message: pb.RasterHeader) -> RasterHeader:
    """The description of a raster that a message holds.

    Raises:
        InvalidGraph: it is not one.
    """
    kind = _KINDS.get(message.kind)
    properties = decode_value(message.properties)
    bandinfo = tuple([decode_value(band.bandinfo) for band in message.bands])
    if kind is None or not isinstance(properties, list):
        raise InvalidGraph("A raster lacks its kind or its properties.")
    if not all(isinstance(item, dict) for item in (*properties, *bandinfo)):
        raise InvalidGraph("Properties and bandinfo are dicts.")
    return RasterHeader(
        kind=kind,
        grid=decode_grid(message.grid) if message.HasField("grid") else None,
        bands=tuple([band.name for band in message.bands]),
        dtypes=tuple([band.dtype for band in message.bands]),
        properties=tuple(properties),
        bandinfo=bandinfo,
    )


def fill_chunk(message: pb.Chunk, chunk: Chunk) -> tuple[bytes, bytes]:
    """Write a chunk, whatever its size, into an empty message; gives its data and mask bytes."""
    w = chunk.window
    message.raster = chunk.raster
    message.first_image, message.images = chunk.images[0], chunk.images[1] - chunk.images[0]
    message.first_band, message.bands = chunk.bands[0], chunk.bands[1] - chunk.bands[0]
    message.window.row, message.window.column = w.row, w.col
    message.window.rows, message.window.columns = w.rows, w.cols
    message.dtype = chunk.values.dtype.name
    message.data = data = array_to_bytes(chunk.values)
    message.mask = mask = b"" if chunk.mask is None else pack_bits(chunk.mask)
    return data, mask


def decode_chunk(message: pb.Chunk, data: bytes, mask: bytes) -> Chunk:
    """The chunk that a message holds; `data` and `mask` are its own, taken out once by the caller.

    The values share the memory of `data` and are read-only.

    Raises:
        InvalidGraph: lengths, dtype or window do not fit together.
    """
    w = message.window
    shape = (message.images, message.bands, w.rows, w.columns)
    values = array_from_bytes(data, message.dtype, shape)
    if values.size == 0:
        raise InvalidGraph("A chunk has no pixels.")
    return Chunk(
        raster=message.raster,
        images=(message.first_image, message.first_image + message.images),
        bands=(message.first_band, message.first_band + message.bands),
        window=Window(w.row, w.column, w.rows, w.columns),
        values=values,
        mask=_decode_mask(mask, shape, values.size),
    )


def _decode_mask(data: bytes, shape: tuple[int, ...], count: int) -> NDArray[np.uint8] | None:
    if not data:
        return None
    if len(data) != (count + 7) // 8:
        raise InvalidGraph("The mask of a chunk does not fit its values.")
    return unpack_bits(data, count).reshape(shape)


def split(chunk: Chunk, most_bytes: int = CHUNK_BYTES) -> Iterator[Chunk]:
    """The same pixels in chunks of at most `most_bytes` of values (a single value at the least).

    Cuts images first, then bands, rows, columns; order is kept. Nothing is copied.
    """
    if chunk.values.nbytes <= most_bytes:
        yield chunk
        return
    axis = next((i for i, n in enumerate(chunk.values.shape) if n > 1), None)
    if axis is None:
        yield chunk
        return
    length = chunk.values.shape[axis]
    step = max(1, most_bytes * length // chunk.values.nbytes)
    for start in range(0, length, step):
        yield from split(_part(chunk, axis, start, min(start + step, length)), most_bytes)


def _part(chunk: Chunk, axis: int, start: int, stop: int) -> Chunk:
    at: tuple[Any, ...] = (slice(None),) * axis + (slice(start, stop),)
    images, bands, w = chunk.images, chunk.bands, chunk.window
    match _AXES[axis]:
        case "images":
            images = (images[0] + start, images[0] + stop)
        case "bands":
            bands = (bands[0] + start, bands[0] + stop)
        case "rows":
            w = Window(w.row + start, w.col, stop - start, w.cols)
        case _:
            w = Window(w.row, w.col + start, w.rows, stop - start)
    mask = None if chunk.mask is None else chunk.mask[at]
    return Chunk(chunk.raster, images, bands, w, chunk.values[at], mask)
