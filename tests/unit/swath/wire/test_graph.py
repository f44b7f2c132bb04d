from __future__ import annotations

import contextlib

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from swath.errors import InvalidArgument, InvalidGeoContext, InvalidGraph, RequestTooLarge
from swath.graph.graph import Call, Graph, Line, Literal, Node
from swath.graph.type import FLOAT, INT, STR, list_of
from swath.v1 import graph_pb2 as pb
from swath.v1 import type_pb2, value_pb2
from swath.wire.graph import decode_graph, graph_from_bytes, graph_to_bytes
from swath.wire.limits import Limits
from tests.unit.swath.wire.drawn import graphs, same

OURS = (InvalidGraph, RequestTooLarge, InvalidGeoContext)
ONE = pb.Node(literal=pb.Literal(value=value_pb2.Value(integer=1)))
INT_TYPE = type_pb2.Type(name="Int")


@settings(max_examples=200, deadline=None)
@given(graphs())
def test_a_graph_comes_back_as_it_was(graph: Graph) -> None:
    back = graph_from_bytes(graph_to_bytes(graph))
    assert back == graph
    for a, b in zip(back.nodes, graph.nodes, strict=True):
        assert same(getattr(a, "value", None), getattr(b, "value", None))


@settings(max_examples=300, deadline=None)
@given(st.binary(max_size=200))
def test_any_bytes_give_a_graph_or_an_error_of_ours(data: bytes) -> None:
    with contextlib.suppress(*OURS):
        graph_from_bytes(data)


@settings(max_examples=200, deadline=None)
@given(graphs(), st.data())
def test_a_damaged_graph_gives_a_graph_or_an_error_of_ours(
    graph: Graph, data: st.DataObject
) -> None:
    good = bytearray(graph_to_bytes(graph))
    for _ in range(data.draw(st.integers(1, 4))):
        good[data.draw(st.integers(0, len(good) - 1))] = data.draw(st.integers(0, 255))
    with contextlib.suppress(*OURS):
        graph_from_bytes(bytes(good))


def test_the_type_of_a_plain_literal_is_left_out() -> None:
    graph = Graph((Literal(1, INT), Literal(1, FLOAT)), (), (), 1)
    message = pb.Graph.FromString(graph_to_bytes(graph))
    assert [node.literal.HasField("type") for node in message.nodes] == [False, True]


def test_a_long_source_line_is_cut_where_a_character_ends() -> None:
    graph = Graph((Literal(1, INT),), (), (), 0, lines=(Line(0, "a.py", 1, "é" * 200),))
    assert graph_from_bytes(graph_to_bytes(graph)).lines[0].text == "é" * 128


def test_a_literal_that_does_not_travel_is_an_invalid_argument() -> None:
    with pytest.raises(InvalidArgument):
        graph_to_bytes(Graph((Literal(2**70, INT),), (), (), 0))


def graph_of(*nodes: pb.Node, **fields: object) -> pb.Graph:
    return pb.Graph(**{"nodes": nodes, "result": 0, "language_version": 1, **fields})  # type: ignore[arg-type]


def call(op: str = "add", args: tuple[int, ...] = (), **kwargs: int) -> pb.Node:
    keywords = [pb.Call.Keyword(name=n, node=i) for n, i in kwargs.items()]
    return pb.Node(call=pb.Call(op=op, args=args, kwargs=keywords))


A = pb.Parameter(name="a", type=INT_TYPE)
MALFORMED = {
    "no nodes": graph_of(),
    "a result beyond the nodes": graph_of(ONE, result=1),
    "no language version": graph_of(ONE, language_version=0),
    "a node without a kind": graph_of(pb.Node()),
    "an argument that is the node itself": graph_of(call(args=(0,))),
    "an argument that comes later": graph_of(call(args=(1,)), ONE),
    "a keyword that comes later": graph_of(call(x=1), ONE),
    "a keyword twice": graph_of(
        ONE, pb.Node(call=pb.Call(op="f", kwargs=[pb.Call.Keyword(name="x", node=0)] * 2))
    ),
    "a call of nothing": graph_of(call(op="")),
    "a function that is not there": graph_of(pb.Node(function=0)),
    "a function that contains itself": graph_of(
        pb.Node(function=0), functions=[pb.Function(result=0)]
    ),
    "a function whose result is not there": graph_of(ONE, functions=[pb.Function(result=1)]),
    "a parameter that is not there": graph_of(pb.Node(parameter=pb.ParameterRef(position=0))),
    "a parameter of a function that is not there": graph_of(
        pb.Node(parameter=pb.ParameterRef(function=0))
    ),
    "two parameters of one name": graph_of(ONE, parameters=[A, A]),
    "a parameter without a name": graph_of(ONE, parameters=[pb.Parameter(type=INT_TYPE)]),
    "a parameter without a type": graph_of(ONE, parameters=[pb.Parameter(name="a")]),
    "a literal without a value": graph_of(pb.Node(literal=pb.Literal())),
    "a list without its type": graph_of(
        pb.Node(literal=pb.Literal(value=value_pb2.Value(list=value_pb2.Items())))
    ),
    "a literal that is a raster": graph_of(
        pb.Node(literal=pb.Literal(value=value_pb2.Value(raster=0), type=INT_TYPE))
    ),
    "a source line of no node": graph_of(ONE, lines=[pb.Line(node=1)]),
}


@pytest.mark.parametrize("what", sorted(MALFORMED))
def test_a_malformed_graph_is_an_invalid_graph(what: str) -> None:
    with pytest.raises(InvalidGraph):
        decode_graph(MALFORMED[what])


def test_what_is_wrong_with_a_node_names_the_node() -> None:
    with pytest.raises(InvalidGraph) as caught:
        decode_graph(graph_of(ONE, ONE, call(args=(7,))))
    assert caught.value.where.node == 2


def test_too_many_nodes_are_too_large() -> None:
    data = graph_to_bytes(Graph((Literal(1, INT),) * 60_000, (), (), 0))
    with pytest.raises(RequestTooLarge) as caught:
        graph_from_bytes(data)
    assert (caught.value.limit, caught.value.actual) == (50_000, 60_000)


def test_too_many_bytes_are_too_large_whatever_they_are() -> None:
    with pytest.raises(RequestTooLarge, match="bytes"):
        graph_from_bytes(b"\xff" * 101, Limits(request_bytes=100))


def test_eight_megabytes_of_empty_nodes_are_refused_before_they_are_parsed() -> None:
    with pytest.raises(RequestTooLarge, match="messages"):
        graph_from_bytes(b"\x0a\x00" * (4 * 1024 * 1024))


def test_large_bytes_that_are_no_message_are_an_invalid_graph() -> None:
    with pytest.raises(InvalidGraph):
        graph_from_bytes(b"\xff" * 1_000_000)


def test_messages_nested_beyond_measure_are_an_invalid_graph() -> None:
    message = b"\x08\x01"
    for _ in range(20_000):
        message = b"\x0a" + _varint(len(message)) + message  # Items.items, Value.list, ...
    with pytest.raises(InvalidGraph):
        graph_from_bytes(message)


def _varint(number: int) -> bytes:
    out = bytearray()
    while number > 0x7F:
        out.append(number & 0x7F | 0x80)
        number >>= 7
    return bytes([*out, number])


def test_a_large_literal_within_the_limits_is_taken() -> None:
    graph = Graph((Literal(["x" * 50] * 20_000, list_of(STR)), Call("length", (0,))), (), (), 1)
    assert graph_from_bytes(graph_to_bytes(graph)) == graph


def test_a_chain_of_ten_thousand_calls_is_taken() -> None:
    nodes: tuple[Node, ...] = (Literal(1, INT), *(Call("neg", (i,)) for i in range(10_000)))
    graph = Graph(nodes, (), (), 10_000)
    assert graph_from_bytes(graph_to_bytes(graph)) == graph
