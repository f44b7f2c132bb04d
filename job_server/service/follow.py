"""Who follows which job, and what they are told. All of it belongs to the event loop.

A follower has the newest state only: one that reads slowly costs no memory, and misses states in
between. Following costs neither a thread nor a task.
"""

from __future__ import annotations

import asyncio
from collections.abc import Iterator
from contextlib import contextmanager

from job_server.store.record import JobRecord
from swath.errors import Unavailable


class Follower:
    """Waits for changes of one job."""

    __slots__ = ("_newest", "_news", "is_closed")

    def __init__(self) -> None:
        self.is_closed = False
        self._news = asyncio.Event()
        self._newest: JobRecord | None = None

    def tell(self, job: JobRecord) -> None:
        """The job has changed; what is older than what is known is passed over."""
        if self._newest is None or job.revision > self._newest.revision:
            self._newest = job
            self._news.set()

    def close(self) -> None:
        """The server stops."""
        self.is_closed = True
        self._news.set()

    async def newer(self, revision: int, until_s: float) -> JobRecord | None:
        """The job after that revision; None: nothing changed until then (on the loop's clock).

        Raises:
            Unavailable: the server stops.
        """
        try:
            async with asyncio.timeout_at(until_s):
                return await self._wait(revision)
        except TimeoutError:
            return None

    async def _wait(self, revision: int) -> JobRecord:
        while True:
            if self.is_closed:
                raise Unavailable("The server stops: follow the job again.")
            if self._newest is not None and self._newest.revision > revision:
                return self._newest
            self._news.clear()
            await self._news.wait()


class Followers:
    """Everyone who follows a job."""

    def __init__(self) -> None:
        self._of: dict[str, set[Follower]] = {}
        self._is_closed = False
        self.count = 0

    @contextmanager
    def follow(self, job: str) -> Iterator[Follower]:
        """A follower of a job; enter this before reading the job, so that no change is missed."""
        follower = Follower()
        follower.is_closed = self._is_closed
        self._of.setdefault(job, set()).add(follower)
        self.count += 1
        try:
            yield follower
        finally:
            self.count -= 1
            left = self._of[job]
            left.discard(follower)
            if not left:
                del self._of[job]

    def tell(self, job: JobRecord) -> None:
        """A job has changed."""
        for follower in self._of.get(job.id, ()):
            follower.tell(job)

    def close(self) -> None:
        """The server stops: everyone is told, for good."""
        self._is_closed = True
        for followers in self._of.values():
            for follower in followers:
                follower.close()
