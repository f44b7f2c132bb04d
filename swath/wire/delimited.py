"""Messages in one run of bytes, each after its length as a varint: how a native result is stored.

Source: the delimited format of protobuf, as `writeDelimitedTo` of its Java runtime writes it.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator

from swath.errors import Transient

LARGEST_MESSAGE = 2**31 - 1
"""Bytes; protobuf has no larger ones."""


def write_delimited(messages: Iterable[bytes]) -> Iterator[bytes]:
    """The bytes of each message after its length. Pulled: one message is held at a time."""
    for message in messages:
        yield varint(len(message)) + message


def read_delimited(pieces: Iterable[bytes]) -> Iterator[bytes]:
    """The messages in bytes that come in pieces, cut anywhere.

    Pulled: what is held is one message and one piece.

    Raises:
        Transient: the bytes end inside a message, or are none. Errors of `pieces` come through.
    """
    held, wanted = bytearray(), -1
    for piece in pieces:
        held += piece
        at = 0
        while True:
            if wanted < 0:
                wanted, at = _length(held, at)
            if wanted < 0 or len(held) - at < wanted:
                break
            yield bytes(memoryview(held)[at : at + wanted])
            at, wanted = at + wanted, -1
        del held[:at]
    if held or wanted >= 0:
        raise Transient("The result was cut short.")


def varint(number: int) -> bytes:
    """A number from 0 as protobuf writes it."""
    out = bytearray()
    while number > 0x7F:
        out.append(number & 0x7F | 0x80)
        number >>= 7
    out.append(number)
    return bytes(out)


def _length(held: bytearray, at: int) -> tuple[int, int]:
    """The length that stands at `at`, and where it ends; -1 where it is not there as a whole."""
    value = shift = 0
    for place in range(at, min(len(held), at + 5)):
        value |= (held[place] & 0x7F) << shift
        if held[place] < 0x80:
            if value > LARGEST_MESSAGE:
                break
            return value, place + 1
        shift += 7
    else:
        if len(held) - at < 5:
            return -1, at
    raise Transient("The result is damaged: a message in it has no length.")
