"""A graph is a flat program: nodes that refer only to earlier nodes, and a table of functions.

No messages nest, so size is the only limit. A node belongs to the innermost function whose
parameters it depends on; it is evaluated lazily, at most once for each binding of those.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

from swath.graph.type import Type

LANGUAGE_VERSION = 1
"""Version of the op table's meaning that this code builds and reads."""


@dataclass(frozen=True, slots=True)
class Literal:
    """A value written in the graph.

    None, bool, int, float, str, datetime, timedelta, Grid, GeoContextValue, a numpy array, or
    list, tuple and dict (string keys) of those.
    """

    value: Any
    type: Type


@dataclass(frozen=True, slots=True)
class ParameterRef:
    """The value bound to a parameter: of the graph (function -1) or of a function."""

    function: int
    position: int


@dataclass(frozen=True, slots=True)
class Call:
    """An op applied to earlier nodes, given by index."""

    op: str
    args: tuple[int, ...]
    kwargs: tuple[tuple[str, int], ...] = ()


@dataclass(frozen=True, slots=True)
class FunctionRef:
    """A function of the table as a value; its result is an earlier node."""

    function: int


Node = Literal | ParameterRef | Call | FunctionRef


@dataclass(frozen=True, slots=True)
class Parameter:
    """A named, typed parameter of the graph or of a function."""

    name: str
    type: Type


@dataclass(frozen=True, slots=True)
class Function:
    """Parameters and the node that is the result; nodes outside may be used inside (closures)."""

    parameters: tuple[Parameter, ...]
    result: int


@dataclass(frozen=True, slots=True)
class Line:
    """Where in the user's source a node was written; not part of the digest."""

    node: int
    file: str
    number: int
    text: str
    """Empty: unknown, as of what was typed at a prompt."""

    @property
    def written(self) -> str:
        """It as errors show it: `file.py:12: text`; without the text where that is unknown."""
        where = f"{self.file}:{self.number}"
        return f"{where}: {self.text}" if self.text else where


@dataclass(frozen=True, slots=True)
class Graph:
    """An expression, ready to travel."""

    nodes: tuple[Node, ...]
    functions: tuple[Function, ...]
    parameters: tuple[Parameter, ...]
    result: int
    language_version: int = LANGUAGE_VERSION
    lines: tuple[Line, ...] = ()

    def line_of(self, node: int) -> str | None:
        """The user's source line of a node as `file:number: text`; None when unknown."""
        for line in self.lines:
            if line.node == node:
                return line.written
        return None


def operands(node: Node) -> tuple[int, ...]:
    """Indices of the nodes that a node refers to directly; the body of a function not included."""
    if isinstance(node, Call):
        return node.args + tuple(index for _, index in node.kwargs)
    return ()
