"""Equal requests in progress are computed once; whoever leaves takes nobody along."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator, Awaitable, Callable
from contextlib import aclosing, asynccontextmanager
from typing import Any

import pytest

from inspect_server.engines import Lane, Task
from inspect_server.share import LARGEST_BYTES, Share
from swath.errors import DeadlineExceeded, InvalidGraph


class Work:
    """Computations that end when they are let go; counts how many were started."""

    def __init__(self, *messages: bytes, error: Exception | None = None) -> None:
        self.started = 0
        self.go = asyncio.Event()
        self._messages, self._error = messages, error

    @asynccontextmanager
    async def start(self, _task: Task, _lane: Lane) -> AsyncIterator[Any]:
        """One computation."""
        self.started += 1
        yield self._run()

    async def _run(self) -> AsyncIterator[bytes]:
        await self.go.wait()
        if self._error is not None:
            raise self._error
        for message in self._messages:
            yield message


def task(request: bytes = b"question", seconds: float = 60.0) -> Task:
    """A request."""
    return Task("Inspect", request, asyncio.get_running_loop().time() + seconds)


async def ask(share: Share, work: Work, asked: Task) -> list[bytes]:
    """All messages of an answer."""
    async with aclosing(share.answer(asked, Lane.PIXELS, work.start)) as messages:
        return [message async for message in messages]


async def both_waiting(*waiting: Awaitable[Any]) -> list[asyncio.Task[Any]]:
    """Tasks of all, each far enough to wait."""
    tasks = [asyncio.ensure_future(w) for w in waiting]
    for _ in range(5):
        await asyncio.sleep(0)
    return tasks


def run(scenario: Callable[[], Awaitable[None]]) -> None:
    """Run a scenario in an event loop of its own."""
    asyncio.run(asyncio.wait_for(_awaited(scenario), 10))


async def _awaited(scenario: Callable[[], Awaitable[None]]) -> None:
    await scenario()


def test_equal_requests_in_progress_are_computed_once() -> None:
    async def scenario() -> None:
        share, work = Share(), Work(b"1", b"2")
        waiting = await both_waiting(*(ask(share, work, task()) for _ in range(3)))
        work.go.set()
        assert await asyncio.gather(*waiting) == [[b"1", b"2"]] * 3
        assert work.started == 1

    run(scenario)


def test_different_requests_are_computed_apart() -> None:
    async def scenario() -> None:
        share, work = Share(), Work(b"1")
        work.go.set()
        await asyncio.gather(ask(share, work, task(b"a")), ask(share, work, task(b"b")))
        assert work.started == 2

    run(scenario)


def test_an_answer_is_not_shared_after_its_end() -> None:
    async def scenario() -> None:
        share, work = Share(), Work(b"1")
        work.go.set()
        await ask(share, work, task())
        await ask(share, work, task())
        assert work.started == 2

    run(scenario)


def test_whoever_asked_first_may_leave() -> None:
    async def scenario() -> None:
        share, work = Share(), Work(b"1")
        first, second = await both_waiting(ask(share, work, task()), ask(share, work, task()))
        first.cancel()
        work.go.set()
        assert await second == [b"1"]

    run(scenario)


def test_whoever_joined_may_leave() -> None:
    async def scenario() -> None:
        share, work = Share(), Work(b"1")
        first, second = await both_waiting(ask(share, work, task()), ask(share, work, task()))
        second.cancel()
        work.go.set()
        assert await first == [b"1"]

    run(scenario)


def test_an_error_is_everybodys() -> None:
    async def scenario() -> None:
        share, work = Share(), Work(error=InvalidGraph("no"))
        waiting = await both_waiting(ask(share, work, task()), ask(share, work, task()))
        work.go.set()
        found = await asyncio.gather(*waiting, return_exceptions=True)
        assert [type(f) for f in found] == [InvalidGraph, InvalidGraph]
        assert work.started == 1

    run(scenario)


def test_the_deadline_of_whoever_asked_first_is_its_own() -> None:
    async def scenario() -> None:
        share, late = Share(), Work(error=DeadlineExceeded("over"))
        own = Work(b"1")
        own.go.set()
        first, second = await both_waiting(ask(share, late, task()), ask(share, own, task()))
        late.go.set()
        with pytest.raises(DeadlineExceeded):
            await first
        assert await second == [b"1"]

    run(scenario)


def test_whoever_joined_keeps_its_own_deadline() -> None:
    async def scenario() -> None:
        share, work = Share(), Work(b"1")
        first, second = await both_waiting(
            ask(share, work, task()), ask(share, work, task(seconds=0.02))
        )
        with pytest.raises(DeadlineExceeded):
            await second
        work.go.set()
        assert await first == [b"1"]

    run(scenario)


def test_a_large_answer_is_streamed_and_not_shared() -> None:
    async def scenario() -> None:
        share, work = Share(), Work(bytes(LARGEST_BYTES), b"1", b"2")
        waiting = await both_waiting(ask(share, work, task()), ask(share, work, task()))
        work.go.set()
        sizes = [[len(m) for m in answer] for answer in await asyncio.gather(*waiting)]
        assert sizes == [[LARGEST_BYTES, 1, 1]] * 2
        assert work.started == 2

    run(scenario)
