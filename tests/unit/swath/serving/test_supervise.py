"""The supervisor: real processes, started in order, started again, stopped in order."""

from __future__ import annotations

import asyncio
import contextlib
import errno
import os
import signal
import subprocess
import sys
import time
from collections.abc import Callable, Coroutine
from pathlib import Path
from typing import Any

import psutil
import pytest

from swath.serving.supervise import PartSpec, supervise

MODULE = "tests.unit.swath.serving.part"
WAIT_S = 30.0

Scene = Callable[["Stage"], Coroutine[Any, Any, None]]


class Stage:
    """What a supervisor says and tells, and the processes that it has."""

    def __init__(self, folder: Path) -> None:
        self.folder = folder
        self.said: asyncio.Queue[str] = asyncio.Queue()
        self.told: asyncio.Queue[tuple[str, Any]] = asyncio.Queue()

    def part(self, how: str, **options: Any) -> PartSpec:
        """A part that behaves so."""
        flags = (how, str(self.folder), *(("--port", "0") if options.get("port_flag") else ()))
        return PartSpec(how, MODULE, flags, **options)

    async def ready(self) -> str:
        """The next line that a part says."""
        return await asyncio.wait_for(self.said.get(), WAIT_S)

    def pids(self, how: str) -> list[int]:
        """Processes that were started for a part, also those that ended."""
        return [int(p.name.rpartition("-")[2]) for p in self.folder.glob(f"{how}-*[0-9]")]

    def left(self) -> list[str]:
        """Parts that were asked to stop and did, in that order."""
        path = self.folder / "left"
        return path.read_text().split() if path.exists() else []


def play(
    tmp_path: Path, first: list[str], rest: list[str], scene: Scene, **last: dict[str, Any]
) -> int:
    """Run a scene beside a supervisor; its exit status."""

    async def run() -> int:
        stage = Stage(tmp_path)
        parts = [stage.part(how, **last.get(how, {})) for how in first]
        others = [stage.part(how) for how in rest]
        running = asyncio.ensure_future(
            supervise(
                parts,
                others,
                stage.said.put_nowait,
                lambda verb, fields: stage.told.put_nowait((verb, fields)),
            )
        )
        await scene(stage)
        return await asyncio.wait_for(running, WAIT_S)

    return asyncio.run(run())


def interrupt() -> None:
    os.kill(os.getpid(), signal.SIGTERM)


def test_parts_start_one_after_the_other_and_stop_in_the_order_that_they_need(tmp_path):
    async def scene(stage: Stage) -> None:
        assert "one ready" in await stage.ready()
        assert "two ready" in await stage.ready()
        assert "three ready" in await stage.ready()
        interrupt()

    status = play(tmp_path, ["one", "two"], ["three"], scene, two={"stops_last": True})
    assert status == 0
    assert sorted(Stage(tmp_path).left()[:2]) == ["one", "three"]
    assert Stage(tmp_path).left()[2] == "two"


def test_a_part_that_is_killed_is_started_again_on_its_port(tmp_path):
    async def scene(stage: Stage) -> None:
        await stage.ready()
        (pid,) = stage.pids("one")
        os.kill(pid, signal.SIGKILL)
        assert await stage.ready() == "part: one ready on 127.0.0.1:4321"
        verb, fields = stage.told.get_nowait()
        assert (verb, fields["part"], fields["status"]) == ("part_lost", "one", -signal.SIGKILL)
        assert len(stage.pids("one")) == 2
        interrupt()

    assert play(tmp_path, ["one"], [], scene, one={"port_flag": "--port"}) == 0


def test_a_part_is_started_again_also_where_that_could_not_be_done_at_once(tmp_path, monkeypatch):
    start, refusals = asyncio.create_subprocess_exec, [OSError(errno.EAGAIN, "no more processes")]

    async def start_later(*words: Any, **options: Any) -> Any:
        if refusals:
            raise refusals.pop()
        return await start(*words, **options)

    async def scene(stage: Stage) -> None:
        await stage.ready()
        monkeypatch.setattr(asyncio, "create_subprocess_exec", start_later)
        os.kill(stage.pids("one")[0], signal.SIGKILL)
        await stage.ready()
        told = [stage.told.get_nowait()[0] for _ in range(stage.told.qsize())]
        assert told == ["part_lost", "part_not_started", "part_lost"]
        interrupt()

    assert play(tmp_path, ["one"], [], scene) == 0


def test_where_one_of_the_first_does_not_start_all_is_over(tmp_path):
    async def scene(stage: Stage) -> None:
        await stage.ready()

    assert play(tmp_path, ["one", "fails"], ["three"], scene) == 1
    assert Stage(tmp_path).left() == ["one"]
    assert Stage(tmp_path).pids("three") == []


def test_another_signal_hurries_those_that_stop(tmp_path):
    async def scene(stage: Stage) -> None:
        await stage.ready()
        interrupt()
        (pid,) = stage.pids("stubborn")
        asked = tmp_path / f"stubborn-{pid}.asked"
        await _until(asked.exists)
        asked.unlink()
        interrupt()
        await _until(asked.exists)
        os.kill(pid, signal.SIGKILL)

    assert play(tmp_path, ["stubborn"], [], scene) == 130


def test_parts_end_when_the_supervisor_is_killed(tmp_path):
    program = (
        "import asyncio, sys; from pathlib import Path;"
        "from swath.serving.supervise import PartSpec, supervise;"
        f"p = PartSpec('one', {MODULE!r}, ('one', {str(tmp_path)!r}));"
        "asyncio.run(supervise([p], [], lambda s: print(s, flush=True), lambda *_: None))"
    )
    with subprocess.Popen([sys.executable, "-c", program], stdout=subprocess.PIPE) as supervisor:
        assert supervisor.stdout is not None
        assert b"ready" in supervisor.stdout.readline()
        (pid,) = Stage(tmp_path).pids("one")
        part = psutil.Process(pid)
        supervisor.kill()
    with contextlib.suppress(psutil.NoSuchProcess):
        part.wait(WAIT_S)
    assert Stage(tmp_path).left() == ["one"]


def test_a_supervisor_whose_own_is_killed_stops_its_parts_and_soon_hurries_them(tmp_path):
    supervisor = (
        "import asyncio, os; from swath.serving.follow import follow_supervisor;"
        "from swath.serving.supervise import PartSpec, supervise;"
        f"p = PartSpec('stubborn', {MODULE!r}, ('stubborn', {str(tmp_path)!r}));"
        "follow_supervisor(os.environ);"
        "asyncio.run(supervise([p], [], lambda s: print(s, flush=True), lambda *_: None))"
    )
    program = (
        "import os, subprocess, sys; os.environ['SWATH_SUPERVISOR'] = str(os.getpid());"
        f"subprocess.run([sys.executable, '-c', {supervisor!r}])"
    )
    with subprocess.Popen([sys.executable, "-c", program], stdout=subprocess.PIPE) as above:
        assert above.stdout is not None
        assert b"ready" in above.stdout.readline()
        (pid,) = Stage(tmp_path).pids("stubborn")
        asked = tmp_path / f"stubborn-{pid}.asked"
        above.kill()
        try:
            for _ in range(2):
                asyncio.run(_until(asked.exists))
                asked.unlink()
        finally:
            os.kill(pid, signal.SIGKILL)


async def _until(holds: Callable[[], bool]) -> None:
    end = time.monotonic() + WAIT_S
    while not holds():
        assert time.monotonic() < end
        await asyncio.sleep(0.01)


@pytest.fixture(autouse=True)
def _from_root(monkeypatch: pytest.MonkeyPatch) -> None:
    """Parts are found as modules of the tests."""
    monkeypatch.chdir(Path(__file__).parents[4])
