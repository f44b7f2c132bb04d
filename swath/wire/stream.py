"""A result's events to InspectResponse messages and back.

The writer puts as much into one message as it can without making anyone wait: a number is one
message; so is an image of one chunk. The reader gives the events again and checks the checksum.

A result can also be written in parts, by different processes: a head, any number of runs of chunks,
a tail. All messages of all parts, in that order, are a stream as one writer would write it.
"""

from __future__ import annotations

import sys
import zlib
from collections.abc import Iterable, Iterator

import numpy as np
from google.protobuf.message import DecodeError

from swath.errors import InternalError, InvalidGraph, Transient
from swath.stream import Chunk, Data, Event, Header, RasterHeader, Trailer
from swath.v1 import inspect_pb2 as pb
from swath.wire.crc import Checksum
from swath.wire.geocontext import decode_geocontext, encode_geocontext
from swath.wire.raster import decode_chunk, decode_raster, encode_raster, fill_chunk, split
from swath.wire.type import decode_type, encode_type
from swath.wire.value import decode_value, fill_value

FLUSH_BYTES = 256 * 1024
"""A message with this many bytes of pixels or data is sent without waiting for more."""


def write_stream(events: Iterable[Event]) -> Iterator[bytes]:
    """Serialised InspectResponse messages of a result.

    Pulled: an event is taken only when the messages before it have been taken. Errors of `events`
    come through. Cost: about 20 µs for a number; one copy of each pixel besides protobuf's own.
    """
    writer = Writer()
    for event in events:
        yield from writer.write(event)


class Writer:
    """The message being filled, what the header promised, and the checksum so far."""

    def __init__(self) -> None:
        self.message = pb.InspectResponse()
        self.held_bytes = 0
        self.promised = 0
        self.checksum = Checksum()
        """Of data and masks of all chunks so far, and of other data."""

    def write(self, event: Event) -> Iterator[bytes]:
        """The messages that are full with this event."""
        if isinstance(event, Chunk):
            for chunk in split(event):
                yield from self._chunk(chunk)
        elif isinstance(event, Data):
            yield from self._data(event.data)
        elif isinstance(event, Header):
            self.promised = sum(map(_pixel_bytes, event.rasters))
            _fill_header(self.message.header, event)
        else:
            _fill_trailer(self.message.trailer, event, self.checksum.crc32)
            yield self._take()

    def part(self, chunks: Iterable[Chunk]) -> Iterator[bytes]:
        """The messages of a run of chunks; afterwards `checksum` is theirs, too."""
        for chunk in chunks:
            self.promised = sys.maxsize  # there may be more
            yield from self.write(chunk)
        if self.held_bytes:
            yield self._take()

    def _chunk(self, chunk: Chunk) -> Iterator[bytes]:
        data, mask = fill_chunk(self.message.chunks.add(), chunk)
        self.checksum = self.checksum.then(data, mask)
        self.held_bytes += len(data)
        self.promised -= len(data)
        if self.held_bytes >= FLUSH_BYTES and self.promised > 0:
            yield self._take()

    def _data(self, data: bytes) -> Iterator[bytes]:
        for start in range(0, len(data), 4 * FLUSH_BYTES):
            part = data[start : start + 4 * FLUSH_BYTES]
            self.checksum = self.checksum.then(part)
            self.message.data = part
            yield self._take()

    def _take(self) -> bytes:
        data = self.message.SerializeToString()
        self.message, self.held_bytes = pb.InspectResponse(), 0
        return data


def write_head(header: Header) -> bytes:
    """The message of a header alone."""
    message = pb.InspectResponse()
    _fill_header(message.header, header)
    return message.SerializeToString()


def write_tail(trailer: Trailer, crc32: int) -> bytes:
    """The message of a trailer alone; `crc32` is that of all chunks before it, in order."""
    message = pb.InspectResponse()
    _fill_trailer(message.trailer, trailer, crc32)
    return message.SerializeToString()


def _pixel_bytes(raster: RasterHeader) -> int:
    if raster.grid is None:
        return 0
    pixels = raster.grid.shape.y * raster.grid.shape.x * len(raster.properties)
    return pixels * sum(np.dtype(dtype).itemsize for dtype in raster.dtypes)


def _fill_header(message: pb.ResultHeader, header: Header) -> None:
    message.type.CopyFrom(encode_type(header.type))
    fill_value(message.value, header.value)
    message.format = header.format
    for raster in header.rasters:
        message.rasters.append(encode_raster(raster))
    if header.geocontext is not None:
        message.geocontext.CopyFrom(encode_geocontext(header.geocontext))


def _fill_trailer(message: pb.ResultTrailer, trailer: Trailer, crc32: int) -> None:
    message.SetInParent()
    message.crc32 = crc32
    message.timings_s.update(trailer.timings_s)
    message.pixels_read = trailer.pixels
    message.bytes_read = trailer.bytes_read


def read_stream(messages: Iterable[bytes]) -> Iterator[Event]:
    """The events in serialised InspectResponse messages, up to and with the trailer.

    Raises:
        InternalError: the messages break the contract. Transient: the stream was cut short, or the
            checksum does not fit. Errors of `messages` come through.
    """
    crc32, done = 0, False
    for data in messages:
        try:
            message = pb.InspectResponse.FromString(data)
            if message.HasField("header"):
                yield _decode_header(message.header)
            for chunk in message.chunks:
                pixels, mask = chunk.data, chunk.mask
                crc32 = zlib.crc32(mask, zlib.crc32(pixels, crc32))
                yield decode_chunk(chunk, pixels, mask)
        except (DecodeError, InvalidGraph) as problem:
            raise InternalError(f"The server's answer breaks the contract: {problem}") from None
        encoded = message.data
        if encoded:
            crc32 = zlib.crc32(encoded, crc32)
            yield Data(encoded)
        if message.HasField("trailer"):
            if message.trailer.crc32 != crc32:
                raise Transient("The answer was damaged on its way: its checksum does not fit.")
            done = True
            yield _decode_trailer(message.trailer)
    if not done:
        raise Transient("The answer was cut short.")


def read_chunks(messages: Iterable[bytes]) -> Iterator[Chunk]:
    """The chunks in the messages of a run of chunks. Whole or not is for the caller to know.

    Raises:
        InternalError: the messages break the contract, or hold something else than chunks.
    """
    for data in messages:
        try:
            message = pb.InspectResponse.FromString(data)
            if message.HasField("header") or message.HasField("trailer") or message.data:
                raise InternalError("A run of chunks holds something else.")
            for chunk in message.chunks:
                yield decode_chunk(chunk, chunk.data, chunk.mask)
        except (DecodeError, InvalidGraph) as problem:
            raise InternalError(f"A run of chunks breaks the contract: {problem}") from None


def _decode_header(message: pb.ResultHeader) -> Header:
    return Header(
        type=decode_type(message.type),
        value=decode_value(message.value, len(message.rasters)),
        rasters=tuple([decode_raster(raster) for raster in message.rasters]),
        geocontext=(
            decode_geocontext(message.geocontext) if message.HasField("geocontext") else None
        ),
        format=message.format,
    )


def _decode_trailer(message: pb.ResultTrailer) -> Trailer:
    return Trailer(dict(message.timings_s), message.pixels_read, message.bytes_read)
