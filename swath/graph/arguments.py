"""Whether the values given for a graph's parameters are what it asks for."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from swath.errors import InvalidArgument, SwathError
from swath.graph.graph import Graph
from swath.graph.value import check_value


def check_arguments(graph: Graph, arguments: Mapping[str, Any]) -> dict[str, Any]:
    """The same arguments, if each parameter of the graph has a value of its type.

    Raises:
        InvalidArgument: one is missing or unknown. TypeMismatch: one has the wrong type.
    """
    names = [p.name for p in graph.parameters]
    for name in arguments:
        if name not in names:
            known = ", ".join(names) or "none"
            raise InvalidArgument(f"There is no parameter {name!r}; there are: {known}.").at(
                argument=name
            )
    for parameter in graph.parameters:
        if parameter.name not in arguments:
            raise InvalidArgument(
                f"The parameter {parameter.name!r} ({parameter.type}) needs a value."
            ).at(argument=parameter.name)
        try:
            check_value(arguments[parameter.name], parameter.type)
        except SwathError as error:
            raise error.at(argument=parameter.name) from None
    return dict(arguments)
