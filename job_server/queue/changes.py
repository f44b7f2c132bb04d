"""Changes of jobs, to those who watch them, users and workers: in one process, and bounded.

A watch holds one record, the newest, so a slow watcher costs nothing and skips what it was too
slow for. Steps are told at most four times a second, anything else at once.
"""

from __future__ import annotations

import asyncio
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from typing import Any, Protocol

from job_server.queue.claims import Claims
from job_server.store.record import JobRecord
from swath.job import Stage

QUIET_S = 0.25
"""Shortest time between two records that differ only in steps."""


class Timer(Protocol):
    """A call to come."""

    def cancel(self) -> None:
        """Do not make it."""
        ...


class Timers(Protocol):
    """Time, as an event loop has it."""

    def time(self) -> float:
        """Now, in seconds."""
        ...

    def call_later(self, delay: float, callback: Callable[[], object]) -> Timer:
        """Call it after so many seconds."""
        ...


class Watch:
    """The changes of one job, for one watcher."""

    def __init__(self, after_revision: int, timers: Timers) -> None:
        self._after_revision = after_revision
        self._timers = timers
        self._newest: JobRecord | None = None
        """Not given yet; absent: nothing is new."""
        self._given: JobRecord | None = None
        self._given_s = 0.0
        self._stirred = asyncio.Event()

    def offer(self, job: JobRecord) -> None:
        """A record of the job; those that are not newer than what is known are passed over.

        One that is done is taken also if it is the one that the watcher knew from the start.
        """
        is_first = self._newest is None and self._given is None
        if job.revision <= self.revision and not (is_first and job.is_done):
            return
        due_s = self._due_s()
        self._newest = job
        if due_s is None or self._due_s() != due_s:
            self._stirred.set()

    @property
    def revision(self) -> int:
        """The newest that is known here."""
        known = self._newest or self._given
        return known.revision if known is not None else self._after_revision

    async def next(self) -> JobRecord:
        """The newest record, once there is one that was not given yet.

        Whoever is cancelled in it misses nothing: the next call gives it.
        """
        while (newest := self._ready()) is None:
            self._stirred.clear()
            due_s = self._due_s()
            timer = None if due_s is None else self._stir_at(due_s)
            try:
                await self._stirred.wait()
            finally:
                if timer is not None:
                    timer.cancel()
        self._given, self._given_s, self._newest = newest, self._timers.time(), None
        return newest

    def _ready(self) -> JobRecord | None:
        due_s = self._due_s()
        return self._newest if due_s is not None and due_s <= self._timers.time() else None

    def _stir_at(self, due_s: float) -> Timer:
        return self._timers.call_later(due_s - self._timers.time(), self._stirred.set)

    def _due_s(self) -> float | None:
        """When the newest record may be given; absent: there is none."""
        if self._newest is None:
            return None
        if self._given is None or _but_steps(self._given) != _but_steps(self._newest):
            return 0.0
        return self._given_s + QUIET_S


def _but_steps(job: JobRecord) -> tuple[Any, ...]:
    """All that a watcher sees of a job, but its steps and its times of renewal."""
    return (
        job.stage,
        job.status,
        job.attempt,
        job.error,
        job.cancel_requested,
        job.run_at_us,
        job.expires_us,
        job.labels,
        job.result_bytes,
    )


class Changes:
    """Who watches which job, and who waits for one. All methods belong to one event loop."""

    def __init__(self, now_us: Callable[[], int], timers: Timers | None = None) -> None:
        """`now_us` is the server's clock; `timers` absent: those of the running loop."""
        self.claims = Claims()
        self._now_us = now_us
        self._timers: Timers = timers or asyncio.get_running_loop()
        self._watches: dict[str, list[Watch]] = {}
        self.watched = 0
        """How many watches of users are open."""

    def seen(self) -> dict[str, int]:
        """The jobs that are watched, each with the newest revision that every watcher knows."""
        return {job: min(w.revision for w in watches) for job, watches in self._watches.items()}

    def publish(self, job: JobRecord) -> None:
        """A job as it became durable: tell who watches it, and wake one who waits for a job.

        One is woken also where a job ended: its owner may have another one run now.
        """
        for watch in self._watches.get(job.id, ()):
            watch.offer(job)
        is_ready = job.stage is Stage.QUEUED and job.run_at_us <= self._now_us()
        if is_ready or job.is_done:
            self.claims.ring()

    @contextmanager
    def watch(self, job: str, after_revision: int = 0, *, is_users: bool = True) -> Iterator[Watch]:
        """The changes of a job, from now on.

        Read the job after this, and `offer` it: so no change is missed between the two.

        Args:
            after_revision: what the watcher has seen already; 0: nothing.
            is_users: whether a user watches, and not a worker: it counts as `watched`.
        """
        watch = Watch(after_revision, self._timers)
        watches = self._watches.setdefault(job, [])
        watches.append(watch)
        self.watched += is_users
        try:
            yield watch
        finally:
            self.watched -= is_users
            watches.remove(watch)
            if not watches:
                del self._watches[job]
