"""A graph as text for people: `(nir - red) / (nir + red)`, calls as methods, functions as lambdas.

Not read back by anything; `docs/canonical.md` is the exact form.
"""

from __future__ import annotations

import datetime as dt
import re
from collections.abc import Sequence
from typing import Any

import numpy as np

from swath.geocontext import GeoContextValue
from swath.graph.build import build
from swath.graph.expression import Apply, Expression, parts
from swath.graph.graph import Call, FunctionRef, Graph, Literal, Node, ParameterRef, operands
from swath.grid import Grid
from swath.ops.table import OPS

MAX_WIDTH = 100
"""A text longer than this gets a line and a name of its own."""
MAX_LITERAL = 60
"""Most characters of a literal; longer ones are cut."""
MAX_SHORT = 200
"""Most characters of the short form."""
MAX_SHOWN = 300
"""Most nodes of an expression that the short form shows."""

_INFIX = {
    "add": ("+", 6), "sub": ("-", 6), "mul": ("*", 7), "div": ("/", 7), "truediv": ("/", 7),
    "floordiv": ("//", 7), "mod": ("%", 7), "pow": ("**", 9), "lt": ("<", 1), "le": ("<=", 1),
    "gt": (">", 1), "ge": (">=", 1), "eq": ("==", 1), "ne": ("!=", 1), "and": ("&", 4),
    "xor": ("^", 3), "or": ("|", 2), "lshift": ("<<", 5), "rshift": (">>", 5),
    "numpy.add": ("+", 6), "numpy.subtract": ("-", 6), "numpy.multiply": ("*", 7),
    "numpy.true_divide": ("/", 7), "numpy.floor_divide": ("//", 7), "numpy.remainder": ("%", 7),
    "numpy.power": ("**", 9), "numpy.less": ("<", 1), "numpy.less_equal": ("<=", 1),
    "numpy.greater": (">", 1), "numpy.greater_equal": (">=", 1), "numpy.equal": ("==", 1),
    "numpy.not_equal": ("!=", 1),
}  # fmt: skip
"""Sign and strength of binary operators: those of Python, comparisons weakest."""
_PREFIX = {
    "neg": "-", "pos": "+", "invert": "~", "numpy.negative": "-",
}  # fmt: skip
_PREFIX_STRENGTH = 8
_TIGHT = 10
"""Strength of names, calls and literals: never in parentheses."""
_LOOSE = 0
"""Strength of a lambda."""

_METHOD = re.compile(r"(?:[A-Z]\w*)\.([a-z]\w*)")
"""A member of a type that is called on a value."""

Piece = tuple[str, int]
"""Text, and how strongly it holds together."""


def show(obj: Any) -> str:
    """The text form of a graph or proxy: what is used twice, or is long, on a line of its own."""
    graph = obj if isinstance(obj, Graph) else build(obj.expression)
    return _Text(graph).whole()


def show_short(expression: Expression) -> str:
    """The text form on one line, cut after MAX_SHORT characters; of large ones the last op."""
    if _is_large(expression):
        op = expression.op if isinstance(expression, Apply) else "…"
        return f"{op}(…)"
    lines = _Text(build(expression, is_open=True)).lines(is_declared=False)
    text = " ; ".join(" ".join(line.split()) for line in lines)
    return text if len(text) <= MAX_SHORT else text[: MAX_SHORT - 1] + "…"


def _is_large(expression: Expression) -> bool:
    seen, stack = {id(expression)}, [expression]
    while stack and len(seen) <= MAX_SHOWN:
        for part in parts(stack.pop()):
            if id(part) not in seen:
                seen.add(id(part))
                stack.append(part)
    return len(seen) > MAX_SHOWN


class _Text:
    """Pieces of text of each node; lines by the function in whose body they stand (−1: none)."""

    def __init__(self, graph: Graph) -> None:
        self.graph = graph
        self.pieces: dict[int, Piece] = {}
        self.uses = _uses(graph)
        self.homes = _homes(graph, self.uses)
        self.body: dict[int, list[str]] = {}
        self.names = _parameter_names(graph)
        self.count = 0

    def whole(self) -> str:
        """The lines of the graph, the result last."""
        return "\n".join(self.lines())

    def lines(self, *, is_declared: bool = True) -> list[str]:
        """As `whole`, line by line; without the parameters where they are not declared."""
        graph = self.graph
        for number in sorted(self.uses):
            self._add(number, graph.nodes[number])
        head = [f"{p.name}: {p.type}" for p in graph.parameters]
        declared = [f"parameters {', '.join(head)}"] if head and is_declared else []
        result = self.pieces[graph.result][0]
        return [*declared, *self.body.get(-1, []), result]

    def _add(self, number: int, node: Node) -> None:
        text, strength = self._piece(number, node)
        is_long = len(text) > MAX_WIDTH
        is_shared = self.uses[number] > 1 and isinstance(node, Call | FunctionRef)
        if number != self.graph.result and (is_shared or is_long) and "\n" not in text:
            text, strength = self._named(number, text), _TIGHT
        self.pieces[number] = text, strength

    def _named(self, number: int, text: str) -> str:
        """The name of a new line that holds the text, in the body that it belongs to."""
        self.count += 1
        name = f"x{self.count}"
        self.body.setdefault(self.homes[number], []).append(f"{name} = {text}")
        return name

    def _piece(self, number: int, node: Node) -> Piece:
        if isinstance(node, Literal):
            return literal(node.value), _TIGHT
        if isinstance(node, ParameterRef):
            return self.names[node.function][node.position], _TIGHT
        if isinstance(node, FunctionRef):
            return self._function(number, node)
        return self._call(node)

    def _function(self, number: int, node: FunctionRef) -> Piece:
        """A lambda; with lines of its own, a definition that stands before its first use."""
        function = self.graph.functions[node.function]
        names = self.names[node.function]
        body = self.body.pop(node.function, None)
        result = self.pieces[function.result][0]
        if body is None:
            head = f"lambda {', '.join(names)}: " if names else "lambda: "
            return head + result, _LOOSE
        self.count += 1
        name = f"f{self.count}"
        typed = ", ".join(f"{n}: {p.type}" for n, p in zip(names, function.parameters, strict=True))
        inside = [part for line in [*body, f"return {result}"] for part in line.split("\n")]
        block = "\n".join([f"def {name}({typed}):", *(f"    {line}" for line in inside)])
        self.body.setdefault(self.homes[number], []).append(block)
        return name, _TIGHT

    def _call(self, node: Call) -> Piece:
        given = [self.pieces[i] for i in node.args]
        if node.op in _INFIX and len(given) == 2:
            return _infix(*_INFIX[node.op], *given)
        if node.op in _PREFIX and len(given) == 1:
            sign = _PREFIX[node.op]
            return sign + _held(given[0], _PREFIX_STRENGTH), _PREFIX_STRENGTH
        if node.op == "getattr" and len(given) == 2:
            name = self.graph.nodes[node.args[1]]
            if isinstance(name, Literal) and isinstance(name.value, str):
                return f"{_held(given[0], _TIGHT)}.{name.value}", _TIGHT
        if node.op == "get" and len(given) == 2:
            return f"{_held(given[0], _TIGHT)}[{given[1][0]}]", _TIGHT
        named = [(name, self.pieces[i]) for name, i in node.kwargs]
        return _called(node.op, given, named), _TIGHT


def _infix(sign: str, strength: int, left: Piece, right: Piece) -> Piece:
    # `**` binds to the right, comparisons do not chain, the others bind to the left.
    left_needs = strength + 1 if sign == "**" or strength == 1 else strength
    right_needs = strength if sign == "**" else strength + 1
    return f"{_held(left, left_needs)} {sign} {_held(right, right_needs)}", strength


def _held(piece: Piece, strength: int) -> str:
    text, holds = piece
    return text if holds >= strength else f"({text})"


def _called(op: str, given: Sequence[Piece], named: Sequence[tuple[str, Piece]]) -> str:
    method = _method_of(op)
    arguments = [text for text, _ in given] + [f"{name}={text}" for name, (text, _) in named]
    if op == "list":
        return f"[{', '.join(arguments)}]"
    if op == "tuple":
        return f"({', '.join(arguments)}{',' if len(arguments) == 1 else ''})"
    if method is None or not given:
        return f"{op}({', '.join(arguments)})"
    return f"{_held(given[0], _TIGHT)}.{method}({', '.join(arguments[1:])})"


def _method_of(op: str) -> str | None:
    """The method that users call for an op; None where it is a function or constructor."""
    row = OPS.get(op)
    if row is None or op in row.methods:
        return None
    for member in row.methods:
        match = _METHOD.fullmatch(member)
        if match and not match[1].startswith("from_"):
            return match[1]
    return None


def _uses(graph: Graph) -> dict[int, int]:
    """How often each needed node is referred to."""
    uses = {graph.result: 1}
    stack = [graph.result]
    while stack:
        node = graph.nodes[stack.pop()]
        found = operands(node)
        if isinstance(node, FunctionRef):
            found = (graph.functions[node.function].result,)
        for part in found:
            if part not in uses:
                stack.append(part)
            uses[part] = uses.get(part, 0) + 1
    return uses


def _homes(graph: Graph, uses: dict[int, int]) -> dict[int, int]:
    """The innermost function whose parameters each needed node depends on; −1: none."""
    free: dict[int, set[int]] = {}
    end = {f: function.result for f, function in enumerate(graph.functions)}
    homes: dict[int, int] = {}
    for number in sorted(uses):
        node = graph.nodes[number]
        found: set[int] = set()
        if isinstance(node, ParameterRef) and node.function >= 0:
            found = {node.function}
        elif isinstance(node, FunctionRef):
            found = free[graph.functions[node.function].result] - {node.function}
        for part in operands(node):
            found = found | free[part] if free[part] else found
        free[number] = found
        # The innermost of functions that are nested ends first.
        homes[number] = min(found, key=end.__getitem__) if found else -1
    return homes


def _parameter_names(graph: Graph) -> dict[int, tuple[str, ...]]:
    """Names of parameters by function; one that is taken gets a number."""
    taken = {p.name for p in graph.parameters}
    names = {-1: tuple(p.name for p in graph.parameters)}
    for number, function in enumerate(graph.functions):
        own: list[str] = []
        for parameter in function.parameters:
            name, i = parameter.name, 2
            while name in taken:
                name, i = f"{parameter.name}{i}", i + 1
            taken.add(name)
            own.append(name)
        names[number] = tuple(own)
    return names


def literal(value: Any) -> str:
    """A value as Python shows it, cut after MAX_LITERAL characters."""
    if isinstance(value, np.ndarray):
        return f"array({value.dtype}, {'×'.join(map(str, value.shape))})"
    if isinstance(value, dt.datetime):
        return f"Datetime({value.isoformat().removesuffix('+00:00')!r})"
    if isinstance(value, dt.timedelta):
        return f"Timedelta(seconds={value.total_seconds():g})"
    if isinstance(value, Grid):
        return f"Grid({value.crs}, {value.shape.y}×{value.shape.x})"
    if isinstance(value, GeoContextValue):
        return f"GeoContext({value.crs or value.tile or value.key or ''})"
    text = repr(value)
    return text if len(text) <= MAX_LITERAL else text[: MAX_LITERAL - 1] + "…"
