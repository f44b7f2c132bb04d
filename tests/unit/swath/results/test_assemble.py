from __future__ import annotations

from typing import Any

import numpy as np
import pytest

from swath.errors import InternalError, Transient
from swath.geocontext import GeoContextValue
from swath.graph.type import COLLECTION, IMAGE, INT, dict_of
from swath.grid import Affine, Grid, Shape2d, Window
from swath.results import ImageCollectionResult, ImageResult, assemble
from swath.stream import Chunk, Data, Event, Header, RasterHeader, RasterRef, Trailer
from swath.wire.stream import read_stream, write_stream

GRID = Grid("EPSG:32613", Affine(30.0, 0.0, 5e5, 0.0, -30.0, 4e6), Shape2d(2, 3))
ASKED = GeoContextValue(bounds=(0.0, 0.0, 1.0, 1.0), crs="EPSG:32613", resolution=30.0)
COLLECTION_OF_TWO = RasterHeader(
    "collection",
    GRID,
    ("red", "scl"),
    ("float32", "uint8"),
    ({"id": "a"}, {"id": "b"}),
    ({"kind": "physical"}, {"kind": "class"}),
)
ONE_IMAGE = RasterHeader("image", GRID, ("red",), ("uint16",), ({"id": "a"},), ({},))
EMPTY = RasterHeader("collection", None, (), (), (), ())


def chunk(
    images: tuple[int, int], band: int, rows: tuple[int, int], dtype: str, value: int, mask: bool
) -> Chunk:
    shape = (images[1] - images[0], 1, rows[1] - rows[0], 3)
    values = np.full(shape, value, dtype)
    flags = np.ones(shape, np.uint8) if mask else None
    window = Window(rows[0], 0, rows[1] - rows[0], 3)
    return Chunk(0, images, (band, band + 1), window, values, flags)


def two() -> list[Event]:
    return [
        Header(COLLECTION, RasterRef(0), (COLLECTION_OF_TWO,), ASKED),
        chunk((1, 2), 0, (0, 1), "float32", 5, mask=False),
        chunk((0, 1), 0, (0, 2), "float32", 3, mask=False),
        chunk((1, 2), 0, (1, 2), "float32", 0, mask=True),
        chunk((0, 2), 1, (0, 2), "uint8", 9, mask=False),
        Trailer(),
    ]


def test_a_number_is_itself() -> None:
    assert assemble([Header(INT, 2), Trailer()]) == 2


def test_pixels_go_where_their_chunks_say() -> None:
    result = assemble(two())
    assert isinstance(result, ImageCollectionResult)
    assert result.ndarray is not None
    assert result.ndarray.shape == (2, 2, 2, 3)
    assert result.ndarray[:, 0, :, 0].tolist() == [[3.0, 3.0], [5.0, None]]
    assert (result.ndarray[:, 1] == 9).all()


def test_the_same_pixels_come_over_the_wire() -> None:
    here, there = assemble(two()), assemble(read_stream(write_stream(two())))
    assert here.ndarray.tolist() == there.ndarray.tolist()
    assert here.geocontext == there.geocontext


def test_a_result_says_what_and_where_it_is() -> None:
    result = assemble(two())
    assert result.bands == ("red", "scl")
    assert result.bandinfo["scl"] == {"kind": "class"}
    assert [p["id"] for p in result.properties] == ["a", "b"]
    where = result.geocontext
    assert (where.crs, where.shape) == ("EPSG:32613", (2, 3))
    assert where.gdal_geotrans == (5e5, 30.0, 0.0, 4e6, 0.0, -30.0)
    assert where.bounds == (5e5, 4e6 - 60, 5e5 + 90, 4e6)
    assert where.value.transform == (30.0, 0.0, 5e5, 0.0, -30.0, 4e6)


@pytest.mark.parametrize(
    ("dtypes", "dtype"),
    [
        (("uint8", "uint8"), "uint8"),
        (("uint8", "int8"), "int16"),
        (("uint8", "float32"), "float32"),
        (("int32", "float32"), "float64"),
        (("bool", "uint16"), "uint16"),
    ],
)
def test_d7_bands_of_several_dtypes_become_one(dtypes: tuple[str, str], dtype: str) -> None:
    of = RasterHeader("image", GRID, ("a", "b"), dtypes, ({},), ({}, {}))
    events: list[Event] = [Header(IMAGE, RasterRef(0), (of,))]
    events += [chunk((0, 1), i, (0, 2), name, 1, mask=False) for i, name in enumerate(dtypes)]
    assert assemble([*events, Trailer()]).ndarray.dtype == dtype


def test_an_image_has_no_image_axis() -> None:
    pixels = chunk((0, 1), 0, (0, 2), "uint16", 7, mask=False)
    result = assemble([Header(IMAGE, RasterRef(0), (ONE_IMAGE,)), pixels, Trailer()])
    assert isinstance(result, ImageResult)
    assert result.ndarray is not None
    assert result.ndarray.shape == (1, 2, 3)
    assert result.properties == {"id": "a"}


def test_an_empty_collection_has_no_array() -> None:
    result = assemble([Header(COLLECTION, RasterRef(0), (EMPTY,)), Trailer()])
    assert (result.ndarray, result.geocontext, len(result)) == (None, None, 0)
    assert "Empty" in repr(result)


def test_an_empty_image_has_no_array() -> None:
    of = RasterHeader("image", None, (), (), ({"id": "a"},), ())
    result = assemble([Header(IMAGE, RasterRef(0), (of,)), Trailer()])
    assert (result.ndarray, result.properties) == (None, {"id": "a"})


def test_images_are_found_wherever_they_are_in_a_value() -> None:
    pixels = chunk((0, 1), 0, (0, 2), "uint16", 7, mask=False)
    value = {"a": [RasterRef(0), 1], "b": (RasterRef(0),)}
    result: Any = assemble([Header(dict_of(INT, IMAGE), value, (ONE_IMAGE,)), pixels, Trailer()])
    assert result["a"][0] is result["b"][0]
    assert result["a"][1] == 1


def test_another_format_is_its_bytes() -> None:
    header = Header(IMAGE, None, format="geotiff")
    assert assemble([header, Data(b"II"), Data(b"*"), Trailer()]) == b"II*"


def test_an_answer_that_stops_was_cut_short() -> None:
    with pytest.raises(Transient, match="cut short"):
        assemble(two()[:-1])


def without(index: int) -> list[Event]:
    events = two()
    del events[index]
    return events


BROKEN: dict[str, list[Event]] = {
    "no header": without(0),
    "missing pixels": without(2),
    "nothing at all": [],
    "a raster that is not announced": [Header(INT, 1), two()[1], Trailer()],
    "a chunk beyond the raster": [
        two()[0], chunk((0, 1), 0, (1, 4), "float32", 1, mask=False), Trailer(),
    ],
    "bytes in a native result": [Header(INT, 1), Data(b"x"), Trailer()],
    "pixels in an encoded result": [Header(INT, None, format="json"), two()[1], Trailer()],
}  # fmt: skip


@pytest.mark.parametrize("what", sorted(BROKEN))
def test_events_that_do_not_fit_together_are_an_internal_error(what: str) -> None:
    with pytest.raises(InternalError):
        assemble(BROKEN[what])
