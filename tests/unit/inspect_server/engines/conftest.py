"""A pool of real engine processes that run the computations of `rehearsal.py`."""

from __future__ import annotations

import asyncio
import time
from collections.abc import Awaitable, Callable
from typing import Any

import psutil
import pytest

from inspect_server.engines import CrewConfig, EngineSpec, Lane, Pool, QueueConfig, Task


class Stage:
    """A running pool, and what it said."""

    def __init__(self, pool: Pool, events: list[tuple[str, dict[str, Any]]]) -> None:
        self.pool = pool
        self.events = events

    async def ask(
        self, method: str, request: bytes = b"", lane: Lane = Lane.PIXELS, timeout_s: float = 20
    ) -> list[bytes]:
        """All messages of one request."""
        async with self.run(method, request, lane, timeout_s) as run:
            return [message async for message in run]

    def run(
        self, method: str, request: bytes = b"", lane: Lane = Lane.PIXELS, timeout_s: float = 20
    ):
        """The run of one request, as a context manager."""
        return self.pool.run(Task(method, request, time.monotonic() + timeout_s), lane)

    def pids(self) -> set[int]:
        """Processes that the pool counts on."""
        return {engine.pid for _, engine in self.pool.engines()}

    async def until(self, holds: Callable[[], bool], limit_s: float = 15) -> None:
        """Return when a condition holds; fail when it does not in time."""
        async with asyncio.timeout(limit_s):
            while not holds():
                await asyncio.sleep(0.02)


Scene = Callable[[Stage], Awaitable[None]]


@pytest.fixture
def play():
    """Runs a coroutine on a fresh pool, and proves that the pool leaves no process behind."""

    def play(
        scene: Scene, spec: dict | None = None, queue: QueueConfig | None = None, **crew: Any
    ) -> None:
        asyncio.run(_play(scene, spec or {}, queue or QueueConfig(), crew))

    return play


async def _play(scene: Scene, spec: dict, queue: QueueConfig, crew: dict) -> None:
    events: list[tuple[str, dict[str, Any]]] = []
    sizes = {"pixel_engines": 1, "spare_engines": 0, "watch_every_s": 0.05, "stop_grace_s": 0.3}
    pool = Pool(
        EngineSpec("tests.unit.inspect_server.engines.rehearsal:factory", **spec),
        CrewConfig(**(sizes | crew)),
        queue,
        lambda name, fields: events.append((name, fields)),
    )
    await pool.start()
    stage = Stage(pool, events)
    pids = stage.pids()
    try:
        await scene(stage)
        pids |= stage.pids()
    finally:
        await pool.close()
    assert not [pid for pid in pids if lives(pid)]


def lives(pid: int) -> bool:
    """Whether a process runs. Those whose parent was killed are buried by the system, in time."""
    try:
        return psutil.Process(pid).status() != psutil.STATUS_ZOMBIE
    except psutil.NoSuchProcess:
        return False
