"""Free functions: parameters, choice, and the functions of the table."""

from __future__ import annotations

from typing import Any

from swath.errors import TypeMismatch
from swath.graph.expression import Variable
from swath.graph.type import GENERIC, Type
from swath.types.alias import type_named
from swath.types.apply import apply
from swath.types.derive import free_function
from swath.types.proxy import proxy_of

log = free_function("log")
log2 = free_function("log2")
log10 = free_function("log10")
log1p = free_function("log1p")
exp = free_function("exp")
sqrt = free_function("sqrt")
square = free_function("square")
sin = free_function("sin")
arcsin = free_function("arcsin")
cos = free_function("cos")
arccos = free_function("arccos")
tan = free_function("tan")
arctan = free_function("arctan")
arctan2 = free_function("arctan2")
normalized_difference = free_function("normalized_difference")
where = free_function("where")
concat = free_function("concat")
range = free_function("range")  # noqa: A001  the name users know
zip = free_function("zip")  # noqa: A001  the name users know


def ifelse(condition: Any, true_value: Any, false_value: Any) -> Any:
    """One of two values; only that one is computed.

    Args:
        condition: a Bool; no value counts as False.
        true_value, false_value: values, or Python functions without parameters that give them.
    Raises:
        TypeMismatch: the condition is no Bool.
    """
    return apply("ifelse", condition, true_value, false_value)


def parameter(name: str, type_: Any) -> Any:
    """A value that is given when the expression is inspected: `obj.inspect(ctx, name=value)`.

    Raises:
        TypeMismatch: the type is not concrete (List, say, instead of List[Int]).
        ValueError: the name is no identifier.
    """
    if not isinstance(name, str) or not name.isidentifier():
        raise ValueError(f"a parameter is named by an identifier, not {name!r}")
    wanted = type_named(type_)
    if not _is_concrete(wanted):
        raise TypeMismatch(f"parameter {name} needs a concrete type, not {wanted}")
    return proxy_of(Variable(name, wanted, is_global=True))


def _is_concrete(type_: Type) -> bool:
    if type_.name in ("Any", "Function", "Array", "Grid", "ImageCollectionGroupby"):
        return False
    if type_.name in GENERIC and not type_.args and type_.name != "Tuple":
        return False
    values = (*type_.args, *(t for _, t in type_.fields))
    return type_.name == "KnownDict" or all(map(_is_concrete, values))
