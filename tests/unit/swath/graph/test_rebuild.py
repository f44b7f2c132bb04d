from __future__ import annotations

from dataclasses import replace
from typing import Any

import pytest

import swath as wf
from swath.errors import InvalidGraph
from swath.graph.canonical import digest
from swath.graph.graph import Call, Graph
from swath.graph.rebuild import rebuild
from swath.types.proxy import proxy_of

COL: Any = wf.ImageCollection.from_id("fields", "2021-05-01", "2021-07-01")
N: Any = wf.parameter("n", wf.Int)
X: Any = wf.Int(3)

EXPRESSIONS = {
    "a number": X + 1,
    "imagery": COL.pick_bands("red nir").max(axis="images"),
    "a mapped function": COL.map(lambda image: image.pick_bands("red") * 2),
    "functions that close over functions": wf.List[wf.Int]([1, 2]).map(
        lambda a: wf.List[wf.Int]([3]).map(lambda b: a * b + X)
    ),
    "both branches": wf.ifelse(X > 2, COL.max(axis="images"), COL.min(axis="images")),
    "a parameter": N + X,
    "several": [X, COL.length()],
}


@pytest.mark.parametrize("obj", EXPRESSIONS.values(), ids=EXPRESSIONS.keys())
def test_a_rebuilt_expression_has_the_same_graph(obj: Any) -> None:
    graph = wf.build_graph(obj)
    again = wf.build_graph(proxy_of(rebuild(graph)))
    assert digest(again) == digest(graph)
    assert replace(again, lines=()) == replace(graph, lines=())


def test_a_rebuilt_expression_is_of_the_type_that_it_had() -> None:
    assert rebuild(wf.build_graph(COL.max(axis="images"))).type.name == "Image"


def test_what_is_not_well_formed_is_not_rebuilt() -> None:
    with pytest.raises(InvalidGraph):
        rebuild(Graph((Call("no such op", ()),), (), (), 0))


def test_a_graph_of_forty_thousand_nodes_is_rebuilt_without_recursion() -> None:
    x: Any = wf.Int(1)
    for number in range(20_000):
        x = x + number
    graph = wf.build_graph(x)
    assert len(wf.build_graph(proxy_of(rebuild(graph))).nodes) == len(graph.nodes)
