from __future__ import annotations

import pytest
from hypothesis import given, settings

from swath.errors import InvalidGraph
from swath.graph.type import Type
from swath.v1 import type_pb2 as pb
from swath.wire.type import decode_type, encode_type, type_from_bytes, type_to_bytes
from tests.unit.swath.wire.drawn import types


@settings(max_examples=150, deadline=None)
@given(types)
def test_a_type_comes_back_as_it_was(type_: Type) -> None:
    assert decode_type(pb.Type.FromString(encode_type(type_).SerializeToString())) == type_


def nested(depth: int) -> pb.Type:
    message = pb.Type(name="Int")
    for _ in range(depth - 1):
        message = pb.Type(name="List", args=[message])
    return message


def test_a_type_32_deep_is_the_deepest() -> None:
    assert decode_type(nested(32)).depth == 32
    with pytest.raises(InvalidGraph):
        decode_type(nested(33))


@pytest.mark.parametrize(
    "message",
    [
        pb.Type(),
        pb.Type(name="Number"),
        pb.Type(name="Int", args=[pb.Type(name="Int")]),
        pb.Type(name="List"),
        pb.Type(name="Dict", args=[pb.Type(name="Int")]),
        pb.Type(name="Function"),
        pb.Type(name="Tuple", fields=[pb.Type.Field(name="a", type=pb.Type(name="Int"))]),
        pb.Type(
            name="KnownDict",
            args=[pb.Type(name="Str"), pb.Type(name="Any")],
            fields=[pb.Type.Field(name="a", type=pb.Type(name="Int"))] * 2,
        ),
        pb.Type(name="List", args=[pb.Type()]),
    ],
)
def test_a_malformed_type_is_an_invalid_graph(message: pb.Type) -> None:
    with pytest.raises(InvalidGraph):
        decode_type(message)


@given(types)
def test_a_type_comes_back_from_its_bytes(type_: Type) -> None:
    assert type_from_bytes(type_to_bytes(type_)) == type_


@pytest.mark.parametrize("data", [b"", b"\xff"])
def test_bytes_that_are_no_type_are_an_invalid_graph(data: bytes) -> None:
    with pytest.raises(InvalidGraph):
        type_from_bytes(data)
