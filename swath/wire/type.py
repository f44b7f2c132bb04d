"""Types of the language to messages and back."""

from __future__ import annotations

from functools import lru_cache

from google.protobuf.message import DecodeError

from swath.errors import InvalidGraph
from swath.graph.type import GENERIC, MAX_TYPE_DEPTH, PLAIN, Type
from swath.v1 import type_pb2

_PLAIN_TYPES = {name: Type(name) for name in sorted(PLAIN)}


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
        InvalidGraph: an unknown name, a wrong number of type arguments, nesting over 32 deep, or
            more than 4,096 types in one.
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


def type_to_bytes(type_: Type) -> bytes:
    """A type as the bytes of a Type message."""
    return encode_type(type_).SerializeToString()


def type_from_bytes(data: bytes) -> Type:
    """The type in the bytes of a Type message; raises InvalidGraph."""
    try:
        return decode_type(type_pb2.Type.FromString(data))
    except DecodeError:
        raise InvalidGraph("The bytes are not a Type message.") from None


def _check_shape(message: type_pb2.Type) -> None:
    name, count, fields = message.name, len(message.args), message.fields
    if name not in GENERIC:
        raise InvalidGraph(f"There is no type {name[:64]!r}, or it takes no arguments.")
    least, most = GENERIC[name]
    if count < least or (most is not None and count > most):
        raise InvalidGraph(f"The type {name} does not take {count} arguments.")
    if fields and name != "KnownDict":
        raise InvalidGraph(f"The type {name} has no fields.")
    if len({field.name for field in fields}) != len(fields):
        raise InvalidGraph("A KnownDict names a field twice.")
