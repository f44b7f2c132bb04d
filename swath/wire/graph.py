"""Graphs to messages and back. What is decoded keeps every rule of graph.proto but the types'."""

from __future__ import annotations

from collections import OrderedDict
from collections.abc import Callable, Iterable
from typing import Any, NamedTuple

from google.protobuf.message import DecodeError

from swath.errors import InvalidGraph
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
from swath.graph.type import (
    ARRAY,
    BOOL,
    DATETIME,
    FLOAT,
    GEOCONTEXT,
    GRID,
    INT,
    NONE,
    STR,
    TIMEDELTA,
    Type,
)
from swath.v1 import graph_pb2 as pb
from swath.wire.limits import DEFAULT_LIMITS, Limits, check_bytes, require_at_most
from swath.wire.type import decode_type, encode_type
from swath.wire.value import decode_value, fill_value

MAX_LINE_BYTES = 256
"""Longest file name and source line in the side table; longer ones are cut when encoded."""

_IMPLIED = {
    "null": NONE,
    "boolean": BOOL,
    "integer": INT,
    "number": FLOAT,
    "text": STR,
    "datetime_us": DATETIME,
    "timedelta_us": TIMEDELTA,
    "geocontext": GEOCONTEXT,
    "grid": GRID,
    "array": ARRAY,
}


def graph_to_bytes(graph: Graph) -> bytes:
    """The graph as the bytes of a Graph message; not its canonical bytes.

    Raises:
        InvalidArgument: a literal that does not travel.
    """
    message = pb.Graph()
    fill_graph(message, graph)
    return message.SerializeToString()


def graph_from_bytes(data: bytes, limits: Limits = DEFAULT_LIMITS) -> Graph:
    """The graph in the bytes of a Graph message.

    Raises:
        RequestTooLarge: over a limit. InvalidGraph: anything else that is wrong with the bytes.
    """
    check_bytes(data, pb.Graph.DESCRIPTOR, limits)
    try:
        message = pb.Graph.FromString(data)
    except DecodeError:
        raise InvalidGraph("The bytes are not a Graph message.") from None
    return decode_graph(message, limits)


def fill_graph(message: pb.Graph, graph: Graph) -> None:
    """Write a graph into an empty message.

    Raises:
        InvalidArgument: a literal that does not travel, naming its node.
    """
    add = message.nodes.add
    for node in graph.nodes:
        _FILL[type(node)](add(), node)
    for function in graph.functions:
        _fill_function(message.functions.add(), function)
    _fill_parameters(message.parameters, graph.parameters)
    message.result = graph.result
    message.language_version = graph.language_version
    for line in graph.lines:
        message.lines.add(
            node=line.node, file=_cut(line.file), number=line.number, text=_cut(line.text)
        )


def decode_graph(message: pb.Graph, limits: Limits = DEFAULT_LIMITS) -> Graph:
    """The graph that a message says; each reference in it is known to lead somewhere earlier.

    Whether ops, names and types are right is for `swath.graph.check` to tell.

    Raises:
        RequestTooLarge: over a limit. InvalidGraph: a rule of graph.proto is broken.
    """
    _check_counts(message, limits)
    functions = tuple(_decode_function(f, i) for i, f in enumerate(message.functions))
    parameters = _decode_parameters(message.parameters, "the graph")
    shape = _Shape(functions, parameters)
    nodes = tuple(_decode_node(node, i, shape) for i, node in enumerate(message.nodes))
    for index, function in enumerate(functions):
        _check_earlier(function.result, len(nodes), f"the result of function {index}")
    _check_earlier(message.result, len(nodes), "the result of the graph")
    if message.language_version < 1:
        raise InvalidGraph("The graph lacks its language version.")
    lines = tuple(_decode_line(line, len(nodes)) for line in message.lines)
    return Graph(nodes, functions, parameters, message.result, message.language_version, lines)


class Graphs:
    """Decodes graphs, and keeps those that it decoded last: equal bytes give the same object.

    Small ones only; of them the least recently used go first.
    """

    def __init__(self, most: int = 64, most_bytes: int = 64 * 1024) -> None:
        """`most_bytes`: of the largest that is kept."""
        self._most, self._most_bytes = most, most_bytes
        self._kept: OrderedDict[bytes, Graph] = OrderedDict()

    def decode(self, message: pb.Graph, limits: Limits = DEFAULT_LIMITS) -> Graph:
        """As `decode_graph`; every call must give the same limits."""
        data = message.SerializeToString()
        graph = self._kept.get(data)
        if graph is not None:
            self._kept.move_to_end(data)
            return graph
        graph = decode_graph(message, limits)
        if len(data) <= self._most_bytes:
            self._kept[data] = graph
            if len(self._kept) > self._most:
                self._kept.popitem(last=False)
        return graph


class _Shape(NamedTuple):
    """What nodes may refer to."""

    functions: tuple[Function, ...]
    parameters: tuple[Parameter, ...]


def _check_counts(message: pb.Graph, limits: Limits) -> None:
    most = limits.graph
    require_at_most("nodes", len(message.nodes), most.nodes)
    require_at_most("functions", len(message.functions), most.functions)
    require_at_most("parameters", len(message.parameters), most.parameters)
    require_at_most("source lines", len(message.lines), most.lines)


def _check_earlier(index: int, before: int, what: str) -> None:
    if index >= before:
        raise InvalidGraph(f"Node {index}, {what}, is not among the {before} nodes before it.")


def _cut(text: str) -> str:
    data = text.encode("utf-8", "replace")
    return data[:MAX_LINE_BYTES].decode("utf-8", "ignore")


# Nodes to messages


def _fill_literal(message: pb.Node, node: Literal) -> None:
    literal = message.literal
    fill_value(literal.value, node.value)
    kind = literal.value.WhichOneof("kind")
    if kind is None or _IMPLIED.get(kind) != node.type:
        literal.type.CopyFrom(encode_type(node.type))


def _fill_parameter_ref(message: pb.Node, node: ParameterRef) -> None:
    if node.function >= 0:
        message.parameter.function = node.function
    message.parameter.position = node.position
    message.parameter.SetInParent()


def _fill_call(message: pb.Node, node: Call) -> None:
    call = message.call
    call.op = node.op
    call.args.extend(node.args)
    for name, index in node.kwargs:
        call.kwargs.add(name=name, node=index)


def _fill_function_ref(message: pb.Node, node: FunctionRef) -> None:
    message.function = node.function


_FILL: dict[type, Callable[[pb.Node, Any], None]] = {
    Literal: _fill_literal,
    ParameterRef: _fill_parameter_ref,
    Call: _fill_call,
    FunctionRef: _fill_function_ref,
}


def _fill_function(message: pb.Function, function: Function) -> None:
    message.result = function.result
    _fill_parameters(message.parameters, function.parameters)


def _fill_parameters(messages: Any, parameters: Iterable[Parameter]) -> None:
    for parameter in parameters:
        messages.add(name=parameter.name, type=encode_type(parameter.type))


# Messages to nodes


def _decode_node(message: pb.Node, index: int, shape: _Shape) -> Node:
    kind = message.WhichOneof("kind")
    try:
        if kind == "call":
            return _decode_call(message.call, index)
        if kind == "literal":
            return _decode_literal(message.literal)
        if kind == "parameter":
            return _decode_parameter_ref(message.parameter, shape)
        if kind == "function":
            return _decode_function_ref(message.function, index, shape)
    except InvalidGraph as problem:
        raise problem.at(node=index) from None
    raise InvalidGraph("A node has no kind that this version knows.").at(node=index)


def _decode_call(message: pb.Call, index: int) -> Call:
    args = tuple(message.args)
    kwargs = tuple([(k.name, k.node) for k in message.kwargs])
    if not message.op:
        raise InvalidGraph("A call names no op.")
    if args and max(args) >= index:
        _check_earlier(max(args), index, "an argument")
    if kwargs:
        _check_earlier(max(node for _, node in kwargs), index, "an argument")
        if len(dict(kwargs)) != len(kwargs):
            raise InvalidGraph("A call gives a keyword twice.")
    return Call(message.op, args, kwargs)


def _decode_literal(message: pb.Literal) -> Literal:
    value = decode_value(message.value)
    if message.HasField("type"):
        return Literal(value, decode_type(message.type))
    kind = message.value.WhichOneof("kind")
    type_: Type | None = _IMPLIED.get(kind) if kind else None
    if type_ is None:
        raise InvalidGraph("A literal that is a container lacks its type.")
    return Literal(value, type_)


def _decode_parameter_ref(message: pb.ParameterRef, shape: _Shape) -> ParameterRef:
    if not message.HasField("function"):
        index, parameters = -1, shape.parameters
    elif message.function < len(shape.functions):
        index = message.function
        parameters = shape.functions[index].parameters
    else:
        raise InvalidGraph(f"There is no function {message.function}.")
    if message.position >= len(parameters):
        raise InvalidGraph(f"There is no parameter {message.position} among {len(parameters)}.")
    return ParameterRef(index, message.position)


def _decode_function_ref(function: int, index: int, shape: _Shape) -> FunctionRef:
    if function >= len(shape.functions):
        raise InvalidGraph(f"There is no function {function}.")
    _check_earlier(shape.functions[function].result, index, f"the result of function {function}")
    return FunctionRef(function)


def _decode_function(message: pb.Function, index: int) -> Function:
    return Function(_decode_parameters(message.parameters, f"function {index}"), message.result)


def _decode_parameters(messages: Iterable[pb.Parameter], owner: str) -> tuple[Parameter, ...]:
    parameters = tuple([Parameter(p.name, decode_type(p.type)) for p in messages])
    names = {p.name for p in parameters}
    if len(names) != len(parameters):
        raise InvalidGraph(f"A parameter of {owner} has the name of another.")
    if "" in names:
        raise InvalidGraph(f"A parameter of {owner} has no name.")
    return parameters


def _decode_line(message: pb.Line, nodes: int) -> Line:
    _check_earlier(message.node, nodes, "the node of a source line")
    return Line(message.node, _cut(message.file), message.number, _cut(message.text))
