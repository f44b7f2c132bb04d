"""Where a request is computed: in the event loop, or by which lane of engine processes.

Decided from the parsed message in a few microseconds, without building the graph.
"""

from __future__ import annotations

from dataclasses import dataclass

from inspect_server.engines import Lane
from swath.ops.table import FAMILIES
from swath.v1 import graph_pb2, inspect_pb2, value_pb2
from swath.wire.inspect import parse_question
from swath.wire.limits import SMALL_REQUEST_BYTES

MAX_LOOP_NODES = 64
"""Decoding, checking and evaluating so many scalar nodes took 1.0 ms, 256 of them 4 ms."""
MAX_LOOP_BYTES = 16 * 1024
"""A request that is larger than its nodes explain has long lists of other things."""

_SCALAR_FAMILIES = ("Numbers", "Operators", "Elementary functions")
SCALAR_OPS = frozenset(op.name for family in _SCALAR_FAMILIES for op in FAMILIES[family]) | {
    "datetime.from_components",
    "datetime.is_between",
    "timedelta.from_components",
    "timedelta.total_seconds",
}
"""Ops that make a number, truth value or time of numbers, truth values and times, in constant time.
What they are given decides: `SCALAR_VALUES` alone, so that no list or text can grow under them."""
ROW_OPS = frozenset({"list", "tuple"})
"""May stand at the end, to answer several at once."""
SCALAR_VALUES = frozenset({"null", "boolean", "integer", "number", "datetime_us", "timedelta_us"})


@dataclass(frozen=True, slots=True)
class Route:
    """Where a request goes."""

    lane: Lane
    is_shareable: bool
    """Whether an equal request in progress may answer it."""


def route(request: bytes) -> Route | inspect_pb2.InspectRequest:
    """The lane for an InspectRequest; or the same, parsed, to be answered in the loop.

    Without a geocontext no pixel can be read (rule W1), so the work is short.

    Raises:
        InvalidGraph: a small request that is no such message; large ones are not looked into here.
    """
    if len(request) > SMALL_REQUEST_BYTES:
        return Route(Lane.PIXELS, is_shareable=False)
    message = parse_question(request)
    if message.HasField("geocontext"):
        return Route(Lane.PIXELS, not message.no_cache)
    if len(request) <= MAX_LOOP_BYTES and is_scalar(message):
        return message
    return Route(Lane.SHORT, not message.no_cache)


def is_scalar(message: inspect_pb2.InspectRequest) -> bool:
    """Whether every value on the way to the answer is a number, truth value or time."""
    graph, arguments = message.graph, message.arguments
    longest = max(len(graph.nodes), len(graph.parameters), len(graph.lines), len(arguments))
    is_native = message.format.name in ("", "native")
    if longest > MAX_LOOP_NODES or graph.functions or not is_native:
        return False
    has_plain_arguments = all(_is_plain(arguments[name]) for name in arguments)
    return has_plain_arguments and all(
        _is_scalar_node(node, index == graph.result) for index, node in enumerate(graph.nodes)
    )


def _is_plain(value: value_pb2.Value) -> bool:
    kind: str | None = value.WhichOneof("kind")
    return kind in SCALAR_VALUES


def _is_scalar_node(node: graph_pb2.Node, is_result: bool) -> bool:
    kind: str | None = node.WhichOneof("kind")
    if kind == "call":
        return node.call.op in SCALAR_OPS or (is_result and node.call.op in ROW_OPS)
    if kind == "literal":
        return _is_plain(node.literal.value)
    return kind == "parameter"
