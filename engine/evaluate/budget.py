"""What a request may use: time, and whether its caller still wants the answer."""

from __future__ import annotations

import time
from collections.abc import Callable
from dataclasses import dataclass

from swath.errors import Cancelled, DeadlineExceeded


def _wanted() -> bool:
    return False


@dataclass(frozen=True, slots=True)
class Budget:
    """Deadline, cancel signal and memory of one request; checked between blocks of work."""

    deadline_s: float | None = None
    """On the clock of `now`; absent: no deadline."""
    is_cancelled: Callable[[], bool] = _wanted
    """Asked often, so it must cost about a microsecond."""
    memory_bytes: int = 512 * 1024 * 1024
    """Most bytes of pixels that the execution may hold at once."""
    now: Callable[[], float] = time.monotonic

    def check(self) -> None:
        """Return if work may go on.

        Raises:
            Cancelled: the caller gave up. DeadlineExceeded: the time is over.
        """
        if self.is_cancelled():
            raise Cancelled("The caller cancelled the request.")
        if self.deadline_s is not None and self.now() >= self.deadline_s:
            raise DeadlineExceeded("The time allowed ran out before the result was complete.")
