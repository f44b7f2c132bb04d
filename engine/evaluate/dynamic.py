"""Types of values at run time: what `Any` was when the graph was checked (rule T2)."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

from engine.evaluate.context import Closure
from engine.evaluate.deferred import Deferred
from engine.evaluate.lazy import LazyCollection, LazyGroups, LazyImage, PropertyTable
from swath.graph.subtype import join
from swath.graph.type import (
    ANY,
    COLLECTION,
    FLOAT,
    IMAGE,
    STR,
    Type,
    dict_of,
    groupby_of,
    known_dict_of,
    list_of,
    tuple_of,
)
from swath.graph.value import type_of as type_of_plain
from swath.ops.op import Argument, bind, infer
from swath.ops.table import OPS

MOST_LOOKED_AT = 64
"""Elements of a container that are looked at to find its type."""


def type_of(value: Any) -> Type:
    """The type of an evaluated value. Raises TypeMismatch: not a value of the language."""
    if isinstance(value, LazyImage):
        return IMAGE
    if isinstance(value, LazyCollection):
        return COLLECTION
    if isinstance(value, LazyGroups):
        return groupby_of(join({type_of(k) for k in value.keys[:MOST_LOOKED_AT]}))
    if isinstance(value, Deferred):
        return FLOAT
    if isinstance(value, Closure):
        return Type("Function")
    if isinstance(value, PropertyTable):
        return list_of(known_dict_of({}))
    return _of_container(value)


def _of_container(value: Any) -> Type:
    if isinstance(value, list):
        return list_of(join({type_of(v) for v in value[:MOST_LOOKED_AT]}))
    if isinstance(value, tuple):
        return tuple_of(*map(type_of, value))
    if isinstance(value, dict):
        return _of_dict(value)
    return type_of_plain(value)


def _of_dict(value: dict[Any, Any]) -> Type:
    items = list(value.items())[:MOST_LOOKED_AT]
    kinds = {type_of(v) for _, v in items}
    if len(kinds) > 1 and all(isinstance(k, str) for k, _ in items):
        return known_dict_of({k: type_of(v) for k, v in items})
    keys = {type_of(k) for k, _ in items}
    return dict_of(join(keys) if keys else STR, join(kinds) if kinds else ANY)


def checked(op: str, implementation: Callable[..., Any], *args: Any, **kwargs: Any) -> Any:
    """`implementation(*args, **kwargs)`, if the op table's rule allows values of these types.

    Raises: TypeMismatch and InvalidArgument as the rule does, and what the op raises.
    """
    row = OPS[op]
    known = [_argument(v) for v in args]
    named = {k: _argument(v) for k, v in kwargs.items()}
    bound = bind(row, known, named, lambda parameter: parameter.omitted)
    infer(row, _named(row.parameters, bound))
    return implementation(*args, **kwargs)


def _argument(value: Any) -> Argument:
    is_plain = value is None or isinstance(value, bool | int | float | str)
    type_ = type_of(value)
    return Argument("", type_, value) if is_plain else Argument("", type_)


def _named(parameters: Any, bound: Any) -> list[Any]:
    for parameter, argument in zip(parameters, bound, strict=True):
        if isinstance(argument, Argument):
            argument.name = parameter.name
    return list(bound)
