"""A table of TOML as one of our values: its keys and the types of what they have are as they must.

What a value may be beyond its type is the value's own matter.
"""

from __future__ import annotations

import types
import typing
from collections.abc import Mapping
from dataclasses import MISSING, fields
from typing import Any, Literal

from swath.errors import InvalidArgument

WORDS = {str: "text", int: "a whole number", float: "a number", bool: "true or false"}


def made(cls: type[Any], table: Mapping[str, Any], what: str) -> Any:
    """An instance of a dataclass whose fields the table has, as values of TOML or made of them.

    An array becomes a tuple.

    Raises:
        InvalidArgument: an unknown key, a missing one, a value of another type, or what the class
            says of it.
    """
    hints = typing.get_type_hints(cls)
    there = {key: tuple(v) if isinstance(v, list) else v for key, v in table.items()}
    require_fields(hints, there, what)
    lacking = [
        field.name
        for field in fields(cls)
        if field.name not in there and field.default is field.default_factory is MISSING
    ]
    if lacking:
        raise InvalidArgument(f"A {what} lacks {', '.join(lacking)}.")
    return cls(**there)


def require_fields(kinds: Mapping[str, Any], table: Mapping[str, Any], what: str) -> None:
    """Return if all that the table has are fields of these kinds.

    Raises:
        InvalidArgument: an unknown key, or a value of another type.
    """
    for key, value in table.items():
        if key not in kinds:
            raise InvalidArgument(f"A {what} has no {key!r}; it has: {', '.join(sorted(kinds))}.")
        if not _is(value, kinds[key]):
            raise InvalidArgument(f"{key} of a {what} is {_named(kinds[key])}, not {value!r}.")


def _is(value: Any, kind: Any) -> bool:
    origin, inside = typing.get_origin(kind), typing.get_args(kind)
    if origin in (types.UnionType, typing.Union):
        return any(_is(value, one) for one in inside)
    if origin is tuple:
        return isinstance(value, tuple) and all(_is(item, inside[0]) for item in value)
    if origin is Literal:
        return isinstance(value, str)
    if kind is float:
        return isinstance(value, int | float) and not isinstance(value, bool)
    if kind is int:
        return isinstance(value, int) and not isinstance(value, bool)
    return isinstance(value, origin or kind)


def _named(kind: Any) -> str:
    """In words."""
    origin, inside = typing.get_origin(kind), typing.get_args(kind)
    if origin in (types.UnionType, typing.Union):
        return _named(inside[0])
    if origin is tuple:
        return f"an array, each {_named(inside[0])}"
    if origin is Literal:
        return WORDS[str]
    return WORDS.get(kind, "a table")
