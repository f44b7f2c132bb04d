"""The server's one clock: microseconds since 1970 UTC that never jump.

It is read off the wall once, at the start, and goes on by the monotonic clock. When the wall is
set forward or back, no lease ends early, no result goes early and no retry waits for an hour. What
the wall gained is taken over at the next start; what it lost is not: a server begins no earlier
than the last change of its jobs, or those that were ready would wait until the wall is there again.
"""

from __future__ import annotations

import time
from collections.abc import Callable


class Clock:
    """Time of one server process; any thread may ask."""

    def __init__(
        self,
        wall_ns: Callable[[], int] = time.time_ns,
        monotonic_ns: Callable[[], int] = time.monotonic_ns,
    ) -> None:
        self._monotonic_ns = monotonic_ns
        self._offset_ns = wall_ns() - monotonic_ns()

    def advance(self, to_us: int) -> int:
        """Be at that time at least; how far it was behind it, in µs."""
        behind_us = max(0, to_us - self.now_us())
        self._offset_ns += behind_us * 1000
        return behind_us

    def now_us(self) -> int:
        """Now; never less than it was before."""
        return (self._offset_ns + self._monotonic_ns()) // 1000
