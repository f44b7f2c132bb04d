"""What is kept of graphs that ran."""

from __future__ import annotations

import gc
import weakref
from dataclasses import replace

import numpy as np
import pytest

import swath as wf
from engine.evaluate import prepared
from engine.evaluate.prepared import PreparedGraphs
from swath.errors import InvalidGraph
from swath.grid import Affine, Grid, Shape2d
from swath.types import build_graph
from swath.v1 import graph_pb2
from swath.wire.graph import Graphs, fill_graph

GRID = Grid("EPSG:32633", Affine(10.0, 0.0, 5e5, 0.0, -10.0, 5e6), Shape2d(200, 200))


def message_of(obj: object) -> graph_pb2.Graph:
    """The message of an expression's graph."""
    message = graph_pb2.Graph()
    fill_graph(message, build_graph(obj))
    return message


def test_a_graph_is_prepared_once() -> None:
    kept = PreparedGraphs()
    graph = build_graph(wf.Int(1) + 1)
    assert kept.get(graph) is kept.get(graph)


def test_no_more_than_some_graphs_are_kept() -> None:
    kept = PreparedGraphs()
    graphs = [build_graph(wf.Int(i) + 1) for i in range(prepared.MOST_KEPT + 1)]
    first = kept.get(graphs[0])
    for graph in graphs:
        kept.get(graph)
    assert kept.get(graphs[0]) is not first


def test_a_graph_with_a_large_literal_is_not_kept() -> None:
    values = np.zeros((200, 200), np.uint16)
    graph = build_graph(wf.Image.from_array(values, GRID))
    kept = PreparedGraphs()
    made = weakref.ref(kept.get(graph).graph.nodes[0].value)  # type: ignore[union-attr]
    del graph, values
    gc.collect()
    assert made() is None


def test_a_graph_that_is_wrong_is_refused_each_time() -> None:
    kept = PreparedGraphs()
    good = build_graph(wf.Int(1) + 1)
    bad = replace(good, language_version=99)
    for _ in range(2):
        with pytest.raises(InvalidGraph):
            kept.get(bad)


def test_equal_bytes_give_the_same_graph() -> None:
    graphs = Graphs()
    assert graphs.decode(message_of(wf.Int(1) + 1)) is graphs.decode(message_of(wf.Int(1) + 1))


def test_other_bytes_give_another_graph() -> None:
    graphs = Graphs()
    one, other = (graphs.decode(message_of(wf.Int(n) + 1)) for n in (1, 2))
    assert one != other


def test_graphs_beyond_the_number_or_size_are_decoded_anew() -> None:
    few, small = Graphs(most=1), Graphs(most_bytes=10)
    one, other = message_of(wf.Int(1) + 1), message_of(wf.Int(2) + 1)
    first = few.decode(one)
    few.decode(other)
    assert few.decode(one) is not first
    assert small.decode(one) is not small.decode(one)
