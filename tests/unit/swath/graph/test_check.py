"""Graphs from strangers: well formed and typed, or refused with one clear error."""

from __future__ import annotations

import datetime as dt
from typing import Any

import hypothesis.strategies as st
import numpy as np
import pytest
from hypothesis import given, settings

from swath.errors import InvalidArgument, InvalidGraph, RequestTooLarge, SwathError, TypeMismatch
from swath.graph.canonical import digest
from swath.graph.check import check
from swath.graph.graph import (
    Call,
    Function,
    FunctionRef,
    Graph,
    Line,
    Literal,
    Node,
    Parameter,
    ParameterRef,
)
from swath.graph.limits import Limits
from swath.graph.text import show
from swath.graph.type import ANY, COLLECTION, FLOAT, GENERIC, IMAGE, INT, STR, Type, list_of
from swath.graph.value import type_of
from swath.ops import OPS

ONE = Literal(1, INT)
INCREMENT = Function((Parameter("x", INT),), 2)


def graph(*nodes: Node, functions: tuple[Function, ...] = (), result: int = -1) -> Graph:
    """A graph without parameters whose result is the last node unless said otherwise."""
    return Graph(nodes, functions, (), len(nodes) - 1 if result < 0 else result)


def mapped() -> Graph:
    """[1, 2].map(lambda x: x + 1)."""
    return graph(
        ParameterRef(0, 0),
        ONE,
        Call("numpy.add", (0, 1)),
        Literal([1, 2], list_of(INT)),
        FunctionRef(0),
        Call("map", (3, 4)),
        functions=(INCREMENT,),
    )


def test_each_node_gets_its_type() -> None:
    types = [str(t) for t in check(mapped())]
    assert types == ["Int", "Int", "Int", "List[Int]", "Function[Int, Int]", "List[Int]"]


def test_a_written_list_of_literals_is_as_good_as_a_literal_list() -> None:
    found = check(
        graph(
            Literal("a", STR),
            Call("Image.load", (0,)),
            Literal("bands", STR),
            Literal("pixels", STR),
            Call("list", (2, 3)),
            Call("mean", (1, 4)),
        )
    )
    assert found[-1] == FLOAT


@pytest.mark.parametrize(
    ("bad", "error"),
    [
        (graph(Call("no.such.op", ())), InvalidGraph),
        (graph(ONE, Call("numpy.add", (0, 1))), InvalidGraph),
        (graph(ONE, Call("numpy.add", (0, 7))), InvalidGraph),
        (graph(ONE, Call("numpy.add", (0, -1))), InvalidGraph),
        (graph(ONE, Call("numpy.add", (0,))), TypeMismatch),
        (graph(ONE, Call("numpy.add", (0, 0, 0))), TypeMismatch),
        (graph(ONE, Call("numpy.add", (0,), (("y", 0), ("y", 0)))), InvalidGraph),
        (graph(ONE, Call("numpy.add", (0,), (("z", 0),))), TypeMismatch),
        (graph(ONE, Call("length", (0,))), TypeMismatch),
        (graph(Literal("a", INT)), TypeMismatch),
        (graph(Literal(1, Type("Foo"))), InvalidGraph),
        (graph(Literal(2**70, INT)), InvalidArgument),
        (graph(Literal(object(), ANY)), TypeMismatch),
        (graph(ParameterRef(-1, 0)), InvalidGraph),
        (graph(ParameterRef(0, 0)), InvalidGraph),
        (graph(ParameterRef(-2, 0)), InvalidGraph),
        (graph(FunctionRef(0)), InvalidGraph),
        (graph(FunctionRef(-1)), InvalidGraph),
        (graph(FunctionRef(0), functions=(Function((), 0),)), InvalidGraph),
        (graph(ONE, functions=(Function((), 9),)), InvalidGraph),
        (graph(ONE, result=5), InvalidGraph),
        (graph(ParameterRef(0, 1), functions=(Function((Parameter("x", INT),), 0),)), InvalidGraph),
        (graph(ParameterRef(0, 0), functions=(Function((Parameter("x", INT),), 0),)), InvalidGraph),
        (Graph((), (), (), 0), InvalidGraph),
        (Graph((ONE,), (), (), -1), InvalidGraph),
        (Graph((ONE,), (), (Parameter("x", INT),) * 2, 0), InvalidGraph),
        (Graph((ONE,), (), (Parameter("x", Type("Foo")),), 0), InvalidGraph),
        (Graph((ONE,), (), (), 0, language_version=99), InvalidGraph),
    ],
)
def test_a_malformed_graph_is_refused(bad: Graph, error: type[SwathError]) -> None:
    with pytest.raises(error):
        check(bad)


def test_an_error_names_node_op_argument_and_line() -> None:
    nodes = (Literal("a", STR), ONE, Call("numpy.add", (1, 0)))
    lines = (Line(2, "mine.py", 12, "x + 'a'"),)
    with pytest.raises(TypeMismatch) as caught:
        check(Graph(nodes, (), (), 2, lines=lines))
    where = caught.value.where
    assert (where.node, where.op, where.argument) == (2, "numpy.add", "y")
    assert where.line == "mine.py:12: x + 'a'"


def test_a_parameter_is_used_only_inside_its_function() -> None:
    whole = mapped()
    leaking = Graph((*whole.nodes, Call("numpy.add", (2, 1))), whole.functions, (), 6)
    with pytest.raises(InvalidGraph, match="outside"):
        check(leaking)


def test_functions_cannot_call_each_other_in_a_circle() -> None:
    functions = (Function((), 1), Function((), 0))
    with pytest.raises(InvalidGraph):
        check(graph(FunctionRef(0), FunctionRef(1), functions=functions))


def test_a_long_chain_is_checked_without_recursion() -> None:
    nodes: list[Node] = [ONE]
    nodes.extend(Call("numpy.add", (i, 0)) for i in range(10_000))
    assert check(graph(*nodes))[-1] == INT


def test_a_chain_of_lists_ends_where_types_do() -> None:
    nodes: list[Node] = [ONE]
    nodes.extend(Call("list", (i,)) for i in range(1000))
    with pytest.raises(InvalidGraph, match="deeper"):
        check(graph(*nodes))


def test_tuples_of_tuples_do_not_explode() -> None:
    nodes: list[Node] = [ONE]
    nodes.extend(Call("tuple", (i, i)) for i in range(30))
    with pytest.raises(InvalidGraph, match="types"):
        check(graph(*nodes))


SMALL = Limits(nodes=3, operands=3, functions=1, parameters=1, literal_bytes=64, text=8, name=10)


@pytest.mark.parametrize(
    "large",
    [
        graph(ONE, ONE, ONE, ONE),
        graph(ONE, Call("list", (0,) * 4)),
        graph(ONE, functions=(Function((), 0),) * 2),
        Graph((ONE,), (), (Parameter("x", INT), Parameter("y", INT)), 0),
        graph(Literal("123456789", STR)),
        graph(Literal([0] * 9, list_of(INT))),
        graph(ONE, Call("a" * 11, (0,))),
        graph(ONE, Call("list", (), (("a" * 11, 0),))),
        Graph((ONE,), (), (Parameter("a" * 11, INT),), 0),
    ],
)
def test_a_graph_over_a_limit_is_refused_before_anything_else(large: Graph) -> None:
    with pytest.raises(RequestTooLarge) as caught:
        check(large, SMALL)
    assert caught.value.fields["actual"] > caught.value.fields["limit"]


def test_a_hundred_thousand_nodes_are_refused() -> None:
    with pytest.raises(RequestTooLarge):
        check(graph(*[ONE] * 100_000))


def test_an_image_may_close_over_outer_values() -> None:
    found = check(
        graph(
            Literal("s2", STR),
            Call("ImageCollection.from_id", (0,)),
            ParameterRef(0, 0),
            Call("concat_bands", (2, 1)),
            FunctionRef(0),
            Call("map", (1, 4)),
            functions=(Function((Parameter("img", IMAGE),), 3),),
        )
    )
    assert str(found[-1]) == "List[ImageCollection]"


VALUES: list[Any] = [
    None, True, 3, -1, 0.5, "images", "red", "date", ["bands", "pixels"], (1, "a"), {"a": 1},
    {"a": 1, "b": "x"}, [], dt.timedelta(1), dt.datetime(2019, 1, 1, tzinfo=dt.UTC), np.zeros(3),
]  # fmt: skip


@st.composite
def anything(draw: st.DrawFn) -> Graph:
    """Any graph at all: mostly references to earlier nodes, ops and values at random."""
    count = draw(st.integers(1, 12))
    index = st.integers(-1, count)
    nodes: list[Node] = []
    for i in range(count):
        earlier = st.integers(0, max(i - 1, 0)) if draw(st.booleans()) else index
        kind = draw(st.integers(0, 5))
        if kind == 0:
            nodes.append(ParameterRef(draw(st.integers(-1, 2)), draw(st.integers(0, 1))))
        elif kind == 1:
            nodes.append(FunctionRef(draw(st.integers(0, 2))))
        elif kind <= 3:
            value = draw(st.sampled_from(VALUES))
            nodes.append(Literal(value, type_of(value)))
        else:
            op = draw(st.sampled_from(sorted(OPS)))
            most = len(OPS[op].parameters)
            args = draw(st.lists(earlier, min_size=min(1, most), max_size=most))
            names = [p.name for p in OPS[op].parameters[len(args) :]]
            named = (
                draw(st.lists(st.tuples(st.sampled_from(names), earlier), max_size=1))
                if (names)
                else []
            )
            nodes.append(Call(op, tuple(args), tuple(named)))
    signature = st.sampled_from([INT, IMAGE, COLLECTION, ANY])
    functions = tuple(
        Function((Parameter("x", draw(signature)), Parameter("y", draw(signature))), draw(index))
        for _ in range(2)
    )
    return Graph(tuple(nodes), functions, (Parameter("p", draw(signature)),), count - 1)


@settings(max_examples=600, deadline=None)
@given(anything())
def test_any_graph_is_typed_or_refused_with_an_error_of_ours(found: Graph) -> None:
    if refusal(found) is None:
        assert len(check(found)) == len(found.nodes)
        assert len(digest(found)) == 64
        assert show(found)


@st.composite
def calls(draw: st.DrawFn) -> Graph:
    """One call of any op, with as many literals or parameters of any type as it takes."""
    op = OPS[draw(st.sampled_from(sorted(OPS)))]
    types = [t for p in op.parameters for t in p.accepts if t.args or t.name not in GENERIC]
    nodes: list[Node] = []
    parameters: list[Parameter] = []
    for _ in op.parameters:
        if draw(st.booleans()):
            value = draw(st.sampled_from(VALUES))
            nodes.append(Literal(value, type_of(value)))
        else:
            parameters.append(
                Parameter(f"p{len(parameters)}", draw(st.sampled_from([*types, ANY])))
            )
            nodes.append(ParameterRef(-1, len(parameters) - 1))
    count = draw(st.integers(0, len(nodes)))
    nodes.append(Call(op.name, tuple(range(count))))
    return Graph(tuple(nodes), (), tuple(parameters), len(nodes) - 1)


@settings(max_examples=1000, deadline=None)
@given(calls())
def test_any_call_is_typed_or_refused_with_an_error_that_names_the_op(found: Graph) -> None:
    call = found.nodes[found.result]
    assert isinstance(call, Call)
    refused = refusal(found)
    if refused is None:
        assert len(digest(found)) == 64
        assert show(found)
    else:
        assert refused.where.op == call.op


def refusal(found: Graph) -> SwathError | None:
    """The error that a graph is refused with; None when it is well formed."""
    try:
        check(found)
    except SwathError as error:
        return error
    return None
