"""Laws of the canonical bytes: blind to how an expression was typed, and to nothing else."""

from __future__ import annotations

import datetime as dt
import hashlib
import math
import random
from dataclasses import replace
from functools import cache
from typing import Any

import hypothesis.strategies as st
import numpy as np
import pytest
from hypothesis import given, settings

import swath as wf
from swath.errors import InvalidGraph
from swath.geocontext import GeoContextValue
from swath.graph.canonical import canonical_bytes, digest, value_bytes, varint, zigzag
from swath.graph.check import check
from swath.graph.graph import (
    Call,
    Function,
    FunctionRef,
    Graph,
    Literal,
    Node,
    Parameter,
    ParameterRef,
)
from swath.graph.type import INT, STR, list_of
from swath.grid import Affine, Grid, Shape2d

few = settings(max_examples=60, deadline=None)
BINARY = ("numpy.add", "numpy.multiply", "numpy.subtract")


@st.composite
def graphs(draw: st.DrawFn) -> Graph:
    """A random graph of Ints, with mapped functions that close over what came before them."""
    nodes: list[Node] = [ParameterRef(-1, 0)]
    functions: list[Function] = []

    def number(pool: list[int]) -> int:
        for _ in range(draw(st.integers(0, 3))):
            if draw(st.booleans()):
                nodes.append(Literal(draw(st.integers(-3, 3)), INT))
            else:
                x, y = draw(st.sampled_from(pool)), draw(st.sampled_from(pool))
                nodes.append(Call(draw(st.sampled_from(BINARY)), (x, y)))
            pool.append(len(nodes) - 1)
        return draw(st.sampled_from(pool))

    def fold(pool: list[int], depth: int) -> int:
        """The sum of a function over [1, 2]."""
        function = len(functions)
        functions.append(Function((), 0))
        nodes.append(ParameterRef(function, 0))
        nodes.append(ParameterRef(function, 1))
        inside = [*pool, len(nodes) - 2, len(nodes) - 1]
        if depth and draw(st.booleans()):
            inside.append(fold(inside, depth - 1))
        result = number(inside)
        functions[function] = Function((Parameter("a", INT), Parameter("x", INT)), result)
        nodes.append(Literal([1, 2], list_of(INT)))
        nodes.append(FunctionRef(function))
        nodes.append(Call("reduce", (len(nodes) - 2, len(nodes) - 1)))
        return len(nodes) - 1

    pool = [0]
    number(pool)
    for _ in range(draw(st.integers(0, 3))):
        pool.append(fold(pool, 2))
    result = number(pool)
    return Graph(tuple(nodes), tuple(functions), (Parameter("p", INT),), result)


def rewritten(graph: Graph, order: list[int], rng: random.Random) -> Graph:
    """The same graph with nodes in another order (a topological one) and functions renumbered."""
    place = {old: new for new, old in enumerate(order)}
    numbers = list(range(len(graph.functions)))
    rng.shuffle(numbers)

    def moved(node: Node) -> Node:
        if isinstance(node, Call):
            args = tuple(place[i] for i in node.args)
            return Call(node.op, args, tuple((k, place[i]) for k, i in node.kwargs))
        if isinstance(node, FunctionRef):
            return FunctionRef(numbers[node.function])
        if isinstance(node, ParameterRef) and node.function >= 0:
            return ParameterRef(numbers[node.function], node.position)
        return node

    functions: list[Function] = list(graph.functions)
    for old, new in enumerate(numbers):
        function = graph.functions[old]
        renamed = tuple(Parameter(f"{p.name}_{new}", p.type) for p in function.parameters)
        functions[new] = Function(renamed, place[function.result])
    nodes = tuple(moved(graph.nodes[old]) for old in order)
    return Graph(nodes, tuple(functions), graph.parameters, place[graph.result])


def another_order(graph: Graph, rng: random.Random) -> list[int]:
    """A random order of the nodes in which each still follows those that it needs."""
    needs = [set(needed(graph, node)) for node in graph.nodes]
    left, order = set(range(len(graph.nodes))), list[int]()
    while left:
        ready = [n for n in left if not needs[n] & left]
        order.append(rng.choice(sorted(ready)))
        left.remove(order[-1])
    return order


def needed(graph: Graph, node: Node) -> list[int]:
    if isinstance(node, FunctionRef):
        return [graph.functions[node.function].result]
    return [*node.args, *(i for _, i in node.kwargs)] if isinstance(node, Call) else []


@few
@given(graphs(), st.randoms(use_true_random=False))
def test_order_names_and_numbers_of_functions_do_not_matter(
    graph: Graph, rng: random.Random
) -> None:
    other = rewritten(graph, another_order(graph, rng), rng)
    check(other)
    assert canonical_bytes(other) == canonical_bytes(graph)


@few
@given(graphs())
def test_doubled_and_dead_nodes_do_not_matter(graph: Graph) -> None:
    """Each node twice, the second used by what follows; and a dead node at the end."""
    nodes: list[Node] = []
    last: dict[int, int] = {}
    for old, node in enumerate(graph.nodes):
        moved = node
        if isinstance(node, Call):
            moved = Call(node.op, tuple(last[i] for i in node.args))
        nodes += [moved, moved]
        last[old] = len(nodes) - 1
    functions = tuple(replace(f, result=last[f.result]) for f in graph.functions)
    nodes.append(Literal("dead", STR))
    other = Graph(tuple(nodes), functions, graph.parameters, last[graph.result])
    assert digest(other) == digest(graph)


@few
@given(graphs(), st.data())
def test_a_changed_literal_changes_the_digest(graph: Graph, data: st.DataObject) -> None:
    base = wf.build_graph(wf.Int(1) + 2)
    changed = replace(base, nodes=(Literal(data.draw(st.integers(3, 9)), INT), *base.nodes[1:]))
    assert digest(changed) != digest(base)
    result = Graph(
        (*graph.nodes, Literal(7, INT), Call("numpy.add", (graph.result, len(graph.nodes)))),
        graph.functions, graph.parameters, len(graph.nodes) + 1,
    )  # fmt: skip
    assert digest(result) != digest(graph)


def unfolded(graph: Graph) -> str:
    """The result written out as a tree, parameters as de Bruijn indices: equal when equivalent."""

    @cache
    def tree(number: int, binders: tuple[int, ...]) -> str:
        node = graph.nodes[number]
        if isinstance(node, Literal):
            return repr(node.value)
        if isinstance(node, ParameterRef):
            depth = binders[::-1].index(node.function) if node.function >= 0 else "graph"
            return f"<{depth} {node.position}>"
        if isinstance(node, FunctionRef):
            result = graph.functions[node.function].result
            return f"(fun {tree(result, (*binders, node.function))})"
        assert isinstance(node, Call)
        return f"({node.op} {' '.join(tree(i, binders) for i in node.args)})"

    return hashlib.sha256(tree(graph.result, ()).encode()).hexdigest()


@settings(max_examples=150, deadline=None)
@given(graphs(), st.data())
def test_digests_are_equal_exactly_when_the_expressions_are(
    graph: Graph, data: st.DataObject
) -> None:
    """Against an oracle of its own: a change of any node counts when the result sees it."""
    number = data.draw(st.integers(0, len(graph.nodes) - 1))
    node = graph.nodes[number]
    if isinstance(node, Call) and node.op in BINARY:
        x, y = node.args
        changed: Node = Call(
            data.draw(st.sampled_from(BINARY)), tuple(data.draw(st.permutations([x, y])))
        )
    elif isinstance(node, ParameterRef) and node.function >= 0:
        changed = ParameterRef(node.function, 1 - node.position)
    elif isinstance(node, Literal) and node.type == INT:
        changed = Literal(data.draw(st.integers(-3, 3)), INT)
    else:
        changed = node
    nodes = (*graph.nodes[:number], changed, *graph.nodes[number + 1 :])
    other = replace(graph, nodes=nodes)
    assert (digest(other) == digest(graph)) == (unfolded(other) == unfolded(graph))


def of(obj: Any) -> str:
    """The digest of an expression."""
    return digest(wf.build_graph(obj))


def test_names_of_function_parameters_do_not_matter() -> None:
    a = wf.List([1, 2]).map(lambda x: wf.List([3]).map(lambda y: x - y))
    b = wf.List([1, 2]).map(lambda y: wf.List([3]).map(lambda x: y - x))
    swapped = wf.List([1, 2]).map(lambda y: wf.List([3]).map(lambda x: x - y))
    assert of(a) == of(b)
    assert of(a) != of(swapped)


def test_an_inner_function_is_the_same_inside_and_outside() -> None:
    inside = wf.List([1]).map(lambda x: wf.List([2]).map(lambda y: y + 1))
    shared = wf.List([2]).map(lambda y: y + 1)
    outside = wf.List([1]).map(lambda x: shared)
    assert of(inside) == of(outside)


def test_a_default_may_be_written_or_left_out() -> None:
    col = wf.ImageCollection.from_id("s2")
    assert of(col.mosaic()) == of(col.mosaic(reverse=False))
    assert of(col.median()) == of(col.median(None))
    assert of(col.mosaic()) != of(col.mosaic(reverse=True))


def test_an_argument_may_be_given_by_position_or_by_name() -> None:
    graph = wf.build_graph(wf.Image.from_id("a").value_at(1, 2))
    call = graph.nodes[graph.result]
    assert isinstance(call, Call)
    obj, x, y = call.args
    named = Call(call.op, (obj,), (("y", y), ("x", x)))
    other = replace(graph, nodes=(*graph.nodes[:-1], named))
    assert digest(other) == digest(graph)


def test_one_band_or_two_is_not_the_same() -> None:
    img = wf.Image.from_id("a")
    assert of(img.pick_bands("a b")) == of(img.pick_bands(["a", "b"]))
    assert of(img.pick_bands("a b")) != of(img.pick_bands("a"))


@pytest.mark.parametrize(
    ("one", "other"),
    [
        (1, 1.0),
        (1, True),
        (0.0, -0.0),
        ([1], (1,)),
        (None, False),
        ("a", "b"),
        ("\u00e9", "e\u0301"),
        ({"a": 1, "b": 2}, {"b": 2, "a": 1}),
        (np.zeros(2), np.zeros((1, 2))),
        (np.zeros(2, "u1"), np.zeros(2, "i1")),
        (dt.timedelta(1), 86_400_000_000),
        (GeoContextValue(crs="EPSG:4326"), GeoContextValue(bounds_crs="EPSG:32633")),
        (GeoContextValue(tile=(1, 2, 3)), GeoContextValue(tile=(1, 2, 4))),
    ],
)
def test_different_values_have_different_bytes(one: Any, other: Any) -> None:
    assert value_bytes(one) != value_bytes(other)


def test_values_that_are_the_same_have_the_same_bytes() -> None:
    big = np.arange(6, dtype=">u2").reshape(2, 3)
    little = np.asfortranarray(big.astype("<u2"))
    quiet = np.float64(np.nan)
    assert value_bytes(big) == value_bytes(little)
    assert value_bytes(math.nan) == value_bytes(-float(quiet))
    assert value_bytes(GeoContextValue(resolution=10)) == value_bytes(
        GeoContextValue(resolution=10.0)
    )


def test_primitives_are_those_of_the_specification() -> None:
    assert [varint(n).hex() for n in (0, 127, 128, 300)] == ["00", "7f", "8001", "ac02"]
    assert [zigzag(n).hex() for n in (0, -1, 1, -2, -(2**63))] == [
        "00", "01", "02", "03", "ffffffffffffffffff01",
    ]  # fmt: skip
    grid = Grid("EPSG:4326", Affine(1, 0, 0, 0, -1, 0), Shape2d(2, 3))
    assert value_bytes(grid)[:11] == b"G\x09EPSG:4326"
    assert value_bytes(grid)[-2:] == b"\x02\x03"
    moment = dt.datetime(1970, 1, 1, 0, 0, 1, tzinfo=dt.UTC)
    assert value_bytes(moment) == b"T" + zigzag(1_000_000)


def test_the_bytes_of_a_sum_are_those_of_the_specification() -> None:
    assert canonical_bytes(wf.build_graph(wf.Int(1) + 2)) == (
        b"swath\x01"  # name, version
        b"\x01\x00\x03"  # language version, parameters, entries
        b"L\x03Int\x00\x00i\x02"
        b"L\x03Int\x00\x00i\x04"
        b"C\x09numpy.add\x01\x01\x00\x01"
    )


def test_the_bytes_of_a_function_are_those_of_the_specification() -> None:
    mapped = wf.List([1]).map(lambda x: x + x)
    assert canonical_bytes(wf.build_graph(mapped)) == (
        b"swath\x01\x01\x00\x05"
        b"L\x04List\x01\x03Int\x00\x00\x00l\x01i\x02"
        b"V\x00\x00"
        b"C\x09numpy.add\x01\x01\x01\x01"
        b"F\x00\x01\x03Int\x00\x00\x02"
        b"C\x03map\x01\x01\x00\x03"
    )


def test_parameters_of_the_graph_count_by_name_and_type() -> None:
    a, b = wf.parameter("a", wf.Int), wf.parameter("b", wf.Int)
    assert of(a + b) != of(b + a)
    assert of(a + 1) != of(b + 1)
    assert of(wf.parameter("a", wf.Float) + 1) != of(a + 1)


def test_a_deep_chain_has_a_digest() -> None:
    chain = wf.Int(0)
    for i in range(10_000):
        chain = chain + i
    assert len(of(chain)) == 64


def test_text_that_is_not_unicode_is_refused() -> None:
    with pytest.raises(InvalidGraph):
        of(wf.Str("\ud800"))
