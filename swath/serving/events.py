"""What happened, one event per verb: emitted where it happens, read by one subscriber elsewhere.

Emitting costs about a microsecond and never waits: the event loop must not stop for a full pipe
behind standard error. A thread hands the events to the subscriber some twenty times a second.
"""

from __future__ import annotations

import json
import threading
import time
from collections import deque
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from datetime import UTC, datetime
from typing import Any

MAX_HELD = 100_000
PAUSE_S = 0.05


@dataclass(frozen=True, slots=True)
class Event:
    """One thing that happened."""

    verb: str
    """`inspect`, `estimate`, `engine_lost`, `started`, ..."""
    fields: Mapping[str, Any]
    """JSON values, by name."""
    at_s: float
    """Wall clock, seconds since 1970."""


def as_line(event: Event) -> str:
    """An event as one line of JSON, without its end."""
    at = datetime.fromtimestamp(event.at_s, UTC).isoformat(timespec="milliseconds")
    return json.dumps({"time": at, "verb": event.verb, **event.fields}, default=str)


Subscriber = Callable[[Event], None]


class Instrument:
    """Takes events from any thread; one thread of its own brings them to the subscriber.

    When more than 100,000 wait, the oldest are dropped and counted in the next event's place.
    """

    def __init__(
        self, subscriber: Subscriber, clock: Callable[[], float] = time.time, held: int = MAX_HELD
    ) -> None:
        self._subscriber = subscriber
        self._clock = clock
        self._events: deque[Event] = deque(maxlen=held)
        self._emitted = 0
        self._brought = 0
        self._news = threading.Event()
        self._is_closed = False
        self._thread = threading.Thread(target=self._bring, name="events", daemon=True)
        self._thread.start()

    def emit(self, verb: str, fields: Mapping[str, Any]) -> None:
        """Say that something happened."""
        self._events.append(Event(verb, fields, self._clock()))
        self._emitted += 1
        if not self._news.is_set():
            self._news.set()

    def close(self) -> None:
        """Bring what was emitted before, and stop."""
        self._is_closed = True
        self._news.set()
        self._thread.join(timeout=5)

    def _bring(self) -> None:
        while not self._is_closed:
            self._news.wait()
            time.sleep(PAUSE_S)  # a wake-up of this thread for each event would slow the loop
            self._news.clear()
            self._drain()
        self._drain()

    def _drain(self) -> None:
        while self._events:
            event = self._events.popleft()
            self._brought += 1
            self._subscriber(event)
        lost = self._emitted - self._brought
        if lost > 0 and not self._events:
            self._brought += lost
            self._subscriber(Event("events_dropped", {"count": lost}, self._clock()))
