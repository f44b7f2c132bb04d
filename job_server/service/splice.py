"""Stored bytes of a message put into another message, without parsing them again.

A large spec is parsed once, when the job is created; parsing and writing it again for each worker
would stop the event loop for tens of milliseconds.
Source: the protobuf encoding: a field of a message is its tag, its length, its bytes; the fields of
a message may follow each other in any order.
"""

from __future__ import annotations

_LENGTH_DELIMITED = 2


def field(number: int, data: bytes) -> bytes:
    """The bytes of a field that holds a message (or bytes) `data`."""
    return _varint(number << 3 | _LENGTH_DELIMITED) + _varint(len(data)) + data


def _varint(number: int) -> bytes:
    groups = bytearray()
    while number >= 0x80:
        groups.append(number & 0x7F | 0x80)
        number >>= 7
    groups.append(number)
    return bytes(groups)
