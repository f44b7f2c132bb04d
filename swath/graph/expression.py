"""What a user has typed, before it is a graph: nodes that refer to each other as objects.

Sharing is by identity here; `swath.graph.build` makes equal nodes one. Never compared with `==`.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

from swath.graph.type import Type

Place = tuple[str, int]
"""File and line number in the user's source."""


@dataclass(slots=True, eq=False)
class Constant:
    """A value of the language, as `swath.graph.graph.Literal` lists them."""

    value: Any
    type: Type


@dataclass(slots=True, eq=False)
class Variable:
    """A parameter: of the graph, found by its name; or of one `Lambda`, found by identity."""

    name: str
    type: Type
    is_global: bool = False
    """Whether it is a parameter of the graph."""


@dataclass(slots=True, eq=False)
class Apply:
    """An op applied to expressions."""

    op: str
    args: tuple[Expression, ...]
    kwargs: tuple[tuple[str, Expression], ...]
    type: Type
    place: Place | None = None
    """Where it was typed."""


@dataclass(slots=True, eq=False)
class Lambda:
    """A function of its variables; everything else in the body is a closure."""

    variables: tuple[Variable, ...]
    body: Expression
    type: Type


@dataclass(slots=True, eq=False)
class Cast:
    """The same expression, which the user says is of `type`; it leaves no trace in the graph."""

    of: Expression
    type: Type


Expression = Constant | Variable | Apply | Lambda | Cast


def parts(expression: Expression) -> tuple[Expression, ...]:
    """The expressions that one is made of directly, in order."""
    if type(expression) is Apply:
        if not expression.kwargs:
            return expression.args
        return expression.args + tuple(part for _, part in expression.kwargs)
    if type(expression) is Lambda:
        return (expression.body,)
    if type(expression) is Cast:
        return (expression.of,)
    return ()
