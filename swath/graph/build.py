"""An expression made a graph: flat, equal nodes shared, with the user's source lines.

No recursion, so expressions may be nested however deep.
"""

from __future__ import annotations

import linecache
import os
from collections.abc import Mapping

from swath.errors import InvalidGraph, TypeMismatch
from swath.graph.expression import Apply, Cast, Constant, Expression, Lambda, Place, Variable, parts
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
from swath.graph.value import key_of

MAX_LINE_TEXT = 200
"""Most characters of a source line that travel."""
MAX_LINES = 1000
"""Most source lines that travel with a graph: those of its first nodes."""

_NOTHING: Mapping[str, Expression] = {}


def build(
    expression: Expression,
    substitutes: Mapping[str, Expression] = _NOTHING,
    *,
    is_open: bool = False,
) -> Graph:
    """The graph of an expression; of a function that of its body, with its parameters.

    Parameters of the graph are in order of first use. Nodes that are equal in structure are one
    node.

    Args:
        substitutes: expressions to put in place of global variables, by name.
        is_open: parameters of functions that the expression is not inside of become parameters of
            the graph, to show a part of a function.
    Raises:
        TypeMismatch: two global variables have one name and different types.
        InvalidGraph: a function's parameter is used outside of it.
    """
    builder = _Builder(substitutes, is_open)
    if isinstance(expression, Lambda):
        for variable in expression.variables:
            builder.declare(variable)
        expression = expression.body
    return builder.graph(builder.add_all(expression))


class _Builder:
    def __init__(self, substitutes: Mapping[str, Expression], is_open: bool) -> None:
        self.is_open = is_open
        self.substitutes = substitutes
        self.nodes: list[Node] = []
        self.free: list[int] = []
        self.functions: list[Function | None] = []
        self.parameters: list[Variable] = []
        self.lines: list[Line] = []
        self.done: dict[int, int] = {}
        self.shared: dict[object, int] = {}
        self.owners: dict[int, tuple[int, int]] = {}
        self.names: dict[str, int] = {}

    def declare(self, variable: Variable) -> int:
        """The position of a parameter of the graph."""
        position = self.names.get(variable.name)
        if position is None:
            position = self.names[variable.name] = len(self.parameters)
            self.parameters.append(variable)
        elif self.parameters[position].type != variable.type and not self.is_open:
            types = f"{self.parameters[position].type} and {variable.type}"
            raise TypeMismatch(f"parameter {variable.name} is used as {types}")
        self.owners[id(variable)] = -1, position
        return position

    def add_all(self, root: Expression) -> int:
        """The index of an expression's node, after those of all that it is made of."""
        done, stack = self.done, [root]
        while stack:
            top = stack[-1]
            if id(top) in done:
                stack.pop()
                continue
            top_parts = self._enter(top)
            pending = [part for part in top_parts if id(part) not in done]
            if pending:
                pending.reverse()
                stack.extend(pending)
                continue
            done[id(top)] = self._add(top)
            stack.pop()
        return done[id(root)]

    def _enter(self, expression: Expression) -> tuple[Expression, ...]:
        """The parts of an expression; a function's parameters are known from here on."""
        if type(expression) is Lambda and id(expression) not in self.owners:
            number = len(self.functions)
            self.functions.append(None)
            self.owners[id(expression)] = number, -1
            for position, variable in enumerate(expression.variables):
                self.owners[id(variable)] = number, position
        if type(expression) is Variable and expression.is_global:
            substitute = self.substitutes.get(expression.name)
            return () if substitute is None else (substitute,)
        return parts(expression)

    def _add(self, expression: Expression) -> int:
        done = self.done
        if type(expression) is Apply:
            args = tuple([done[id(part)] for part in expression.args])
            kwargs = tuple([(name, done[id(part)]) for name, part in expression.kwargs])
            free = 0
            for index in args:
                free |= self.free[index]
            for _, index in kwargs:
                free |= self.free[index]
            known = len(self.nodes)
            index = self._share(
                (expression.op, args, kwargs), Call(expression.op, args, kwargs), free
            )
            if index == known and expression.place is not None and len(self.lines) < MAX_LINES:
                self.lines.append(line_at(index, expression.place))
            return index
        if type(expression) is Constant:
            key = (expression.type, key_of(expression.value))
            return self._share(key, Literal(expression.value, expression.type), 0)
        if type(expression) is Lambda:
            return self._add_function(expression)
        if type(expression) is Cast:
            return done[id(expression.of)]
        assert isinstance(expression, Variable)
        return self._add_variable(expression)

    def _add_function(self, function: Lambda) -> int:
        number, _ = self.owners[id(function)]
        result = self.done[id(function.body)]
        signature = tuple(Parameter(v.name, v.type) for v in function.variables)
        self.functions[number] = Function(signature, result)
        return self._share(function, FunctionRef(number), self.free[result] & ~(1 << number))

    def _add_variable(self, variable: Variable) -> int:
        if variable.is_global and variable.name in self.substitutes:
            return self.done[id(self.substitutes[variable.name])]
        owner = self.owners.get(id(variable))
        if owner is None:
            if not (variable.is_global or self.is_open):
                raise _leaked(f"the parameter {variable.name}")
            owner = -1, self.declare(variable)
        free = 0 if owner[0] == -1 else 1 << owner[0]
        return self._share(owner, ParameterRef(*owner), free)

    def _share(self, key: object, node: Node, free: int) -> int:
        index = self.shared.get(key)
        if index is None:
            index = self.shared[key] = len(self.nodes)
            self.nodes.append(node)
            self.free.append(free)
        return index

    def graph(self, result: int) -> Graph:
        """All that was added, as a graph with that result."""
        if self.free[result]:
            raise _leaked("the parameter of a function")
        functions = tuple(f for f in self.functions if f is not None)
        parameters = tuple(Parameter(v.name, v.type) for v in self.parameters)
        nodes = tuple(self.nodes)
        return Graph(nodes, functions, parameters, result, lines=tuple(self.lines))


def _leaked(name: str) -> InvalidGraph:
    return InvalidGraph(f"{name} is used outside of its function")


def line_at(node: int, place: Place) -> Line:
    """The source line of a node: its file without folders, and its text."""
    file, number = place
    text = linecache.getline(file, number).strip()[:MAX_LINE_TEXT]
    name = os.path.basename(file)  # noqa: PTH119  a tenth of the time of Path.name
    return Line(node, name, number, text)


def written_at(place: Place | None) -> str | None:
    """A source line as errors show it: `file.py:12: text`; None when unknown."""
    if place is None:
        return None
    return line_at(0, place).written
