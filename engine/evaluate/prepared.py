"""A checked graph with what evaluation looks up in it: made once, however often it runs.

The same expression is asked for again and again: each tile of a map, each point of a chart. What
depends on the graph alone is half of the time that a small question takes.
"""

from __future__ import annotations

import threading
from collections import OrderedDict
from collections.abc import Mapping
from dataclasses import dataclass

from engine.evaluate.scope import owners
from swath.errors import RequestTooLarge
from swath.graph.check import check
from swath.graph.graph import Call, Graph, operands
from swath.graph.limits import Limits, check_limits
from swath.graph.type import Type

MOST_KEPT = 64
SMALL = Limits(nodes=1024, literal_bytes=64 * 1024)
"""What is larger is not kept: a graph of that size is about 1 MB with all that belongs to it."""


@dataclass(frozen=True, slots=True)
class Prepared:
    """One graph; each tuple has an entry for each of its nodes. Nothing here is ever changed."""

    graph: Graph
    types: tuple[Type, ...]
    owners: tuple[int, ...]
    """The function that the node belongs to; see `engine.evaluate.scope`."""
    operands: tuple[tuple[int, ...], ...]
    """The nodes that it refers to directly."""
    dynamic: tuple[bool, ...]
    """Whether it is a call whose types are known only when it runs."""
    lines: Mapping[int, str]
    """The user's source line, `file:number: text`, of the nodes of which it is known."""


def prepare_graph(graph: Graph) -> Prepared:
    """What evaluation needs of a graph.

    Raises:
        as `swath.graph.check.check`: the graph is not well formed.
    """
    types = check(graph)
    needs = tuple(operands(node) for node in graph.nodes)
    dynamic = tuple(
        isinstance(node, Call) and any(_has_any(types[i]) for i in needed)
        for node, needed in zip(graph.nodes, needs, strict=True)
    )
    lines = {x.node: x.written for x in graph.lines}
    return Prepared(graph, types, owners(graph), needs, dynamic, lines)


def _has_any(type_: Type) -> bool:
    return type_.name == "Any" or any(_has_any(t) for t in type_.args)


def _is_small(graph: Graph) -> bool:
    try:
        check_limits(graph, SMALL)
    except RequestTooLarge:
        return False
    return True


class PreparedGraphs:
    """The graphs that were prepared last, found by the graph object itself. Safe for threads.

    Graphs are never changed, so an object that is held here is prepared once. To compare graphs by
    value would cost as much as to check them.
    """

    def __init__(self) -> None:
        self._kept: OrderedDict[int, Prepared] = OrderedDict()
        self._lock = threading.Lock()

    def get(self, graph: Graph) -> Prepared:
        """What evaluation needs of a graph, made if it is not here. Raises as `prepare_graph`."""
        kept = self._kept.get(id(graph))
        if kept is not None and kept.graph is graph:
            return kept
        made = prepare_graph(graph)
        if _is_small(graph):
            self._keep(made)
        return made

    def _keep(self, prepared: Prepared) -> None:
        with self._lock:
            self._kept[id(prepared.graph)] = prepared
            while len(self._kept) > MOST_KEPT:
                self._kept.popitem(last=False)
