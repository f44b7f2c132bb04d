from __future__ import annotations

import contextlib
import zlib
from collections.abc import Iterator
from typing import Any

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from swath.errors import Cancelled, InternalError, Transient
from swath.geocontext import GeoContextValue
from swath.graph.type import COLLECTION, INT
from swath.grid import Affine, Grid, Shape2d, Window
from swath.stream import Chunk, Data, Event, Header, RasterHeader, RasterRef, Trailer
from swath.v1 import inspect_pb2 as pb
from swath.wire.packed import DTYPES
from swath.wire.raster import CHUNK_BYTES, split
from swath.wire.stream import read_stream, write_stream
from tests.unit.swath.wire.drawn import same


def grid(rows: int, cols: int) -> Grid:
    return Grid("EPSG:32613", Affine(10.0, 0.0, 5e5, 0.0, -10.0, 4e6), Shape2d(rows, cols))


def raster(images: int, bands: int, rows: int, cols: int, dtype: str = "float32") -> RasterHeader:
    names = tuple(f"b{i}" for i in range(bands))
    return RasterHeader(
        "collection",
        grid(rows, cols),
        names,
        (dtype,) * bands,
        tuple({"id": str(i), "n": i} for i in range(images)),
        tuple({"name": name} for name in names),
    )


def header(of: RasterHeader) -> Header:
    where = GeoContextValue(bounds=(0.0, 0.0, 1.0, 1.0), crs="EPSG:4326", resolution=0.1)
    return Header(COLLECTION, RasterRef(0), (of,), where)


def whole(of: RasterHeader, seed: int = 0, mask: bool = True) -> Chunk:
    assert of.grid is not None
    shape = (len(of.properties), len(of.bands), *of.grid.shape)
    random = np.random.default_rng(seed)
    values = random.integers(0, 2, shape).astype(of.dtypes[0])
    flags = random.integers(0, 2, shape).astype(np.uint8) if mask else None
    return Chunk(0, (0, shape[0]), (0, shape[1]), of.grid.whole, values, flags)


def painted(chunks: list[Chunk], shape: tuple[int, ...]) -> tuple[np.ndarray, np.ndarray]:
    values, mask = np.full(shape, 99.0), np.full(shape, 9)
    for c in chunks:
        w = c.window
        at = (
            slice(*c.images),
            slice(*c.bands),
            slice(w.row, w.row + w.rows),
            slice(w.col, w.col + w.cols),
        )
        values[at] = c.values
        mask[at] = 0 if c.mask is None else c.mask
    return values, mask


dims = st.tuples(*[st.integers(1, 7)] * 4)


@settings(max_examples=80, deadline=None)
@given(dims, st.integers(1, 400), st.booleans(), st.sampled_from(sorted(DTYPES)))
def test_split_chunks_are_small_and_cover_each_pixel_once(
    shape: tuple[int, int, int, int], most: int, mask: bool, dtype: str
) -> None:
    chunk = whole(raster(*shape, dtype), mask=mask)
    parts = list(split(chunk, most))
    assert all(p.values.nbytes <= max(most, chunk.values.itemsize) for p in parts)
    assert sum(p.values.size for p in parts) == chunk.values.size
    values, flags = painted(parts, shape)
    assert (values == chunk.values).all()
    assert (flags == (0 if chunk.mask is None else chunk.mask)).all()


@settings(max_examples=60, deadline=None)
@given(dims, st.booleans(), st.sampled_from(sorted(DTYPES)))
def test_a_result_comes_back_as_it_was(
    shape: tuple[int, int, int, int], mask: bool, dtype: str
) -> None:
    of = raster(*shape, dtype)
    chunk = whole(of, mask=mask)
    trailer = Trailer({"read": 0.25}, 7, 8)
    first, back, last = read_stream(write_stream([header(of), chunk, trailer]))
    assert isinstance(back, Chunk)
    assert (first, last) == (header(of), trailer)
    assert back.values.dtype == chunk.values.dtype
    assert (back.raster, back.images, back.bands, back.window) == (
        0, chunk.images, chunk.bands, chunk.window,
    )  # fmt: skip
    assert back.values.tolist() == chunk.values.tolist()
    assert same(back.mask, chunk.mask)


def test_a_number_is_one_message() -> None:
    events: list[Event] = [Header(INT, 2), Trailer()]
    messages = list(write_stream(events))
    assert len(messages) == 1
    assert list(read_stream(messages)) == events


def test_a_small_image_is_one_message() -> None:
    of = raster(1, 1, 256, 256)
    assert len(list(write_stream([header(of), whole(of), Trailer()]))) == 1


def test_a_large_result_is_messages_of_at_most_two_megabytes() -> None:
    of = raster(1, 3, 700, 700)
    sizes = [len(m) for m in write_stream([header(of), whole(of), Trailer()])]
    assert len(sizes) > 3
    assert max(sizes) <= 2 * CHUNK_BYTES


def test_a_pixel_event_is_taken_only_when_the_ones_before_were_read() -> None:
    of = raster(3, 1, 512, 512)
    taken = []

    def events() -> Iterator[Event]:
        yield header(of)
        for i in range(3):
            taken.append(i)
            yield Chunk(
                0, (i, i + 1), (0, 1), Window(0, 0, 512, 512),
                np.zeros((1, 1, 512, 512), np.float32), None,
            )  # fmt: skip
        yield Trailer()

    messages = write_stream(events())
    next(messages)
    assert taken == [0]


def test_an_encoded_result_comes_back_as_it_was() -> None:
    data = bytes(range(256)) * 10_000
    events: list[Event] = [Header(COLLECTION, None, format="geotiff"), Data(data), Trailer()]
    back = list(read_stream(write_stream(events)))
    assert b"".join(e.data for e in back if isinstance(e, Data)) == data


def test_the_checksum_is_that_of_all_bytes_in_order() -> None:
    of = raster(1, 1, 2, 2, "uint8")
    chunk = whole(of)
    *_, last = write_stream([header(of), chunk, Data(b"tail"), Trailer()])
    assert chunk.mask is not None
    bits = np.packbits(chunk.mask, bitorder="little").tobytes()
    expected = zlib.crc32(chunk.values.tobytes() + bits + b"tail")
    assert pb.InspectResponse.FromString(last).trailer.crc32 == expected


def test_a_changed_pixel_is_noticed() -> None:
    of = raster(1, 1, 2, 2)
    message = pb.InspectResponse.FromString(next(write_stream([header(of), whole(of), Trailer()])))
    message.chunks[0].data = b"\x00" * 15 + b"\x01"
    with pytest.raises(Transient, match="checksum"):
        list(read_stream([message.SerializeToString()]))


def test_a_stream_without_a_trailer_was_cut_short() -> None:
    of = raster(1, 3, 700, 700)
    messages = list(write_stream([header(of), whole(of), Trailer()]))
    with pytest.raises(Transient, match="cut short"):
        list(read_stream(messages[:-1]))


def test_an_error_among_the_events_comes_through() -> None:
    def events() -> Iterator[Event]:
        yield Header(INT, 2)
        raise Cancelled("enough")

    with pytest.raises(Cancelled):
        list(write_stream(events()))


@pytest.mark.parametrize(
    "message",
    [
        b"\xff",
        pb.InspectResponse(header=pb.ResultHeader()).SerializeToString(),
        pb.InspectResponse(chunks=[{"dtype": "uint8"}]).SerializeToString(),
    ],
)
def test_an_answer_that_breaks_the_contract_is_an_internal_error(message: bytes) -> None:
    with pytest.raises(InternalError):
        list(read_stream([message]))


@settings(max_examples=150, deadline=None)
@given(st.lists(st.binary(max_size=80), max_size=3))
def test_any_answer_gives_events_or_an_error_of_ours(messages: list[bytes]) -> None:
    with contextlib.suppress(InternalError, Transient):
        list(read_stream(messages))


def test_an_empty_collection_has_no_grid() -> None:
    of = RasterHeader("collection", None, (), (), (), ())
    back: list[Any] = list(read_stream(write_stream([header(of), Trailer()])))
    assert back[0].rasters == (of,)
