"""Claims that wait for a job, in the order in which they came. All of it belongs to the event loop.

One waiting claim is woken for each job that becomes ready, not all of them. A claim takes its place
in the line before it looks into the store, so that a job that is queued while it looks wakes it.
"""

from __future__ import annotations

import asyncio
from collections.abc import Callable, Iterator
from contextlib import contextmanager


class Turn:
    """A place in the line."""

    __slots__ = ("_news", "line")

    def __init__(self, line: dict[Turn, None]) -> None:
        self.line = line
        self._news = asyncio.Event()

    def wake(self) -> None:
        """There may be a job."""
        self._news.set()

    def take_place(self) -> None:
        """Stand in line; one who stands already keeps the place."""
        self._news.clear()
        self.line.setdefault(self)

    @property
    def was_woken(self) -> bool:
        """Whether there was a call since it took its place."""
        return self._news.is_set()

    async def woken(self, until_s: float) -> bool:
        """Wait for a call; False: none came until then (on the loop's clock)."""
        try:
            async with asyncio.timeout_at(until_s):
                await self._news.wait()
        except TimeoutError:
            return self._news.is_set()
        return True


class Turns:
    """The line, and the time at which the next job that waits for one becomes ready."""

    def __init__(self, now_us: Callable[[], int]) -> None:
        self._now_us = now_us
        self._line: dict[Turn, None] = {}
        self._alarm: asyncio.TimerHandle | None = None
        self._alarm_us = 0
        self._is_closed = False

    @property
    def waiting(self) -> int:
        """Number of claims that wait."""
        return len(self._line)

    @property
    def is_closed(self) -> bool:
        """Whether no job is handed out any more."""
        return self._is_closed

    @contextmanager
    def turn(self) -> Iterator[Turn]:
        """A turn for one claim. A call that it got and did not use goes to the next in line."""
        turn = Turn(self._line)
        turn.take_place()
        try:
            yield turn
        finally:
            self._line.pop(turn, None)
            if turn.was_woken:
                self.wake()

    def wake(self, count: int = 1) -> None:
        """Wake that many who wait longest."""
        for _ in range(min(count, len(self._line))):
            turn = next(iter(self._line))
            del self._line[turn]
            turn.wake()

    def ready_at(self, run_at_us: int) -> None:
        """A job becomes ready then: wake one. Only the earliest such time is kept."""
        now_us = self._now_us()
        if run_at_us <= now_us:
            self.wake()
        elif self._alarm is None or run_at_us < self._alarm_us:
            self._cancel()
            self._alarm_us = run_at_us
            wait_s = (run_at_us - now_us) / 1e6
            self._alarm = asyncio.get_running_loop().call_later(wait_s, self._ring)

    def close(self) -> None:
        """Wake everyone, for good."""
        self._is_closed = True
        self._cancel()
        self.wake(len(self._line))

    def _ring(self) -> None:
        self._alarm = None
        self.wake()

    def _cancel(self) -> None:
        if self._alarm is not None:
            self._alarm.cancel()
            self._alarm = None
