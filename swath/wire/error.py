"""Errors to ComputationError messages and back; `swath.status` adds codes and reasons."""

from __future__ import annotations

import dataclasses
from typing import Any

from swath.errors import InvalidGraph, SwathError, Where
from swath.v1 import error_pb2 as pb
from swath.wire.value import decode_value, fill_value

MAX_TEXT = 400
"""Longest text in a detail; longer ones are cut."""
MAX_ITEMS = 20
"""Most items of a list in a detail; further ones are left out."""

_PLACES = tuple(field.name for field in dataclasses.fields(Where))


def encode_error(error: SwathError) -> pb.ComputationError:
    """The place and the typed details of an error, cut to a size that fits gRPC's trailers."""
    message = pb.ComputationError()
    for name in _PLACES:
        place = getattr(error.where, name)
        if place is not None:
            setattr(message, name, place if name == "node" else brief(place))
    for name, value in error.fields.items():
        fill_value(message.fields[name], brief(value))
    return message


def brief(value: Any) -> Any:
    """A detail as it travels: plain values as they are, text and lists cut, others as text."""
    if value is None or isinstance(value, bool | int | float):
        return value if not isinstance(value, int) or abs(value) < 2**63 else float(value)
    if isinstance(value, list | tuple | set | frozenset):
        return [brief(item) for item in list(value)[:MAX_ITEMS]]
    return str(value).encode("utf-8", "replace").decode()[:MAX_TEXT]


def decode_error(cls: type[SwathError], problem: str, message: pb.ComputationError) -> SwathError:
    """An error of class `cls`; details that the class does not have are left out."""
    places = {name: getattr(message, name) for name in _PLACES if message.HasField(name)}
    fields = {name: _detail(message.fields[name]) for name in cls.FIELDS if name in message.fields}
    return cls(problem, where=Where(**places), **fields)


def _detail(message: Any) -> Any:
    try:
        return decode_value(message)
    except InvalidGraph:
        return None
