"""An expression, a geocontext and arguments, as the question that travels."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from swath.errors import TypeMismatch
from swath.geocontext import GeoContextValue
from swath.grid import Grid
from swath.results.where import GeoContextResult
from swath.types.geocontext import GeoContext
from swath.types.graphs import graph_and_arguments
from swath.wire.inspect import Question


def question(
    obj: Any,
    geoctx: Any = None,
    arguments: Mapping[str, Any] | None = None,
    format_: str | Mapping[str, Any] = "native",
    cache: bool = True,
) -> Question:
    """The question for the value of `obj`.

    Args:
        obj: a proxy, or a list or tuple of proxies: one answer each.
        geoctx: a GeoContext, or the `geocontext` of a result.
        arguments: a value or proxy for each parameter that `obj` depends on.
        format_: name, or a dict of `type` and the format's options.
        cache: whether an answer that was computed before will do.

    Raises:
        TypeMismatch: parameters without an argument, arguments without a parameter, something
            that is no expression, no geocontext, or no truth. All before anything is sent.
    """
    if not isinstance(cache, bool):
        raise TypeMismatch("cache is True or False").at(argument="cache")
    graph, values = graph_and_arguments(obj, arguments or {})
    name, options = named_options(format_, "format")
    return Question(graph, geocontext_of(geoctx), values, name, options, cache)


def geocontext_of(geoctx: Any) -> GeoContextValue | None:
    """What a user gave as a geocontext, as a plain value; None for None.

    Raises:
        TypeMismatch: it is not one, or one that has yet to be computed.
    """
    if geoctx is None or isinstance(geoctx, GeoContextValue):
        return geoctx
    if isinstance(geoctx, GeoContextResult):
        return geoctx.value
    if isinstance(geoctx, Grid):
        return GeoContextResult(geoctx).value
    if isinstance(geoctx, GeoContext) and geoctx.value is not None:
        return geoctx.value
    raise TypeMismatch(
        f"geoctx is a GeoContext, not a {type(geoctx).__name__}",
        expected="GeoContext",
        got=type(geoctx).__name__,
    ).at(argument="geoctx")


def named_options(given: str | Mapping[str, Any], what: str) -> tuple[str, dict[str, Any]]:
    """The name and the options that a user gave as a name, or as a dict with its name as `type`.

    Raises:
        TypeMismatch: it is neither; `what` says what it was to be.
    """
    if isinstance(given, str):
        return given, {}
    options = dict(given) if isinstance(given, Mapping) else {}
    name = options.pop("type", None)
    if not isinstance(name, str):
        raise TypeMismatch(f'{what} is a name, or a dict with its name as "type"')
    return name, options
