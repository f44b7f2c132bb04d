"""Types of the language to messages and back."""

from __future__ import annotations

from functools import lru_cache

from swath.errors import InvalidGraph
from swath.graph.type import MAX_TYPE_DEPTH, PLAIN, Type
from swath.v1 import type_pb2

_PLAIN_TYPES = {name: Type(name) for name in sorted(PLAIN)}
_ARITY = {"List": 1, "Dict": 2, "KnownDict": 2, "ImageCollectionGroupby": 1}


@lru_cache(maxsize=256)
def encode_type(type_: Type) -> type_pb2.Type:
    """The message of a type. Shared: callers copy it into theirs and never change it."""
    return type_pb2.Type(
        name=type_.name,
        args=[encode_type(arg) for arg in type_.args],
        fields=[type_pb2.Type.Field(name=n, type=encode_type(t)) for n, t in type_.fields],
    )


def decode_type(message: type_pb2.Type, depth: int = 1) -> Type:
    """The type that a message says.

    Raises:
        InvalidGraph: an unknown name, a wrong number of type arguments, or nesting over 32 deep.
    """
    plain = _PLAIN_TYPES.get(message.name)
    if plain is not None and not message.args and not message.fields:
        return plain
    if depth > MAX_TYPE_DEPTH:
        raise InvalidGraph(f"A type nests more than {MAX_TYPE_DEPTH} deep.")
    _check_shape(message)
    return Type(
        message.name,
        tuple(decode_type(arg, depth + 1) for arg in message.args),
        tuple((f.name, decode_type(f.type, depth + 1)) for f in message.fields),
    )


def _check_shape(message: type_pb2.Type) -> None:
    name, args, fields = message.name, len(message.args), message.fields
    if name in PLAIN or (name in _ARITY and args != _ARITY[name]):
        raise InvalidGraph(f"The type {name} takes {_ARITY.get(name, 0)} arguments, not {args}.")
    if name not in _ARITY and name not in ("Tuple", "Function"):
        raise InvalidGraph(f"There is no type {name[:64]!r}.")
    if name == "Function" and not args:
        raise InvalidGraph("The type Function lacks its result.")
    if fields and name != "KnownDict":
        raise InvalidGraph(f"The type {name} has no fields.")
    if len({field.name for field in fields}) != len(fields):
        raise InvalidGraph("A KnownDict names a field twice.")
