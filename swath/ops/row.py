"""How the families write the rows of the table: parameters, and the members that an op provides."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

from swath.graph.type import BOOL, COLLECTION, FLOAT, IMAGE, INT, Type
from swath.ops.op import REQUIRED, Argument, OpParameter

Types = Type | tuple[Type, ...]

IMAGERY = (IMAGE, COLLECTION)
NUMBER = (INT, FLOAT)
SCALAR = (INT, FLOAT, BOOL)
LIST, TUPLE, DICT, KNOWN_DICT = Type("List"), Type("Tuple"), Type("Dict"), Type("KnownDict")
FUNCTION, GROUPBY = Type("Function"), Type("ImageCollectionGroupby")


def _types(accepts: Types) -> tuple[Type, ...]:
    return (accepts,) if isinstance(accepts, Type) else accepts


def given(name: str, accepts: Types, doc: str, default: Any = REQUIRED) -> OpParameter:
    """A positional parameter."""
    return OpParameter(name, _types(accepts), doc, default=default)


def named(name: str, accepts: Types, doc: str, default: Any = REQUIRED) -> OpParameter:
    """A parameter that graphs have by name."""
    return OpParameter(name, _types(accepts), doc, "keyword", default)


def rest(name: str, accepts: Types, doc: str) -> OpParameter:
    """All further positional arguments."""
    return OpParameter(name, _types(accepts), doc, "variadic")


def others(name: str, accepts: Types, doc: str) -> OpParameter:
    """All further named arguments."""
    return OpParameter(name, _types(accepts), doc, "keywords")


def function(
    name: str,
    calls: Callable[..., tuple[Type, ...]],
    doc: str,
    *,
    default: Any = REQUIRED,
    accepts: Types = FUNCTION,
) -> OpParameter:
    """A function, called with the types that `calls` gives for the bound arguments."""
    return OpParameter(name, _types(accepts), doc, default=default, calls=calls)


def always(type_: Type) -> Callable[..., Type]:
    """The rule of ops that give one type."""
    return lambda *_: type_


def same(first: Argument, *_: Any) -> Type:
    """The rule of ops that give the type of their first argument."""
    return first.type


def on(member: str, types: str) -> tuple[str, ...]:
    """`member` of each of the space-separated `types`."""
    return tuple(f"{type_}.{member}" for type_ in types.split())
