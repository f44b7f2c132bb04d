"""How large a graph may be. Checked first, and cheaply, so that nothing later takes long."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

import numpy as np

from swath.errors import RequestTooLarge
from swath.graph.graph import Call, Graph, Literal


@dataclass(frozen=True, slots=True)
class Limits:
    """Most of everything that a graph may have."""

    nodes: int = 50_000
    """Nodes; a check takes some 5 µs of each."""
    operands: int = 200_000
    """References from nodes to nodes, all together."""
    functions: int = 1000
    """Functions; the check keeps a bit of each for each node."""
    parameters: int = 1000
    """Parameters of the graph and of all functions, all together."""
    literal_bytes: int = 8 * 2**20
    """Bytes of all literals together: 8 for each number, text in UTF-8, arrays as they are."""
    text: int = 2**20
    """Characters of one literal text."""
    name: int = 255
    """Characters of the name of an op, argument or parameter."""
    lines: int = 50_000
    """Source lines sent along."""


LIMITS = Limits()
"""The limits of the servers, unless configured otherwise."""


def check_limits(graph: Graph, limits: Limits = LIMITS) -> None:
    """Nothing, if the graph is within the limits.

    Raises:
        RequestTooLarge: with the limit and what the graph has.
    """
    _at_most(len(graph.nodes), limits.nodes, "nodes")
    _at_most(len(graph.functions), limits.functions, "functions")
    _at_most(len(graph.lines), limits.lines, "source lines")
    signatures = (graph.parameters, *(f.parameters for f in graph.functions))
    _at_most(sum(map(len, signatures)), limits.parameters, "parameters")
    for parameter in (p for signature in signatures for p in signature):
        _at_most(len(parameter.name), limits.name, "characters in a name")
    operands = literal_bytes = 0
    for node in graph.nodes:
        if isinstance(node, Literal):
            literal_bytes += _bytes_of(node.value, limits)
            _at_most(literal_bytes, limits.literal_bytes, "bytes of literals")
        elif isinstance(node, Call):
            operands += len(node.args) + len(node.kwargs)
            _at_most(len(node.op), limits.name, "characters in a name")
            for name, _ in node.kwargs:
                _at_most(len(name), limits.name, "characters in a name")
    _at_most(operands, limits.operands, "references between nodes")


def _at_most(actual: int, limit: int, what: str) -> None:
    if actual > limit:
        problem = f"the graph has {actual:,} {what}, more than the {limit:,} allowed"
        raise RequestTooLarge(problem, limit=limit, actual=actual)


def _bytes_of(value: Any, limits: Limits) -> int:
    """Bytes of a literal, without recursion: it may be nested however deep."""
    total, left = 0, [value]
    while left:
        item = left.pop()
        kind = type(item)
        total += 8
        if kind is str:
            _at_most(len(item), limits.text, "characters in one text")
            total += len(item.encode("utf-8", "surrogatepass"))
        elif kind is np.ndarray:
            total += item.nbytes
        elif kind is dict:
            left.extend(item)
            left.extend(item.values())
        elif kind in (list, tuple):
            left.extend(item)
        _at_most(total, limits.literal_bytes, "bytes of literals")
    return total
