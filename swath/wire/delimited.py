"""Messages one after another in a run of bytes, each after its length as a varint.

So stored results and tiles hold messages; on the network gRPC itself keeps messages apart.

Source: protobuf's encoding of varints, and its delimited messages (`writeDelimitedTo`).
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator

from swath.errors import InternalError, Transient
from swath.graph.canonical import varint

MOST_MESSAGE_BYTES = 256 * 1024 * 1024
"""Most bytes of a message that is accepted. Messages have at most 2 MiB, except that of a header
with many values: five million numbers take some 50 MB."""
_LONGEST_LENGTH = 5
"""Most bytes of a length."""


def write_delimited(messages: Iterable[bytes]) -> Iterator[bytes]:
    """Each message after its length."""
    for message in messages:
        yield varint(len(message))
        yield message


def read_delimited(
    pieces: Iterable[bytes], most_bytes: int = MOST_MESSAGE_BYTES
) -> Iterator[bytes]:
    """The messages in a run of bytes that comes in pieces, cut anywhere.

    Pulled: a piece is taken only when the messages in those before it have been taken. Never holds
    more than a message and a piece, whatever a length says.

    Raises:
        Transient: the run ends within a message. InternalError: a length is no varint, or over
            `most_bytes`. Errors of `pieces` come through.
    """
    held = bytearray()
    for piece in pieces:
        held += piece
        at = 0
        while (found := _message(held, at, most_bytes)) is not None:
            start, at = found
            yield bytes(memoryview(held)[start:at])
        del held[:at]
    if held:
        raise Transient("The result was cut short.")


def _message(held: bytearray, at: int, most_bytes: int) -> tuple[int, int] | None:
    """Start and end of the message whose length is at `at`; None where it is not all there."""
    length = 0
    for count, byte in enumerate(held[at : at + _LONGEST_LENGTH]):
        length |= (byte & 0x7F) << 7 * count
        if byte < 0x80:
            if length > most_bytes:
                raise InternalError(
                    f"The result breaks the contract: a message of {length:,} bytes."
                )
            start = at + count + 1
            return (start, start + length) if start + length <= len(held) else None
    if len(held) - at >= _LONGEST_LENGTH:
        raise InternalError("The result breaks the contract: a length is no varint.")
    return None
