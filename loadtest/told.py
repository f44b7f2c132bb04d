"""What a load was told of the jobs that it asked for, to hold the server's own list against it."""

from __future__ import annotations

import json
import time
from collections.abc import Sequence
from dataclasses import asdict, dataclass
from pathlib import Path


@dataclass(frozen=True, slots=True)
class Told:
    """How one request for a job ended. Times are µs since 1970 UTC, on the client's clock."""

    owner: str
    """By the name of a token; empty: whoever the target says."""
    request: str
    """Its request id, which is the job's label `request`, too."""
    code: str
    """Name of the status of CreateJob; of the last, where it was repeated."""
    begun_us: int
    """When it was sent; first, where it was repeated."""
    ended_us: int
    """When that status was there."""
    job: str = ""
    """Id of the job that was promised; empty: none was."""
    end_revision: int = 0
    """Revision of the job's end that the client saw; 0: it did not look, or saw none."""


def now_us() -> int:
    """The clock that such times are of."""
    return time.time_ns() // 1000


def write(told: Sequence[Told], file: Path) -> None:
    """Write it to a file."""
    file.write_text(json.dumps([asdict(one) for one in told]), "utf-8")


def read(file: Path) -> list[Told]:
    """What `write` wrote."""
    return [Told(**one) for one in json.loads(file.read_text("utf-8"))]
