"""Small messages on the control socket between the server and an engine process.

Both ends are ours, but an engine process may be corrupt when it dies, so nothing here can run code
on the server's side: errors travel as JSON, never as pickles.
"""

from __future__ import annotations

import enum
import json
import struct
from collections.abc import Iterator
from dataclasses import asdict, dataclass
from typing import Any

from swath.errors import InternalError, SwathError, Where, every_error

HEAD = struct.Struct("<BIQ")
PART = struct.Struct("<IIB")
SLOT = struct.Struct("<I")
PID = struct.Struct("<I")
RUN_HEAD = struct.Struct("<dQH")


class Kind(enum.IntEnum):
    """What a frame says, and who sends it."""

    SETUP = 1
    """Server: JSON settings, once, first."""
    READY = 2
    """Engine: it can take requests; its process id."""
    RUN = 3
    """Server: compute this; see `RunBody`."""
    PART = 4
    """Engine: a slot holds the next piece of the answer."""
    FREE = 5
    """Server: the slot may be written again."""
    END = 6
    """Engine: the answer is complete."""
    ERROR = 7
    """Engine: there will be no (more of the) answer; JSON. For run 0: it cannot start."""
    QUARANTINE = 8
    """Server: JSON list of the sources that must not be opened."""


@dataclass(frozen=True, slots=True)
class Frame:
    """One message."""

    kind: Kind
    run: int
    """Number of the request it belongs to, from 1; 0: none."""
    body: bytes


def pack(kind: Kind, run: int = 0, body: bytes = b"") -> bytes:
    """The bytes of a frame."""
    return HEAD.pack(kind, len(body), run) + body


class FrameReader:
    """Cuts a stream of bytes into frames."""

    def __init__(self) -> None:
        self._rest = bytearray()

    def feed(self, data: bytes) -> Iterator[Frame]:
        """The frames that are complete with `data`."""
        self._rest += data
        while len(self._rest) >= HEAD.size:
            kind, length, run = HEAD.unpack_from(self._rest)
            end = HEAD.size + length
            if len(self._rest) < end:
                return
            body = bytes(memoryview(self._rest)[HEAD.size : end])
            del self._rest[:end]
            yield Frame(Kind(kind), run, body)


@dataclass(frozen=True, slots=True)
class RunBody:
    """A request for an engine process."""

    method: str
    deadline_s: float
    """On the monotonic clock, which processes of one machine share."""
    memory_bytes: int
    """Most bytes of pixels it may hold."""
    request: bytes

    def encode(self) -> bytes:
        """The body of a RUN frame."""
        method = self.method.encode()
        head = RUN_HEAD.pack(self.deadline_s, self.memory_bytes, len(method))
        return b"".join((head, method, self.request))

    @classmethod
    def decode(cls, body: bytes) -> RunBody:
        """The request in the body of a RUN frame."""
        deadline_s, memory_bytes, length = RUN_HEAD.unpack_from(body)
        start = RUN_HEAD.size + length
        method = body[RUN_HEAD.size : start].decode()
        return cls(method, deadline_s, memory_bytes, body[start:])


def encode_error(error: SwathError, traceback: str | None = None) -> bytes:
    """The body of an ERROR frame; `traceback` is for the server's log alone."""
    said = {
        "reason": error.REASON,
        "problem": error.problem,
        "where": asdict(error.where),
        "fields": error.fields,
        "traceback": traceback,
    }
    return json.dumps(said, default=str).encode()


def decode_error(body: bytes) -> tuple[SwathError, str | None]:
    """The error in an ERROR frame, and its traceback when it is a fault of Swath."""
    said: dict[str, Any] = json.loads(body)
    cls = _classes().get(said["reason"], InternalError)
    fields = {k: v for k, v in said["fields"].items() if k in cls.FIELDS}
    return cls(said["problem"], where=Where(**said["where"]), **fields), said["traceback"]


def _classes() -> dict[str, type[SwathError]]:
    return {cls.REASON: cls for cls in every_error()}
