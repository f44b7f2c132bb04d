"""Graphs and places that no client of ours would send: each gives one error of the tree."""

from __future__ import annotations

import time
from collections.abc import Callable
from contextlib import suppress
from typing import Any

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from engine import Engine
from engine.evaluate.budget import Budget
from swath.errors import (
    BadRequest,
    DeadlineExceeded,
    InvalidGeoContext,
    InvalidGraph,
    RequestTooLarge,
    ResultTooLarge,
    SwathError,
    TypeMismatch,
)
from swath.geocontext import GeoContextValue
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
from swath.graph.type import ARRAY, FLOAT, GRID, IMAGE, INT, NONE, STR
from swath.grid import Affine, Grid, Shape2d
from swath.ops.table import OPS

ENGINE = Engine()
GRID_1 = Grid("EPSG:32633", Affine(10.0, 0.0, 500000.0, 0.0, -10.0, 5000000.0), Shape2d(4, 4))
HERE = GeoContextValue(crs="EPSG:32633", shape=(4, 4), transform=GRID_1.transform)
PIXELS = Literal(np.arange(16, dtype=np.uint8).reshape(4, 4), ARRAY)
IMAGE_NODES: tuple[Node, ...] = (
    PIXELS, Literal(GRID_1, GRID), Literal(None, NONE), Call("Image.from_array", (0, 1, 2)),
)  # fmt: skip


def graph(*nodes: Node, functions: tuple[Function, ...] = ()) -> Graph:
    """A graph whose result is its last node."""
    return Graph(tuple(nodes), functions, (), len(nodes) - 1)


def area(**kwargs: Any) -> GeoContextValue:
    """A place with some fields set."""
    usual: dict[str, Any] = {
        "bounds": (15.0, 45.0, 15.1, 45.1), "crs": "EPSG:32633", "resolution": 10.0
    }  # fmt: skip
    return GeoContextValue(**{**usual, **kwargs})


ONE = Literal(1, INT)
MALFORMED = {
    "unknown op": graph(ONE, Call("frobnicate", (0,))),
    "too few arguments": graph(ONE, Call("numpy.add", (0,))),
    "too many arguments": graph(ONE, Call("numpy.add", (0, 0, 0))),
    "unknown keyword": graph(ONE, Call("neg", (0,), (("blue", 0),))),
    "a keyword given twice": graph(ONE, Call("numpy.add", (0, 0), (("x", 0),))),
    "forward reference": graph(ONE, Call("numpy.add", (0, 2)), ONE),
    "reference to itself": graph(ONE, Call("numpy.add", (0, 1))),
    "negative reference": graph(ONE, Call("numpy.add", (0, -1))),
    "result out of range": Graph((ONE,), (), (), 7),
    "no nodes": Graph((), (), (), 0),
    "unknown function": graph(ONE, FunctionRef(3)),
    "function of a later node": graph(FunctionRef(0), ONE, functions=(Function((), 1),)),
    "parameter outside its function": graph(
        ParameterRef(0, 0), FunctionRef(0), Call("numpy.add", (0, 0)),
        functions=(Function((Parameter("x", INT),), 0),),
    ),
    "parameter position out of range": graph(
        ParameterRef(0, 5), FunctionRef(0), functions=(Function((Parameter("x", INT),), 0),)
    ),
    "parameter of no function": graph(ParameterRef(9, 0)),
    "wrong type": graph(ONE, Literal("a", STR), Call("numpy.add", (0, 1))),
    "a literal that is not of its type": graph(Literal("a", INT)),
    "a future language": Graph((ONE,), (), (), 0, language_version=99),
}  # fmt: skip


@pytest.mark.parametrize("name", MALFORMED)
def test_a_malformed_graph_is_a_bad_request(name: str) -> None:
    with pytest.raises(BadRequest):
        ENGINE.inspect(MALFORMED[name], HERE)


def test_an_error_names_node_and_op() -> None:
    with pytest.raises(InvalidGraph) as caught:
        ENGINE.inspect(graph(ONE, Call("frobnicate", (0,))))
    assert caught.value.where.node == 1


def test_a_hundred_thousand_nodes_are_answered_or_refused_within_seconds() -> None:
    nodes: list[Node] = [ONE, *(Call("numpy.add", (i, 0)) for i in range(99_999))]
    started = time.perf_counter()
    with suppress(RequestTooLarge):
        assert ENGINE.inspect(graph(*nodes)) == 100_000
    assert time.perf_counter() - started < 20


def test_too_many_nodes_are_refused() -> None:
    nodes: list[Node] = [ONE, *(Call("numpy.add", (i, 0)) for i in range(300_000))]
    with pytest.raises(RequestTooLarge):
        ENGINE.inspect(graph(*nodes))


def test_a_chain_of_ten_thousand_ops_on_an_image_is_computed() -> None:
    nodes = [*IMAGE_NODES, ONE, *(Call("add", (3 if i == 0 else i + 4, 4)) for i in range(10_000))]
    result = ENGINE.inspect(graph(*nodes), HERE)
    assert result.ndarray[0, 0, 0] == 10_000.0


def test_an_image_of_shared_parts_is_computed_once() -> None:
    doubling = [Call("add", (i, i)) for i in range(3, 43)]
    result = ENGINE.inspect(graph(*IMAGE_NODES, *doubling), HERE)
    assert result.ndarray[0, 0, 1] == 2.0**40


def test_lists_that_double_are_refused() -> None:
    nodes: list[Node] = [Literal([1, 2], _list_type()), *(Call("add", (i, i)) for i in range(60))]
    with pytest.raises(ResultTooLarge):
        ENGINE.inspect(graph(*nodes))


def test_nested_shared_lists_are_refused_before_they_are_unrolled() -> None:
    nodes: list[Node] = [ONE, *(Call("tuple", (i, i)) for i in range(30))]
    with pytest.raises(SwathError):
        ENGINE.inspect(graph(*nodes))


def _list_type() -> Any:
    from swath.graph.type import list_of

    return list_of(INT)


@pytest.mark.parametrize(
    "call",
    [
        Call("range", (0,)), Call("pow", (1, 0)), Call("lshift", (1, 0)),
        Call("Str.zfill", (2, 0)), Call("Str.ljust", (2, 0)), Call("mul", (2, 0)),
    ],
)  # fmt: skip
def test_a_small_graph_cannot_make_something_huge(call: Call) -> None:
    with pytest.raises(SwathError):
        ENGINE.inspect(graph(Literal(2**40, INT), Literal(3, INT), Literal("ab", STR), call))


def test_functions_nested_too_deep_are_refused_or_computed() -> None:
    nodes: list[Node] = [Literal([1], _list_type())]
    functions: list[Function] = []
    body = 0
    for _ in range(200):
        functions.append(Function((Parameter("x", INT),), body))
        nodes += [FunctionRef(len(functions) - 1), Call("map", (0, len(nodes)))]
        body = len(nodes) - 1
    with pytest.raises(SwathError):
        ENGINE.inspect(Graph(tuple(nodes), tuple(functions), (), body))


def test_an_endless_looking_computation_ends_at_its_deadline() -> None:
    inner = Function((Parameter("x", INT),), 2)
    nodes: list[Node] = [
        Literal(2000, INT), Call("range", (0,)), ParameterRef(0, 0), FunctionRef(0),
        Call("map", (1, 3)),
    ]  # fmt: skip
    functions = [inner]
    for depth in range(1, 4):
        functions.append(Function((Parameter("y", INT),), len(nodes) - 1))
        nodes += [FunctionRef(depth), Call("map", (1, len(nodes)))]
        last = len(nodes) - 1
        nodes[last] = Call("map", (1, last - 1))
    deep = Graph(tuple(nodes), tuple(functions), (), len(nodes) - 1)
    budget = Budget(deadline_s=time.monotonic() + 0.3)
    started = time.perf_counter()
    with suppress(DeadlineExceeded, ResultTooLarge, BadRequest):
        list(ENGINE.stream(deep, budget=budget))
    assert time.perf_counter() - started < 5


BAD_PLACES = {
    "NaN bounds": area(bounds=(float("nan"), 45.0, 15.1, 45.1)),
    "infinite bounds": area(bounds=(float("-inf"), 45.0, 15.1, 45.1)),
    "empty area": area(bounds=(15.0, 45.0, 15.0, 45.0)),
    "bounds the wrong way round": area(bounds=(15.1, 45.1, 15.0, 45.0)),
    "unknown crs": area(crs="EPSG:999999"),
    "crs that is no crs": area(crs="Robert'); DROP TABLE images;--"),
    "no resolution": area(resolution=None),
    "resolution 0": area(resolution=0.0),
    "negative resolution": area(resolution=-10.0),
    "both resolution and shape": area(shape=(10, 10)),
    "latitude beyond the pole": area(bounds=(15.0, 89.0, 15.1, 95.0)),
    "no bounds": area(bounds=None),
    "geometry that is not JSON": area(geometry="{"),
    "geometry of no area": area(geometry='{"type":"Polygon","coordinates":[]}'),
    "a key of another kind": GeoContextValue(key="not:a:key"),
    "a tile that is not there": GeoContextValue(tile=(9, 9, 1)),
    "nothing": GeoContextValue(),
    "10^12 pixels and more": area(bounds=(-10.0, 40.0, 10.0, 50.0), resolution=0.01),
}  # fmt: skip


@pytest.mark.parametrize("name", BAD_PLACES)
def test_a_bad_place_is_an_invalid_geocontext(name: str) -> None:
    with pytest.raises(InvalidGeoContext):
        ENGINE.inspect(graph(*IMAGE_NODES), BAD_PLACES[name])


def test_a_grid_of_a_million_by_a_million_is_too_large_and_says_so() -> None:
    absurd = GeoContextValue(crs="EPSG:32633", shape=(10**6, 10**6), transform=GRID_1.transform)
    with pytest.raises(ResultTooLarge, match="compute") as caught:
        ENGINE.inspect(graph(*IMAGE_NODES), absurd)
    assert caught.value.use


def test_an_area_across_the_antimeridian_is_computed() -> None:
    where = area(bounds=(179.9, -16.1, -179.9 + 360, -16.0), crs="EPSG:3832", resolution=100.0)
    with suppress(InvalidGeoContext):
        assert ENGINE.inspect(graph(*IMAGE_NODES), where).ndarray.mask.all()


@pytest.mark.parametrize(
    "where",
    [
        area(bounds=(-180.0, 80.0, 180.0, 90.0), crs="EPSG:3995", resolution=20_000.0),
        area(bounds=(-180.0, -90.0, 180.0, -80.0), crs="EPSG:3031", resolution=20_000.0),
    ],
)
def test_an_area_at_a_pole_is_computed(where: GeoContextValue) -> None:
    assert ENGINE.inspect(graph(*IMAGE_NODES), where).ndarray.mask.all()


LITERALS = st.sampled_from(
    [
        Literal(0, INT), Literal(-5, INT), Literal(2**62, INT), Literal(0.5, FLOAT),
        Literal("red", STR), Literal("", STR), Literal(None, NONE), Literal([1, 2], _list_type()),
        PIXELS, Literal(GRID_1, GRID), Literal("pixels", STR), Literal("images", STR),
    ]
)  # fmt: skip


@st.composite
def random_graphs(draw: Callable[..., Any]) -> Graph:
    """Graphs of random ops on random earlier nodes, seldom well typed."""
    nodes: list[Node] = list(IMAGE_NODES)
    functions: list[Function] = []
    for _ in range(draw(st.integers(1, 12))):
        earlier = st.integers(0, len(nodes) - 1)
        kind = draw(st.integers(0, 9))
        if kind == 0:
            nodes.append(draw(LITERALS))
        elif kind == 1:
            nodes.append(ParameterRef(len(functions), 0))
            functions.append(
                Function((Parameter("x", draw(st.sampled_from([IMAGE, INT, STR]))),), draw(earlier))
            )
            nodes.append(FunctionRef(len(functions) - 1))
        else:
            args = tuple(draw(st.lists(earlier, max_size=3)))
            nodes.append(Call(draw(st.sampled_from(sorted(OPS))), args))
    return Graph(tuple(nodes), tuple(functions), (), len(nodes) - 1)


@settings(max_examples=150, deadline=None)
@given(random_graphs())
def test_a_random_graph_gives_a_value_or_one_error_of_the_tree(found: Graph) -> None:
    # Anything but an error of the tree fails the test.
    with suppress(SwathError):
        list(ENGINE.stream(found, HERE, budget=Budget(deadline_s=time.monotonic() + 2.0)))


def test_a_parameter_that_is_not_given_is_named() -> None:
    asked = Graph((ParameterRef(-1, 0),), (), (Parameter("threshold", FLOAT),), 0)
    with pytest.raises(BadRequest, match="threshold"):
        ENGINE.inspect(asked)


def test_a_parameter_of_the_wrong_type_is_named() -> None:
    asked = Graph((ParameterRef(-1, 0),), (), (Parameter("threshold", FLOAT),), 0)
    with pytest.raises(TypeMismatch) as caught:
        ENGINE.inspect(asked, threshold="high")
    assert caught.value.where.argument == "threshold"
