"""One who waits for a job is woken for each that is ready, and no wake-up is lost."""

from __future__ import annotations

import asyncio
from collections.abc import Awaitable, Callable

import pytest

from job_server.queue.claims import Claims
from swath.errors import Unavailable

LONG_S = 30.0


def run(scenario: Callable[[], Awaitable[None]]) -> None:
    """Run a scenario in an event loop of its own."""

    async def awaited() -> None:
        async with asyncio.timeout(10):
            await scenario()

    asyncio.run(awaited())


async def settle() -> None:
    """Let every task go as far as it can."""
    for _ in range(20):
        await asyncio.sleep(0)


class Jobs:
    """Jobs that are ready, and those who wait for them."""

    def __init__(self, *ready: str) -> None:
        self.ready = list(ready)
        self.tries = 0
        self.claims = Claims()

    async def attempt(self) -> str | None:
        """A job; None: there is none now."""
        self.tries += 1
        return self.ready.pop(0) if self.ready else None

    def worker(self, wait_s: float = LONG_S) -> asyncio.Task[str | None]:
        """One who waits."""
        return asyncio.create_task(self.claims.first(self.attempt, wait_s))

    def add(self, job: str) -> None:
        """A job becomes ready."""
        self.ready.append(job)
        self.claims.ring()


def test_a_job_that_is_ready_is_taken_at_once() -> None:
    async def scenario() -> None:
        jobs = Jobs("a")
        assert await jobs.worker() == "a"
        assert jobs.claims.waiting == 0

    run(scenario)


def test_who_waits_in_vain_gets_nothing_in_the_end() -> None:
    async def scenario() -> None:
        jobs = Jobs()
        assert await jobs.worker(wait_s=0.01) is None
        assert (jobs.tries, jobs.claims.waiting) == (1, 0)

    run(scenario)


def test_a_new_job_wakes_the_one_who_has_waited_longest() -> None:
    async def scenario() -> None:
        jobs = Jobs()
        first, second = jobs.worker(), jobs.worker()
        await settle()
        jobs.add("a")
        assert await first == "a"
        await settle()
        assert not second.done()
        second.cancel()

    run(scenario)


def test_a_new_job_does_not_wake_all() -> None:
    async def scenario() -> None:
        jobs = Jobs()
        workers = [jobs.worker() for _ in range(50)]
        await settle()
        jobs.add("a")
        await settle()
        assert jobs.tries == 50 + 1 + 1  # at the start; the one woken; the one it woke
        for worker in workers:
            worker.cancel()

    run(scenario)


def test_one_ring_for_many_jobs_wakes_as_many_as_there_are() -> None:
    async def scenario() -> None:
        jobs = Jobs()
        workers = [jobs.worker() for _ in range(5)]
        await settle()
        jobs.ready += ["a", "b", "c"]
        jobs.claims.ring()
        await settle()
        assert [w.result() for w in workers if w.done()] == ["a", "b", "c"]
        for worker in workers:
            worker.cancel()

    run(scenario)


def test_a_job_that_comes_while_one_tries_makes_it_try_again() -> None:
    async def scenario() -> None:
        jobs = Jobs()

        async def slow() -> str | None:
            found = await jobs.attempt()
            if jobs.tries == 1:
                jobs.add("a")  # after the look, before its answer
            return found

        assert await jobs.claims.first(slow, LONG_S) == "a"

    run(scenario)


def test_who_is_cancelled_when_woken_hands_the_wake_up_on() -> None:
    async def scenario() -> None:
        jobs = Jobs()
        first, second = jobs.worker(), jobs.worker()
        await settle()
        jobs.add("a")
        first.cancel()
        assert await second == "a"

    run(scenario)


def test_who_is_cancelled_while_it_tries_hands_the_wake_up_on() -> None:
    async def scenario() -> None:
        jobs, trying = Jobs(), asyncio.Event()

        async def hangs() -> str | None:
            if jobs.ready:
                trying.set()
                await asyncio.Event().wait()
            return None

        first = asyncio.create_task(jobs.claims.first(hangs, LONG_S))
        await settle()
        second = jobs.worker()
        await settle()
        jobs.add("a")
        await trying.wait()
        first.cancel()
        assert await second == "a"

    run(scenario)


def test_who_fails_hands_the_wake_up_on() -> None:
    async def scenario() -> None:
        jobs = Jobs()

        async def fails() -> str | None:
            if jobs.ready:
                raise Unavailable("The database does not answer.")
            return None

        first = asyncio.create_task(jobs.claims.first(fails, LONG_S))
        await settle()
        second = jobs.worker()
        await settle()
        jobs.add("a")
        with pytest.raises(Unavailable):
            await first
        assert await second == "a"

    run(scenario)


def test_a_ring_that_nobody_hears_does_no_harm() -> None:
    async def scenario() -> None:
        jobs = Jobs()
        jobs.claims.ring()
        assert await jobs.worker(wait_s=0.01) is None

    run(scenario)
