"""A worker in a process of its own: signals, stops, and deaths of the whole."""

from __future__ import annotations

import asyncio
import json
import os
import signal
import sys
from collections.abc import Awaitable, Callable
from pathlib import Path
from typing import Any

import psutil
import pytest

from job_server.worker.scratch import open_scratch
from tests.unit.job_server.worker.scripted import ScriptedServer, ScriptedService

PROGRAM = "tests.unit.job_server.worker.rehearsed_worker"
ROOT = Path(__file__).resolve().parents[4]


class Stage:
    """A worker's process, and the server that it works for."""

    def __init__(self, server: ScriptedServer, process: Any, scratch: Path) -> None:
        self.server, self.service = server, server.service
        self.heard = server.service.heard
        self.process = process
        self.scratch = scratch

    async def said(self, verb: str) -> dict[str, Any]:
        """The next event of that verb; those before it are dropped."""
        async with asyncio.timeout(20):
            while line := await self.process.stdout.readline():
                event: dict[str, Any] = json.loads(line)
                if event["verb"] == verb:
                    return event
        raise AssertionError(f"the worker ended without {verb}")

    async def status(self) -> int:
        """Its exit status, when it has ended."""
        async with asyncio.timeout(20):
            await self.process.stdout.read()
            return await self.process.wait()

    def children(self) -> list[psutil.Process]:
        """Its child processes."""
        return psutil.Process(self.process.pid).children()


Scene = Callable[[Stage], Awaitable[None]]


@pytest.fixture
def play(tmp_path):
    """Plays a scene with a fresh worker process; ends it, and proves that no child is left."""

    def play(scene: Scene, drain_s: float = 30.0) -> None:
        asyncio.run(_play(scene, tmp_path, drain_s))

    return play


async def _play(scene: Scene, folder: Path, drain_s: float) -> None:
    server = ScriptedServer(ScriptedService(), f"unix:{folder}/workers.sock")
    await server.open()
    process = await asyncio.create_subprocess_exec(
        sys.executable,
        "-m",
        PROGRAM,
        server.address,
        str(folder / "scratch"),
        str(drain_s),
        stdout=asyncio.subprocess.PIPE,
        cwd=ROOT,
    )
    stage = Stage(server, process, folder / "scratch")
    children: list[psutil.Process] = []
    try:
        await stage.said("ready")
        children = stage.children()
        await scene(stage)
    finally:
        if process.returncode is None:
            os.kill(process.pid, signal.SIGKILL)
            await stage.status()
        await server.close()
    _, alive = psutil.wait_procs(children, timeout=10)
    assert not alive


def test_a_terminated_worker_ends_well_and_leaves_no_scratch(play):
    async def scene(stage):
        stage.process.send_signal(signal.SIGTERM)
        assert await stage.status() == 0
        assert not list(stage.scratch.glob("swath-worker-*"))

    play(scene)


def test_a_terminated_worker_gives_its_job_back(play):
    async def scene(stage):
        task = stage.service.add("work")
        await stage.heard.wait("Pin")
        stage.process.send_signal(signal.SIGTERM)
        assert (await stage.heard.wait("Release")).lease == task.lease
        assert await stage.status() == 0
        assert not stage.heard.of("Fail")

    play(scene, drain_s=0.2)


def test_a_second_signal_ends_it_at_once(play):
    async def scene(stage):
        stage.service.add("hold_the_interpreter")
        await stage.heard.wait("Pin")
        stage.process.send_signal(signal.SIGTERM)
        await asyncio.sleep(0.1)  # two that come together are one
        stage.process.send_signal(signal.SIGTERM)
        await stage.heard.wait("Release")
        assert await stage.status() == 130

    play(scene)


def test_a_worker_that_slept_past_its_lease_commits_nothing(play):
    async def scene(stage):
        task = stage.service.add("work", lease_s=0.8)
        await stage.heard.wait("Heartbeat")
        stage.process.send_signal(signal.SIGSTOP)
        await asyncio.sleep(1.0)  # the lease ends
        stage.service.hand_on(task)
        stage.process.send_signal(signal.SIGCONT)
        await stage.said("lease_lost")
        assert not stage.service.heard.of("Commit") and not stage.service.heard.of("Fail")
        stage.service.add("scalar")
        await stage.heard.wait("Commit")

    play(scene)


def test_a_commit_from_before_a_sleep_is_refused_after_it(play):
    async def scene(stage):
        async def sleep() -> None:
            stage.service.on.clear()
            stage.process.send_signal(signal.SIGSTOP)
            await asyncio.sleep(1.0)
            stage.service.hand_on(task)
            stage.process.send_signal(signal.SIGCONT)

        stage.service.on["Commit"] = sleep
        task = stage.service.add("scalar", lease_s=0.8)
        await stage.said("lease_lost")
        assert len(stage.heard.of("Commit")) == 1
        assert not stage.heard.of("Fail")

    play(scene)


@pytest.mark.parametrize("act", ["work", "hold_the_interpreter"])
def test_children_die_with_a_worker_that_is_killed(play, act):
    async def scene(stage):
        stage.service.add(act)
        await stage.heard.wait("Pin")
        os.kill(stage.process.pid, signal.SIGKILL)
        assert await stage.status() == -signal.SIGKILL

    play(scene)


def test_the_scratch_of_a_killed_worker_is_swept_by_the_next(play):
    async def scene(stage):
        os.kill(stage.process.pid, signal.SIGKILL)
        await stage.status()
        left = list(stage.scratch.glob("swath-worker-*"))
        assert len(left) == 1
        following = open_scratch(stage.scratch, "next")
        assert list(stage.scratch.glob("swath-worker-*")) == [following.folder]
        following.close()

    play(scene)


def test_children_run_at_the_lowest_priority_and_are_the_first_to_go(play):
    async def scene(stage):
        stage.service.add("pid")
        pid = int((await stage.heard.wait("Commit")).data)
        assert os.sched_getscheduler(pid) == os.SCHED_IDLE
        assert os.getpriority(os.PRIO_PROCESS, pid) == 19
        assert int(Path(f"/proc/{pid}/oom_score_adj").read_text()) >= 800

    play(scene)
