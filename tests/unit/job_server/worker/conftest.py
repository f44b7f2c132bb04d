"""A real worker with real children, on a scripted job server."""

from __future__ import annotations

import asyncio
import random
from collections.abc import Awaitable, Callable
from pathlib import Path
from typing import Any

import pytest

from job_server.worker.attempt import AttemptConfig
from job_server.worker.calls import Calls
from job_server.worker.crew import CrewConfig
from job_server.worker.parent import ParentConfig, Worker
from job_server.worker.process import ChildSpec
from job_server.worker.scratch import open_scratch
from swath.worker.v1 import worker_pb2 as pb
from tests.unit.job_server.worker.scripted import SECRET, ScriptedServer, ScriptedService

FACTORY = "tests.unit.job_server.worker.rehearsal:factory"


class Stage:
    """A running worker, its server, and what it said."""

    def __init__(self, server: ScriptedServer, worker: Worker, scratch: Path) -> None:
        self.server = server
        self.service = server.service
        self.heard = server.service.heard
        self.worker = worker
        self.scratch = scratch
        self.events: list[tuple[str, dict[str, Any]]] = []

    def said(self, verb: str) -> list[dict[str, Any]]:
        """The events of that verb."""
        return [fields for name, fields in self.events if name == verb]

    async def until(self, holds: Callable[[], Any], limit_s: float = 20) -> None:
        """Return when a condition holds; fail when it does not in time."""
        async with asyncio.timeout(limit_s):
            while not holds():
                await asyncio.sleep(0.01)

    async def pid(self) -> int:
        """Process of the child that takes the next job, which nobody cancels."""
        self.service.directive = pb.HeartbeatResponse.DIRECTIVE_CONTINUE
        task = self.service.add("pid", lease_s=60.0)  # a child may be long in starting
        await self.until(lambda: [c for c in self.heard.of("Commit") if c.lease == task.lease])
        return int(self.heard.of("Commit")[-1].data)


Scene = Callable[[Stage], Awaitable[None]]


@pytest.fixture
def play(tmp_path):
    """Plays a scene with a fresh worker, stops it, and proves that it leaves nothing behind."""

    def play(scene: Scene, spec: dict | None = None, secret: str = SECRET, **times: Any) -> None:
        asyncio.run(_play(scene, tmp_path, spec or {}, secret, times))

    return play


async def _play(scene: Scene, folder: Path, spec: dict, secret: str, times: dict) -> None:
    server = ScriptedServer(ScriptedService(), f"unix:{folder}/workers.sock")
    await server.open()
    rng = random.Random(3)
    drain_s = times.pop("drain_s", 5.0)
    attempt = {"watch_every_s": 0.02, "stop_grace_s": 0.5, "release_s": 1.0} | times
    config = ParentConfig(
        wait_s=5.0, drain_s=drain_s, attempt=AttemptConfig(**attempt), crew=CrewConfig()
    )
    clock, storage_wait_s = asyncio.get_running_loop().time, config.attempt.storage_wait_s
    calls = Calls(server.address, secret, "worker-1", rng, clock, storage_wait_s)
    scratch = open_scratch(folder / "scratch", "test")
    events: list[tuple[str, dict[str, Any]]] = []
    worker = Worker(
        calls,
        ChildSpec(FACTORY, **({"memory_bytes": 300 << 20} | spec)),
        config,
        scratch,
        lambda verb, fields: events.append((verb, dict(fields))),
        rng,
    )
    stage = Stage(server, worker, folder / "scratch")
    stage.events = events
    working: asyncio.Task[None] | None = None
    try:
        await worker.start()
        working = asyncio.ensure_future(worker.work())
        acting = asyncio.ensure_future(scene(stage))
        await asyncio.wait((working, acting), return_when=asyncio.FIRST_COMPLETED)
        if not acting.done() and working.done():
            working.result()
        await acting
    finally:
        worker.abort()
        if working is not None:
            async with asyncio.timeout(15):
                await asyncio.wait((working,))
        await worker.close()
        await server.close()
    working.result()
    assert not list(stage.scratch.glob("swath-worker-*"))
