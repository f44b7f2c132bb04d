"""Graphs from strangers: well formed and typed, or refused with one clear error."""

from __future__ import annotations

import pytest

from swath.errors import InvalidArgument, InvalidGraph, RequestTooLarge, SwathError, TypeMismatch
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
from swath.graph.type import ANY, FLOAT, IMAGE, INT, STR, Type, list_of

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
