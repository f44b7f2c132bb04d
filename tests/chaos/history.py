"""What was seen from outside while things went wrong: one event a line, only ever appended.

An event is a JSON object with `verb`, what it is about, and `began` and `ended`: seconds on one
monotonic clock, between which it took effect. The judge reads nothing but these events.
"""

from __future__ import annotations

import json
import threading
import time
from collections.abc import Iterable
from pathlib import Path
from typing import Any

from swath.v1 import jobs_pb2 as pb

Event = dict[str, Any]


class History:
    """Appends events to a file; any thread may."""

    def __init__(self, path: Path) -> None:
        self.path = path
        self._file = path.open("a", encoding="utf-8")
        self._turn = threading.Lock()

    def note(
        self, verb: str, began: float | None = None, *, fields: Event | None = None, **more: Any
    ) -> None:
        """Append an event that ends now; `began` absent: it took no time."""
        now = time.monotonic()
        event = {
            "verb": verb,
            "began": now if began is None else began,
            "ended": now,
            **(fields or {}),
            **more,
        }
        line = json.dumps(event)
        with self._turn:
            self._file.write(line + "\n")
            self._file.flush()

    def close(self) -> None:
        """Close the file."""
        self._file.close()


def read(path: Path) -> list[Event]:
    """All events of a file, in their order."""
    with path.open(encoding="utf-8") as lines:
        return [json.loads(line) for line in lines]


def of(events: Iterable[Event], *verbs: str) -> list[Event]:
    """Those events that have one of the verbs."""
    return [event for event in events if event["verb"] in verbs]


def seen(job: pb.Job) -> Event:
    """What is noted of a `swath.v1.Job`."""
    return {
        "job": job.id,
        "revision": job.revision,
        "stage": pb.Stage.Name(job.stage),
        "status": pb.Status.Name(job.status),
        "attempt": job.attempt,
        "cancel_requested": job.cancel_requested,
        "updated_us": job.updated_us,
        "finished_us": job.finished_us if job.HasField("finished_us") else None,
    }
