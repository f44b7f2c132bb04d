"""Names of stored objects: `JOB/NAME-FENCE-CRC`, which is all that a result store knows of them.

The fence says who may still make the object count: only the lease under which it was stored. So an
object that nothing names is dead for ever once that lease has ended, and the sweep needs no clock
to know it. The checksum makes two uploads under one key the same bytes: repeating an upload never
changes an object that a result already relies on.
"""

from __future__ import annotations

import re
from dataclasses import dataclass

from swath.errors import InvalidArgument

_KEY = re.compile(
    r"(?P<job>[0-9a-f]{32})/(?P<name>[A-Za-z0-9._-]{1,64})-(?P<fence>[0-9]{1,19})"
    r"-(?P<crc32>[0-9a-f]{8})"
)
_JOB = re.compile(r"[0-9a-f]{32}")


@dataclass(frozen=True, slots=True)
class Key:
    """The parts of a key."""

    job: str
    """Id of the job: 32 hexadecimal characters."""
    name: str
    """Of the piece: letters, digits, `-`, `_` and `.`; at most 64."""
    fence: int
    """Of the lease under which it was stored."""
    crc32: int
    """Of its bytes."""


def key_of(job: str, name: str, fence: int, crc32: int) -> str:
    """The key of a piece that a worker stores under a lease.

    Raises:
        InvalidArgument: the job is not 32 hexadecimal characters, or the name has others than
            letters, digits, `-`, `_` and `.`, or is longer than 64.
    """
    key = f"{job}/{name}-{fence}-{crc32:08x}"
    parse_key(key)
    return key


def parse_key(key: str) -> Key:
    """The parts of a key.

    Raises:
        InvalidArgument: it is none.
    """
    found = _KEY.fullmatch(key)
    if found is None:
        raise InvalidArgument(
            "A piece has a name of letters, digits, '-', '_' and '.', at most 64 of them, in a"
            f" job of 32 hexadecimal characters; {key[:120]!r} names none."
        )
    return Key(found["job"], found["name"], int(found["fence"]), int(found["crc32"], 16))


def is_key(text: str) -> bool:
    """Whether it is a key."""
    return _KEY.fullmatch(text) is not None


def is_job(text: str) -> bool:
    """Whether it may be the id of a job."""
    return _JOB.fullmatch(text) is not None
