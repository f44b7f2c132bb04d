from __future__ import annotations

import contextlib
import math
from datetime import UTC, datetime, timedelta, timezone
from typing import Any

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from swath.errors import InvalidArgument, InvalidGeoContext, InvalidGraph
from swath.stream import RasterRef
from swath.v1 import value_pb2 as pb
from swath.wire.value import decode_value, encode_value
from tests.unit.swath.wire.drawn import arrays, same, some_instants, values

few = settings(max_examples=150, deadline=None)


def through(value: Any) -> Any:
    return decode_value(pb.Value.FromString(encode_value(value).SerializeToString()), 9)


@few
@given(values)
def test_a_value_comes_back_as_it_was(value: Any) -> None:
    assert same(through(value), value)


@few
@given(arrays)
def test_an_array_comes_back_bit_by_bit(array: np.ndarray) -> None:
    assert same(through(array), array)


def test_a_big_endian_array_travels_little_endian() -> None:
    assert encode_value(np.array([1], ">u2")).array.data == b"\x01\x00"


def test_nan_and_infinities_are_values() -> None:
    assert [math.isnan(through(math.nan)), through(math.inf)] == [True, math.inf]


def test_a_naive_datetime_is_utc() -> None:
    naive = datetime(2020, 1, 2, tzinfo=UTC).replace(tzinfo=None)
    assert through(naive) == datetime(2020, 1, 2, tzinfo=UTC)


def test_a_datetime_of_another_zone_comes_back_in_utc() -> None:
    there = datetime(2020, 1, 2, tzinfo=timezone(timedelta(hours=2)))
    back = through(there)
    assert (back, back.utcoffset()) == (there, timedelta(0))


def test_numpy_scalars_travel_as_plain_numbers() -> None:
    assert same(through([np.float32(0.5), np.int16(3), np.True_]), [0.5, 3, True])


@pytest.mark.parametrize(
    ("items", "kind"),
    [
        (some_instants(3), "column"),
        ([1, None, 3], "column"),
        ([None, None], "column"),
        ([1, 2.0], "list"),
        ([], "list"),
        ([{"a": 1}, {"a": 2}], "records"),
        ([{"a": 1}, {"b": 2}], "list"),
        ([{}, {}], "list"),
    ],
)
def test_lists_travel_packed_where_they_can(items: list[Any], kind: str) -> None:
    assert encode_value(items).WhichOneof("kind") == kind


def test_no_value_in_a_column_is_a_clear_bit() -> None:
    assert encode_value([True, None, True]).column.valid == b"\x05"


def test_a_raster_reference_travels_in_results_only() -> None:
    message = encode_value([RasterRef(1)])
    assert decode_value(message, rasters=2) == [RasterRef(1)]
    with pytest.raises(InvalidGraph):
        decode_value(message)


@pytest.mark.parametrize(
    "value",
    [
        2**63,
        [2**63],
        "\ud800",
        object(),
        np.array(["a"]),
        timedelta.max,
        datetime(1, 1, 1, tzinfo=timezone(timedelta(hours=5))),
        np.array([1 + 2j])[0],
    ],
)
def test_what_does_not_travel_is_an_invalid_argument(value: Any) -> None:
    with pytest.raises(InvalidArgument):
        encode_value(value)


def test_a_value_that_holds_itself_is_an_invalid_argument() -> None:
    loop: list[Any] = []
    loop.append(loop)
    with pytest.raises(InvalidArgument, match="32 deep"):
        encode_value(loop)


def test_a_list_nested_32_deep_is_the_deepest() -> None:
    deep: Any = 1
    for _ in range(31):
        deep = [deep, "x"]
    assert same(through([deep, None]), [deep, None])
    with pytest.raises(InvalidArgument):
        encode_value([[deep, "x"], "x"])


def nested(depth: int) -> pb.Value:
    message = pb.Value(integer=1)
    for _ in range(depth):
        message = pb.Value(list=pb.Items(items=[message]))
    return message


FAR = 9 * 10**17
MALFORMED = {
    "no kind": pb.Value(),
    "a null that is false": pb.Value(null=False),
    "too deep": nested(33),
    "a datetime after the year 9999": pb.Value(datetime_us=FAR),
    "such a datetime in a column": pb.Value(
        column=pb.Column(datetimes=pb.Column.Microseconds(items=[0, FAR]))
    ),
    "a column without items": pb.Value(column=pb.Column()),
    "a bitmap too short": pb.Value(
        column=pb.Column(booleans=pb.Column.Bools(items=[True] * 9), valid=b"\x01")
    ),
    "a dict with a key twice": pb.Value(
        dict=pb.Pairs(pairs=[pb.Pairs.Pair(key=pb.Value(integer=1), value=pb.Value(null=True))] * 2)
    ),
    "a dict with a list as key": pb.Value(
        dict=pb.Pairs(
            pairs=[pb.Pairs.Pair(key=pb.Value(list=pb.Items()), value=pb.Value(null=True))]
        )
    ),
    "records of unequal lengths": pb.Value(
        records=pb.Records(
            count=2, fields=[pb.Records.Field(name="a", values=pb.Value(list=pb.Items()))]
        )
    ),
    "records with a number for a column": pb.Value(
        records=pb.Records(count=2, fields=[pb.Records.Field(name="a", values=pb.Value(integer=1))])
    ),
    "very many empty records": pb.Value(records=pb.Records(count=2**32 - 1)),
    "an array of an unknown dtype": pb.Value(array=pb.Array(dtype="object", data=b"12345678")),
    "an array too short": pb.Value(array=pb.Array(dtype="uint16", shape=[2], data=b"123")),
    "an array of too many axes": pb.Value(array=pb.Array(dtype="uint8", shape=[1] * 9, data=b"1")),
    "an array with an absurd axis": pb.Value(array=pb.Array(dtype="uint8", shape=[0, 2**63])),
    "a bool that is 2": pb.Value(array=pb.Array(dtype="bool", shape=[1], data=b"\x02")),
}


@pytest.mark.parametrize("what", sorted(MALFORMED))
def test_a_malformed_value_is_an_invalid_graph(what: str) -> None:
    with pytest.raises(InvalidGraph):
        decode_value(MALFORMED[what])


def test_a_grid_without_pixels_is_an_invalid_geocontext() -> None:
    message = pb.Value()
    message.grid.SetInParent()
    with pytest.raises(InvalidGeoContext):
        decode_value(message)


@few
@given(st.binary(max_size=60))
def test_any_bytes_give_a_value_or_an_error_of_ours(data: bytes) -> None:
    message = pb.Value()
    try:
        message.ParseFromString(data)
    except Exception:  # noqa: BLE001 - protobuf's own refusal is tested with the requests
        return
    with contextlib.suppress(InvalidGraph, InvalidGeoContext):
        decode_value(message)
