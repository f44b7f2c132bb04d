"""Events of a result to Python values: the same for a server's answer and an embedded engine's."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from typing import Any

import numpy as np
from numpy.typing import NDArray

from swath.errors import InternalError, Transient
from swath.results.image import ImageCollectionResult, ImageResult
from swath.results.where import GeoContextResult
from swath.stream import Chunk, Data, Event, Header, RasterHeader, RasterRef, Trailer


def assemble(events: Iterable[Event]) -> Any:
    """The Python value of a result; bytes for a format other than native.

    Images become ImageResult, collections ImageCollectionResult, wherever they are in the value.
    Arrays are allocated once, from the header.

    Raises:
        Transient: the events end before the trailer. InternalError: they do not fit together.
    """
    rest = iter(events)
    header = _header(rest)
    if header.format != "native":
        return b"".join(_pieces(rest))
    rasters = [_Raster(of) for of in header.rasters]
    for event in _until_trailer(rest):
        if not isinstance(event, Chunk) or event.raster >= len(rasters):
            raise InternalError("A result holds pixels that its header does not announce.")
        rasters[event.raster].paint(event)
    if not rasters:
        return header.value
    return _resolve(header.value, [raster.result(header) for raster in rasters])


def encoded(events: Iterable[Event]) -> Iterator[bytes]:
    """The bytes of an encoded result, piece by piece.

    Raises:
        Transient: the events end before the trailer. InternalError: it is not an encoded result.
    """
    rest = iter(events)
    if _header(rest).format == "native":
        raise InternalError("The answer came in another format than was asked for.")
    yield from _pieces(rest)


def _header(events: Iterator[Event]) -> Header:
    header = next(events, None)
    if not isinstance(header, Header):
        raise InternalError("A result does not begin with its header.")
    return header


def _pieces(events: Iterator[Event]) -> Iterator[bytes]:
    for event in _until_trailer(events):
        if not isinstance(event, Data):
            raise InternalError("An encoded result holds something else than bytes.")
        yield event.data


def _until_trailer(events: Iterable[Event]) -> Iterator[Event]:
    """All but the trailer. The events are taken to their end: a status may follow the trailer."""
    done = False
    for event in events:
        if isinstance(event, Trailer):
            done = True
        else:
            yield event
    if not done:
        raise Transient("The answer was cut short.")


class _Raster:
    """The pixels of one raster while they come in."""

    def __init__(self, header: RasterHeader) -> None:
        self.header = header
        images, bands = len(header.properties), len(header.bands)
        rows, cols = header.grid.shape if header.grid is not None else (0, 0)
        dtype = np.result_type(*map(np.dtype, header.dtypes)) if bands else np.dtype("float32")
        # Zeroed memory costs nothing until it is written.
        self.values: NDArray[Any] = np.zeros((images, bands, rows, cols), dtype)
        self.mask = np.zeros(self.values.shape, np.bool_)
        self.missing = self.values.size

    def paint(self, chunk: Chunk) -> None:
        w = chunk.window
        at = (
            slice(*chunk.images),
            slice(*chunk.bands),
            slice(w.row, w.row + w.rows),
            slice(w.col, w.col + w.cols),
        )
        target = self.values[at]
        if target.shape != chunk.values.shape:
            raise InternalError("A chunk reaches beyond its raster.")
        target[...] = chunk.values
        if chunk.mask is not None:
            self.mask[at] = chunk.mask
        self.missing -= chunk.values.size

    def result(self, header: Header) -> ImageResult | ImageCollectionResult:
        if self.missing:
            raise InternalError("The chunks of a raster do not cover it.")
        of = self.header
        bandinfo = dict(zip(of.bands, of.bandinfo, strict=True))
        where = GeoContextResult(of.grid, header.geocontext) if of.grid is not None else None
        stack: Any = None
        if self.values.size:
            stack = np.ma.MaskedArray(self.values, self.mask, fill_value=0)
        if of.kind == "collection":
            return ImageCollectionResult(stack, list(of.properties), bandinfo, where)
        properties = of.properties[0] if of.properties else {}
        image = stack[0] if stack is not None else None
        return ImageResult(image, properties, bandinfo, where)


def _resolve(value: Any, results: list[ImageResult | ImageCollectionResult]) -> Any:
    """The value with each reference replaced by the result it stands for."""
    if isinstance(value, RasterRef):
        return results[value.raster]
    if isinstance(value, list):
        return [_resolve(item, results) for item in value]
    if isinstance(value, tuple):
        return tuple([_resolve(item, results) for item in value])
    if isinstance(value, dict):
        return {key: _resolve(item, results) for key, item in value.items()}
    return value
