"""`swath serve`: both servers and a worker in one command, which stay up and go together."""

from __future__ import annotations

import json
import re
import signal
import subprocess
import sys
import threading
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import numpy as np
import psutil
import pytest

import swath as wf
from swath.client.inspect import InspectClient
from swath.client.jobs import JobClient
from swath.grid import Affine, Grid, Shape2d

PROGRAM = "from swath.command.main import main; main()"
WAIT_S = 60
SETTINGS = "[jobs]\nlease_s = 2.0\nsettle_s = 2.0\n"


class Serving:
    """A running `swath serve`."""

    def __init__(self, folder: Path, *flags: str) -> None:
        settings = folder / "settings.toml"
        settings.write_text(SETTINGS)
        self.log = folder / "log"
        none = ("--metrics-port", "-1", "--jobs-metrics-port", "-1")
        ports = ("--inspect-port", "0", "--jobs-port", "0")
        data = ("--data", str(folder / "data"), "--config", str(settings), "--engines", "1")
        with self.log.open("w") as log:
            self.process = subprocess.Popen(
                [sys.executable, "-c", PROGRAM, "serve", *data, *ports, *none, *flags],
                stdout=subprocess.PIPE,
                stderr=log,
                text=True,
            )

    def line(self) -> str:
        """The next line that it says."""
        assert self.process.stdout is not None
        watch = threading.Timer(WAIT_S, self.process.kill)
        watch.start()
        line = self.process.stdout.readline()
        watch.cancel()
        return line.rstrip()

    def address(self) -> str:
        """Of the next server that is ready."""
        line = self.line()
        found = re.search(r"ready on (\S+:\d+)", line)
        assert found is not None, line + self.log.read_text()
        return found[1]

    def part(self, module: str) -> psutil.Process:
        """The process of one of its parts."""
        for child in psutil.Process(self.process.pid).children():
            if child.cmdline()[1:3] == ["-m", module]:
                return child
        raise AssertionError(f"{module} does not run")

    def events(self, verb: str) -> list[dict[str, Any]]:
        """What its parts told of that kind."""
        lines = [line for line in self.log.read_text().splitlines() if line.startswith("{")]
        return [event for event in map(json.loads, lines) if event["verb"] == verb]

    def stop(self) -> int:
        """Ask it to stop; its exit status."""
        self.process.terminate()
        return self.process.wait(WAIT_S)

    def close(self) -> None:
        """End it, whatever it does."""
        self.process.kill()
        self.process.wait()
        assert self.process.stdout is not None
        self.process.stdout.close()


@pytest.fixture
def serve() -> Iterator[Callable[..., Serving]]:
    """Starts `swath serve` on a folder, with further flags."""
    started: list[Serving] = []

    def start(folder: Path, *flags: str) -> Serving:
        started.append(Serving(folder, *flags))
        return started[-1]

    yield start
    for one in started:
        one.close()


@pytest.fixture
def serving(serve: Callable[..., Serving], tmp_path: Path) -> Serving:
    """All parts, with one worker."""
    return serve(tmp_path)


def test_both_servers_answer_and_a_job_is_what_inspect_gives(serving: Serving) -> None:
    inspect, jobs = InspectClient(serving.address()), JobClient(serving.address())
    grid = Grid("EPSG:32633", Affine(10.0, 0.0, 5e5, 0.0, -10.0, 5e6), Shape2d(40, 50))
    pixels = np.arange(2000, dtype=np.uint16).reshape(40, 50)
    image = wf.Image.from_array(pixels, grid, 7) * 0.5
    where = wf.GeoContext.from_grid(grid)
    there, here = image.inspect(where, client=inspect), image.compute(where, client=jobs)
    assert np.ma.allequal(there.ndarray, here.ndarray)
    assert np.array_equal(there.ndarray.mask, here.ndarray.mask)
    assert here.bandinfo == there.bandinfo
    assert here.geocontext.grid == there.geocontext.grid
    assert serving.stop() == 0


def test_a_part_that_is_killed_comes_back_and_no_job_is_lost(serving: Serving) -> None:
    serving.address()
    client = JobClient(serving.address())
    assert "worker ready" in serving.line()
    serving.part("job_server.worker").kill()
    job = (wf.Int(20) + 1).compute(client=client, block=False)
    serving.part("job_server").kill()
    assert job.result(timeout=WAIT_S) == 21
    assert {event["part"] for event in serving.events("part_lost")} >= {"job server", "worker 1"}
    assert serving.stop() == 0


def test_all_parts_end_together(serving: Serving) -> None:
    serving.address(), serving.address(), serving.line()
    parts = psutil.Process(serving.process.pid).children(recursive=True)
    assert len(parts) >= 5
    assert serving.stop() == 0
    _, alive = psutil.wait_procs(parts, timeout=10)
    assert alive == []


def test_an_interrupt_while_it_starts_leaves_nothing_behind(serving: Serving) -> None:
    process = psutil.Process(serving.process.pid)
    while not (parts := process.children(recursive=True)):
        assert serving.process.poll() is None
    serving.process.send_signal(signal.SIGINT)
    assert serving.process.wait(WAIT_S) == 130
    _, alive = psutil.wait_procs(parts, timeout=10)
    assert alive == []


def test_a_port_that_is_taken_ends_all_with_the_reason(
    serving: Serving, serve: Callable[..., Serving], tmp_path: Path
) -> None:
    inspect = serving.address()
    other = tmp_path / "other"
    other.mkdir()
    running = serve(other, "--inspect-port", inspect.rpartition(":")[2])
    assert running.process.wait(WAIT_S) == 1
    assert "--inspect-port" in running.log.read_text()
    assert running.line() == ""


def test_a_second_server_of_the_same_folder_is_refused(
    serving: Serving, serve: Callable[..., Serving], tmp_path: Path
) -> None:
    serving.address(), serving.address()
    second = serve(tmp_path)
    assert "inspect server ready" in second.line()
    assert second.process.wait(WAIT_S) == 1
    said = [line for line in second.log.read_text().splitlines() if line.startswith("swath: ")]
    assert "another server" in said[0].lower()


def test_without_jobs_only_questions_are_answered(
    serve: Callable[..., Serving], tmp_path: Path
) -> None:
    running = serve(tmp_path, "--jobs-port", "-1")
    client = InspectClient(running.address())
    assert (wf.Int(1) + 1).inspect(client=client) == 2
    assert len(psutil.Process(running.process.pid).children()) == 1
    assert running.stop() == 0
