"""`swath loadtest run` as people type it, against real servers."""

from __future__ import annotations

import json
import os
import signal
import socket
import subprocess
import sys
import threading
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import numpy as np
import psutil
import pytest

from loadtest.imagery import Imagery
from loadtest.paint import HIGHEST, LOWEST, paint
from loadtest.target import SWATH, Target, started
from swath.client.inspect import InspectClient

pytestmark = pytest.mark.xdist_group("loadtest_command")  # its servers are started once

REPOSITORY = Path(__file__).parents[3]
END_S = 90.0
SMALL = Imagery(side_px=512)
TINY = """
name = "tiny"
about = "a test"

[[part]]
name = "first"
to = "inspect"
work = [{ kind = "constant" }]
phase = [{ rate = 50, seconds = 1.0 }]
"""
# By callers, whom no rate is promised: on a busy machine what is due at one would be sent late, and
# the run fails rightly.
KEPT = """
name = "kept"
about = "a test"
needs = ["imagery", "jobs"]
imagery = { side_px = 512 }

[[part]]
name = "pixels"
to = "inspect"
work = [{ kind = "ndvi", options = { size_px = 128 } }, { kind = "metadata" }]
callers = 2
phase = [{ seconds = 0.5 }]

[[part]]
name = "beside"
to = "inspect"
work = [{ kind = "whole" }]
callers = 1
phase = [{ seconds = 1.0 }]
beside = ["large_job:32", "abusers:1"]

[[budget]]
figure = "pixels.throughput"
at_least = 0.1

[[budget]]
figure = "beside.errors"
at_most = 0.0
"""
LONG = """
[[part]]
name = "second"
to = "inspect"
work = [{ kind = "constant" }]
phase = [{ rate = 50, seconds = 600.0 }]
"""
KILLED = """
name = "killed"
about = "a test"
needs = ["jobs"]

[[part]]
name = "first"
to = "jobs"
work = [{ kind = "create", options = { elements = 10_000_000 } }]
phase = [{ burst = 1, seconds = 0.5 }]

[[part]]
name = "second"
to = "inspect"
work = [{ kind = "constant" }]
phase = [{ rate = 50, seconds = 600.0 }]
beside = ["watchers:2", "abusers:1"]
"""
"""The job takes minutes; a worker that is asked to stop would go on with it for half of one."""
UNMEASURED = """
import sys
from loadtest.run import run
from loadtest.scenario import load
from loadtest.suite import started_for
chosen = load(sys.argv[1])
with started_for([chosen]) as target:
    run(chosen, target, lambda line: print(line, file=sys.stderr, flush=True))
"""
"""`swath loadtest run`, but for the measure of the generator, and the report."""
BUDGET = """
[[budget]]
figure = "first.latency_ms.p50"
at_most = {most}
why = "a test"
"""


@pytest.fixture(scope="module")
def servers() -> Iterator[Target]:
    """Both servers with a small image and a worker."""
    with started(workers=1) as target:
        paint(target, SMALL, seed=1)
        yield target


def scenario(folder: Path, *parts: str) -> Path:
    file = folder / "tiny.toml"
    file.write_text("".join(parts))
    return file


def loadtest(*words: str) -> subprocess.CompletedProcess[str]:
    """What `swath loadtest` said, and its exit status."""
    command = [*SWATH, "loadtest", *words]
    return subprocess.run(
        command, cwd=REPOSITORY, capture_output=True, text=True, timeout=END_S, check=False
    )


def run(file: Path, *words: str) -> subprocess.CompletedProcess[str]:
    return loadtest("run", str(file), *words)


def at(target: Target) -> tuple[str, ...]:
    return "--target", target.address.inspect, "--jobs", target.address.jobs


def read(report: Path) -> Any:
    return json.loads(report.read_text())


def test_a_run_that_keeps_its_budget_ends_with_0_and_a_report(servers, tmp_path):
    file, report = scenario(tmp_path, KEPT), tmp_path / "out.json"
    done = run(file, *at(servers), "--report", str(report))
    assert done.returncode == 0, done.stderr
    assert "passed" in done.stdout
    found = read(report)
    assert found["is_passed"] and found["is_whole"]
    assert [line["is_met"] for line in found["budget"]] == [True, True]
    assert all(set(part["codes"]) == {"OK"} for part in found["parts"].values())
    figures = found["parts"]["beside"]["figures"]
    assert figures["large_job.has_ended"] == 0
    assert figures["abusers.malformed.code.INVALID_ARGUMENT"] > 0
    assert figures["abusers.oversize.code.RESOURCE_EXHAUSTED"] > 0


def test_a_missed_budget_ends_with_1_and_names_the_line(servers, tmp_path):
    file, report = scenario(tmp_path, TINY, BUDGET.format(most=0.001)), tmp_path / "out.json"
    done = run(file, *at(servers), "--report", str(report))
    assert done.returncode == 1
    assert "first.latency_ms.p50" in done.stdout
    assert "MISSED" in done.stdout
    (line,) = read(report)["budget"]
    assert (line["what"], line["is_met"]) == ("first.latency_ms.p50", False)
    assert line["missed_by"].startswith("missed by ")


def test_several_scenarios_run_on_the_same_servers_and_those_that_failed_are_named(tmp_path):
    files = []
    for name, most in (("wide", 1e6), ("narrow", 0.001)):
        (tmp_path / name).mkdir()
        text = TINY.replace("tiny", name) + BUDGET.format(most=most)
        files.append(scenario(tmp_path / name, text))
    done = loadtest("suite", *map(str, files), "--rounds", "2", "--reports", str(tmp_path / "out"))
    wide, narrow = (read(tmp_path / "out" / f"{name}.json") for name in ("wide", "narrow"))
    assert done.returncode == 1
    assert "narrow" in done.stdout.rpartition("These failed")[2]
    assert (wide["budget"][0]["is_met"], narrow["budget"][0]["is_met"]) == (True, False)
    assert wide["target"] == narrow["target"]
    assert wide["parts"]["first"]["codes"] == narrow["parts"]["first"]["codes"] == {"OK": 100}


def test_what_the_machine_may_be_at_fault_for_is_tried_again_and_nothing_else_is(tmp_path):
    files = []
    for name, figure in (("slow", "latency_ms.p50"), ("wrong", "code.OK")):
        (tmp_path / name).mkdir()
        text = TINY.replace("tiny", name).replace("phase", "callers = 1\nphase")
        limit = f'[[budget]]\nfigure = "first.{figure}"\nat_most = 0.001\n'
        files.append(scenario(tmp_path / name, text, limit))
    done = loadtest("suite", *map(str, files), "--tries", "2", "--scale", "5")
    assert done.returncode == 1
    assert done.stderr.count("--- slow") == 2
    assert done.stderr.count("--- wrong") == 1
    assert "Again, as the machine may be why they failed: slow." in done.stdout
    assert "These failed: wrong, slow." in done.stdout
    assert "FAILED, by limits 5 times as wide" in done.stdout


def test_the_image_that_is_made_has_the_values_that_its_seed_says(servers):
    client = InspectClient(servers.address.inspect)
    found = client.inspect(SMALL.pixels().pick_bands("red nir"), SMALL.square(0, 0, 512))
    dice = np.random.default_rng(1)
    for pixels in found.ndarray.data:
        values = dice.integers(LOWEST, HIGHEST, (128, 128), dtype=np.uint16)
        np.testing.assert_array_equal(pixels, np.kron(values, np.ones((4, 4), np.uint16)))
    client.close()


def test_an_image_that_no_scenario_names_is_asked_for_in_one_line(servers, tmp_path):
    file = scenario(tmp_path, 'needs = ["imagery"]\n', TINY)
    done = run(file, *at(servers))
    assert done.returncode == 1
    assert done.stderr.strip().count("\n") == 0
    assert "[imagery]" in done.stderr


def test_a_target_that_is_not_there_is_said_in_one_line(tmp_path):
    with socket.socket() as nobody:
        nobody.bind(("127.0.0.1", 0))
        address = f"127.0.0.1:{nobody.getsockname()[1]}"
        done = run(scenario(tmp_path, TINY), "--target", address)
    assert done.returncode == 1
    (line,) = done.stderr.splitlines()
    assert line.startswith(f"swath: No server answers at {address}: ")


def test_a_run_that_is_killed_leaves_no_process(tmp_path):
    command = [sys.executable, "-c", UNMEASURED, str(scenario(tmp_path, KILLED))]
    with subprocess.Popen(
        command, cwd=REPOSITORY, stdout=subprocess.DEVNULL, stderr=subprocess.PIPE, text=True
    ) as process:
        watch = threading.Timer(END_S, process.kill)
        watch.start()
        assert process.stderr is not None
        assert any("second, round 1" in line for line in process.stderr)
        family = _family(process.pid, "loadtest.beside.abusers")  # it is the last that is started
        process.kill()
        watch.cancel()
    left = {one: one.cmdline() for one in psutil.wait_procs(family, timeout=10)[1]}
    for one in left:
        one.kill()
    assert list(left.values()) == []


def _family(pid: int, last: str) -> list[psutil.Process]:
    """All that a process has started, once a module is among them."""
    family: list[psutil.Process] = []
    while not any(last in one.cmdline() for one in family):
        assert psutil.pid_exists(pid)
        family = psutil.Process(pid).children(recursive=True)
    return family


def test_ctrl_c_ends_a_run_with_a_report_and_leaves_no_process(tmp_path):
    file, report = scenario(tmp_path, TINY, LONG), tmp_path / "out.json"
    command = [*SWATH, "loadtest", "run", str(file), "--report", str(report)]
    with subprocess.Popen(
        command,
        cwd=REPOSITORY,
        stdout=subprocess.DEVNULL,
        stderr=subprocess.PIPE,
        text=True,
        env={**os.environ, "PYTHONFAULTHANDLER": "1"},
    ) as process:
        # One that hangs says where.
        watch = threading.Timer(END_S, process.send_signal, (signal.SIGABRT,))
        watch.start()
        assert process.stderr is not None
        assert any("second, round 1" in line for line in process.stderr)
        family = psutil.Process(process.pid).children(recursive=True)
        process.send_signal(signal.SIGINT)  # SIGTERM is made one when the command begins
        said = process.stderr.read()
        end = process.wait()
        watch.cancel()
    assert len(family) > 3  # the servers were among them
    assert psutil.wait_procs(family, timeout=10)[1] == []
    assert end == 130, said
    found = read(report)
    assert not found["is_whole"]
    assert found["parts"]["first"]["codes"] == {"OK": 50}
