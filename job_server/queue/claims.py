"""Workers that wait for a job: one is woken for each that becomes ready, not all of them."""

from __future__ import annotations

import asyncio
from collections.abc import Awaitable, Callable
from typing import TypeVar

_T = TypeVar("_T")


class _Seat:
    """One who waits."""

    def __init__(self) -> None:
        self.rings = 0
        self.answered = 0
        self._bell = asyncio.Event()

    @property
    def is_rung(self) -> bool:
        """Whether it was woken since its last try began."""
        return self.rings > self.answered

    def ring(self) -> None:
        """Wake it."""
        self.rings += 1
        self._bell.set()

    async def rung(self, deadline_s: float) -> bool:
        """Wait to be woken; False: the time was over first."""
        try:
            async with asyncio.timeout_at(deadline_s):
                while not self.is_rung:
                    self._bell.clear()
                    await self._bell.wait()
        except TimeoutError:
            return False
        return True


class Claims:
    """Those who wait, the longest first. All methods belong to one event loop."""

    def __init__(self) -> None:
        self._seats: list[_Seat] = []

    @property
    def waiting(self) -> int:
        """How many wait or try."""
        return len(self._seats)

    def ring(self) -> None:
        """Wake the one who has waited longest; it tries, and where it finds a job wakes the next.

        One who tries just now tries once more.
        """
        for seat in self._seats:
            if not seat.is_rung:
                seat.ring()
                return

    async def first(self, attempt: Callable[[], Awaitable[_T | None]], wait_s: float) -> _T | None:
        """What `attempt` gives, tried at once and whenever woken; None: nothing in time.

        Whoever leaves, for whatever reason, hands a wake-up that it did not use to another. Raises
        what `attempt` raises.
        """
        deadline_s = asyncio.get_running_loop().time() + wait_s
        seat, found = _Seat(), None
        self._seats.append(seat)
        try:
            while True:
                rings = seat.rings
                found = await attempt()
                seat.answered = rings
                if found is not None or not await seat.rung(deadline_s):
                    return found
        finally:
            self._seats.remove(seat)
            if found is not None or seat.is_rung:
                self.ring()
