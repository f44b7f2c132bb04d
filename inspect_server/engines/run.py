"""One request on one engine process, as the server sees it: messages in order, then an end."""

from __future__ import annotations

import asyncio
from collections import deque
from dataclasses import dataclass
from typing import Protocol

from swath.errors import Cancelled, DeadlineExceeded, SwathError


@dataclass(frozen=True, slots=True)
class Task:
    """What an engine process is asked to do."""

    method: str
    """Name of the rpc."""
    request: bytes
    deadline_s: float
    """On the monotonic clock."""


class Slots(Protocol):
    """Where the pieces of a run's messages are, and whom to tell that one was read."""

    @property
    def count(self) -> int:
        """Pieces that may wait to be read."""
        ...

    def take(self, slot: int, length: int) -> bytes:
        """A copy of a piece, whose slot may then be written again."""
        ...

    def stop(self, run: Run) -> None:
        """Ask the process to stop working on a run."""
        ...

    def finished(self, run: Run) -> None:
        """The run has ended and holds no slot."""
        ...


class Run:
    """Messages of one request, pulled by its handler; `close` it in every case.

    The pieces stay in shared memory until they are asked for, so a client that reads slowly makes
    the process wait instead of filling the server's memory.
    """

    def __init__(self, number: int, task: Task, slots: Slots) -> None:
        self.number = number
        self.task = task
        self.stopped_at_s: float | None = None
        """When the process was asked to stop; None while it is wanted."""
        self.has_ended = False
        """Whether the process is done with the request."""
        self.unread_since_s: float | None = None
        """Since when a piece has been waiting for its reader; None: none is."""
        self._slots = slots
        self._parts: deque[tuple[int, int, bool]] = deque()
        self._error: SwathError | None = None
        self._loop = asyncio.get_running_loop()
        self._waiter: asyncio.Future[None] | None = None
        self._timer = self._loop.call_at(task.deadline_s, self._expire)

    def __aiter__(self) -> Run:
        return self

    async def __anext__(self) -> bytes:
        """The next message.

        Raises:
            SwathError: what the computation raised, or what became of its process.
        """
        first, has_more = await self._next_part()
        if not has_more:
            return first
        parts = [first]
        while has_more:
            part, has_more = await self._next_part()
            parts.append(part)
        return b"".join(parts)

    async def _next_part(self) -> tuple[bytes, bool]:
        while not self._parts:
            if self._error is not None:
                raise self._error
            if self.has_ended:
                raise StopAsyncIteration
            self._waiter = self._loop.create_future()
            await self._waiter
        slot, length, has_more = self._parts.popleft()
        part = self._slots.take(slot, length)
        self.unread_since_s = self._loop.time() if self._parts else None
        self._settle()
        return part, has_more

    def close(self) -> None:
        """Give up what is left; the process stops if it still works on it."""
        if not self.has_ended:
            self.stop(Cancelled("The caller cancelled the request."))
        while self._parts:
            slot, _, _ = self._parts.popleft()
            self._slots.take(slot, 0)
        self._settle()

    def stop(self, error: SwathError) -> None:
        """Ask the process to stop; whoever still waits for a message gets `error`."""
        if self.stopped_at_s is None:
            self.stopped_at_s = self._loop.time()
            self._error = self._error or error
            self._slots.stop(self)
            self._wake()

    def part(self, slot: int, length: int, has_more: bool) -> None:
        """The process filled a slot."""
        if self.stopped_at_s is not None:
            self._slots.take(slot, 0)
            return
        self._parts.append((slot, length, has_more))
        if self.unread_since_s is None:
            self.unread_since_s = self._loop.time()
        self._wake()

    def waits_for_reader(self, since_s: float) -> bool:
        """Whether the process has had nothing to do since then but to keep what is unread."""
        if self.unread_since_s is None or self.unread_since_s > since_s:
            return False
        return self.has_ended or len(self._parts) >= self._slots.count

    def end(self, error: SwathError | None = None) -> None:
        """The process is done with the request, or gone (then there are no more slots to read)."""
        self.has_ended = True
        self._error = self._error or error
        self._timer.cancel()
        self._wake()
        self._settle()

    def abandon(self, error: SwathError) -> None:
        """The process is gone, and the slots with it."""
        self._parts.clear()
        self.end(error)

    def _expire(self) -> None:
        self.stop(DeadlineExceeded("The time allowed ran out before the result was complete."))

    def _settle(self) -> None:
        if self.has_ended and not self._parts:
            self._slots.finished(self)

    def _wake(self) -> None:
        if self._waiter is not None and not self._waiter.done():
            self._waiter.set_result(None)
