"""Limits on what is accepted from outside, checked on the raw bytes before anything is built.

A small message can ask for much memory: two bytes make an empty node, which costs forty once it is
parsed. So the messages of a large request are counted on its bytes first, by a walk that knows from
the contract which fields hold messages, and stops at the limit.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

from google.protobuf.descriptor import FieldDescriptor
from google.protobuf.message import DecodeError

from swath.errors import InvalidGraph, RequestTooLarge
from swath.graph.limits import LIMITS
from swath.graph.limits import Limits as GraphLimits

MAX_VALUE_DEPTH = 32
"""Deepest nesting of lists, tuples and dicts in a value."""
SMALL_REQUEST_BYTES = 64 * 1024
"""Up to this size messages are not counted: parsing them takes at most about 1.5 MB."""
MAX_MESSAGE_DEPTH = 100
"""Deepest nesting of messages that any protobuf runtime parses by default."""


@dataclass(frozen=True, slots=True)
class Limits:
    """Most that a request may hold."""

    request_bytes: int = 8 * 1024 * 1024
    """Size of the whole request."""
    messages: int = 250_000
    """Messages of any kind in the request, nested ones counted; packed lists count once."""
    graph: GraphLimits = LIMITS
    """What the graph in it may hold."""


DEFAULT_LIMITS = Limits()
"""The limits that the contract names."""


def require_at_most(what: str, actual: int, limit: int) -> None:
    """Return if `actual` is within `limit`.

    Raises:
        RequestTooLarge: naming `what`, with both figures.
    """
    if actual > limit:
        raise RequestTooLarge(
            f"The request has {actual:,} {what}; at most {limit:,} are accepted.",
            limit=limit,
            actual=actual,
        )


def check_bytes(data: bytes, message: Any, limits: Limits = DEFAULT_LIMITS) -> None:
    """Return if `data`, taken as `message` (a descriptor), is within size and message limits.

    Raises:
        RequestTooLarge: it is not. InvalidGraph: it is not that message at all.
    """
    require_at_most("bytes", len(data), limits.request_bytes)
    if len(data) > SMALL_REQUEST_BYTES:
        _count_messages(data, message, limits.messages)


_Fields = dict[int, Any]
"""Descriptors of the fields that hold messages, by number."""
_FIELDS_OF: dict[str, _Fields] = {}


def _message_fields(message: Any) -> _Fields:
    known = _FIELDS_OF.get(message.full_name)
    if known is None:
        known = _FIELDS_OF[message.full_name] = {
            f.number: f.message_type
            for f in message.fields
            if f.type == FieldDescriptor.TYPE_MESSAGE and f.message_type is not None
        }
    return known


def _count_messages(data: bytes, message: Any, limit: int) -> None:
    """Walk the message tree without recursion. Cost: about 1 µs for each field."""
    at, end, fields = 0, len(data), _message_fields(message)
    outer: list[tuple[int, _Fields]] = []
    count = 0
    try:
        while True:
            if at >= end:
                if at > end:
                    raise DecodeError("a field reaches beyond its message")
                if not outer:
                    return
                end, fields = outer.pop()
                continue
            tag, at = _varint(data, at)
            kind = tag & 7
            if kind != 2:
                at = _skip(data, at, kind)
                continue
            length, at = _varint(data, at)
            inner = fields.get(tag >> 3)
            if inner is None:
                at += length
                continue
            count += 1
            if count > limit or len(outer) >= MAX_MESSAGE_DEPTH:
                require_at_most("messages", count, limit)
                raise DecodeError("messages nest too deep")
            if at + length > end:
                raise DecodeError("a message reaches beyond its parent")
            outer.append((end, fields))
            end, fields = at + length, _message_fields(inner)
    except (DecodeError, IndexError) as problem:
        raise InvalidGraph(f"The request is not a message of the contract: {problem}.") from None


def _varint(data: bytes, at: int) -> tuple[int, int]:
    byte = data[at]
    if byte < 0x80:
        return byte, at + 1
    value, shift = byte & 0x7F, 7
    while True:
        at += 1
        byte = data[at]
        value |= (byte & 0x7F) << shift
        if byte < 0x80:
            return value, at + 1
        shift += 7
        if shift > 63:
            raise DecodeError("a number has more than 64 bits")


def _skip(data: bytes, at: int, kind: int) -> int:
    if kind == 0:
        return _varint(data, at)[1]
    if kind == 1:
        return at + 8
    if kind == 5:
        return at + 4
    raise DecodeError("a field of an unknown kind")
