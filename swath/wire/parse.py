"""Bytes of the jobs' contract to messages, within limits, and failures of that as our errors."""

from __future__ import annotations

from typing import TypeVar

from google.protobuf.message import DecodeError, Message

from swath.errors import BadRequest, InternalError, InvalidGraph
from swath.wire.limits import DEFAULT_LIMITS, Limits, check_bytes

_M = TypeVar("_M", bound=Message)


def parse(cls: type[_M], data: bytes, limits: Limits = DEFAULT_LIMITS) -> _M:
    """A request that came from outside.

    Raises:
        RequestTooLarge: over a limit. BadRequest: the bytes are not that message.
    """
    try:
        check_bytes(data, cls.DESCRIPTOR, limits)
        return cls.FromString(data)
    except (DecodeError, InvalidGraph):
        raise BadRequest(f"The bytes are not a message {cls.DESCRIPTOR.name}.") from None


def parse_answer(cls: type[_M], data: bytes) -> _M:
    """An answer of a server that is trusted not to be hostile, but may be broken.

    Raises:
        InternalError: the bytes are not that message.
    """
    try:
        return cls.FromString(data)
    except DecodeError:
        raise InternalError(
            f"The server's answer is not a message {cls.DESCRIPTOR.name}."
        ) from None
