"""From proxies to graphs and arguments: what a client sends."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

from swath.errors import TypeMismatch
from swath.graph.build import build
from swath.graph.expression import Constant, Expression
from swath.graph.graph import Graph, Parameter
from swath.types.promote import promote, promote_to


def build_graph(obj: Any, substitutes: Mapping[str, Any] | None = None) -> Graph:
    """The graph of a proxy, of a Python value, or of a list or tuple of them.

    The parameters of a Function, and those of `swath.parameter`, are parameters of the graph.

    Args:
        substitutes: what to put in place of parameters, by name: for arguments that are
            themselves computed.
    Raises:
        TypeMismatch: nothing of the language; one parameter with two types.
        InvalidGraph: a function's parameter is used outside of it.
    """
    given = {name: promote(value) for name, value in (substitutes or {}).items()}
    return build(promote(obj), given)


def bind_arguments(
    parameters: Sequence[Parameter], arguments: Mapping[str, Any]
) -> tuple[dict[str, Any], dict[str, Expression]]:
    """The arguments of a graph's parameters: plain values, and expressions to substitute.

    Raises:
        TypeMismatch: missing, extra, or of the wrong type; a TypeError, before any request.
    """
    names = [parameter.name for parameter in parameters]
    for name in arguments:
        if name not in names:
            there = ", ".join(names) or "none"
            raise TypeMismatch(f"there is no parameter {name}; there are: {there}")
    values: dict[str, Any] = {}
    computed: dict[str, Expression] = {}
    for parameter in parameters:
        if parameter.name not in arguments:
            raise TypeMismatch(f"give a value for the parameter {parameter.name}").at(
                argument=parameter.name
            )
        expression = _argument(parameter, arguments[parameter.name])
        if isinstance(expression, Constant):
            values[parameter.name] = expression.value
        else:
            computed[parameter.name] = expression
    return values, computed


def _argument(parameter: Parameter, value: Any) -> Expression:
    try:
        return promote_to(value, parameter.type)
    except TypeMismatch as error:
        error.at(argument=parameter.name)
        raise


def graph_and_arguments(obj: Any, arguments: Mapping[str, Any]) -> tuple[Graph, dict[str, Any]]:
    """The graph of `obj` with computed arguments put in, and the values of the parameters left.

    Raises:
        TypeMismatch: as `build_graph` and `bind_arguments`; an argument depends on a parameter.
    """
    expression = promote(obj)
    graph = build(expression)
    values, computed = bind_arguments(graph.parameters, arguments)
    if not computed:
        return graph, values
    for name, argument in computed.items():
        if build(argument).parameters:
            raise TypeMismatch(f"argument {name} depends on a parameter itself")
    return build(expression, computed), values
