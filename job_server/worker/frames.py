"""Messages on the socket between a worker and one of its children.

A frame is a kind, a small JSON object and bytes. Both ends are ours, but a child may be corrupt
when it dies, so nothing here can run code on the worker's side, and sizes are checked first.
"""

from __future__ import annotations

import enum
import json
import struct
from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any

HEAD = struct.Struct("<BII")
"""Kind, bytes of JSON, bytes of data."""
MOST_JSON_BYTES = 16 << 20
"""Enough for the names of 300,000 pieces."""
MOST_DATA_BYTES = 128 << 20
"""Of a task or a plan; parts of pieces are `PART_BYTES`."""
PART_BYTES = 1 << 20
"""Most bytes of a piece in one frame, and in one message to the server."""


class Kind(enum.IntEnum):
    """What a frame says, and who sends it."""

    SETUP = 1
    """Worker: what to compute with, once, first."""
    READY = 2
    """Child: it can take tasks."""
    TASK = 3
    """Worker: run this; the data is a `swath.worker.v1.Assignment`."""
    CANCEL = 4
    """Worker: the task is not wanted any more. An end follows all the same."""
    STAGE = 5
    """Child: what it does now."""
    PIN = 6
    """Child: store this plan; it waits for DONE."""
    PIECE = 7
    """Child: store this piece; it waits for SEND and DONE."""
    SEND = 8
    """Worker: send the piece, from its start, also once more."""
    PART = 9
    """Either: the next bytes of a piece; as many as it has, then nothing."""
    FETCH = 10
    """Child: give the piece of that name; it waits for parts, then DONE or MISSING."""
    DONE = 11
    """Worker: what was asked for is done."""
    REFUSED = 12
    """Worker: it is not, and will not be: stop. What is told by an end is heard by nobody."""
    RESULT = 13
    """Child, an end: the job is complete."""
    FAILED = 14
    """Child, an end: it is not; the data is a `swath.v1.JobError`. Before READY: no start."""
    MISSING = 15
    """Worker: the piece that was asked for cannot be had; what came of it does not count."""


ENDS = frozenset((Kind.RESULT, Kind.FAILED))
"""After one of these a child is idle again."""


@dataclass(frozen=True, slots=True)
class Frame:
    """One message."""

    kind: Kind
    head: Mapping[str, Any] = field(default_factory=dict)
    """JSON values."""
    data: bytes = b""


def pack(kind: Kind, data: bytes | memoryview = b"", **head: Any) -> bytes:
    """The bytes of a frame."""
    said = json.dumps(head).encode() if head else b""
    return b"".join((HEAD.pack(kind, len(said), len(data)), said, data))


def sizes(head: bytes) -> tuple[Kind, int, int]:
    """The kind of a frame, and how many bytes of JSON and of data follow its head.

    Raises:
        ValueError: it is no head.
    """
    kind, json_bytes, data_bytes = HEAD.unpack(head)
    if json_bytes > MOST_JSON_BYTES or data_bytes > MOST_DATA_BYTES:
        raise ValueError("a frame that is too large")
    return Kind(kind), json_bytes, data_bytes


def unpack(kind: Kind, said: bytes, data: bytes) -> Frame:
    """The frame of what followed a head.

    Raises:
        ValueError: it makes no sense.
    """
    head = json.loads(said) if said else {}
    if not isinstance(head, dict):
        raise ValueError("a frame without names")  # noqa: TRY004 - as any other nonsense
    return Frame(kind, head, data)
