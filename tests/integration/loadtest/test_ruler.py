"""The ruler is straight: the generator reports what a server that keeps its own log did."""

from __future__ import annotations

import json
import random
import subprocess
import sys
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from contextlib import contextmanager
from pathlib import Path

import numpy as np
import pytest

from loadtest.client import Orders
from loadtest.clients import ready, work_off
from loadtest.figures import PartResult, Round, figures_of
from loadtest.link import Address
from loadtest.pace import Phase, arrivals
from loadtest.records import read
from loadtest.scenario import Part, Work

REPOSITORY = Path(__file__).parents[3]
RATE, SECONDS = 100.0, 4.0
STALL_AT, STALL_S = 100, 2.0
NONE = (-1, 0.0)
PERCENTILES = (50.0, 90.0, 99.0, 99.9)
WITHIN = 0.02


@contextmanager
def slow_server(delays_s: list[float], stall: tuple[int, float], log: Path) -> Iterator[str]:
    """Its address; its log is written when the block ends."""
    orders = json.dumps({"delays_s": delays_s, "stall": stall})
    command = [sys.executable, "-m", "tests.integration.loadtest.slow_server", orders, str(log)]
    with subprocess.Popen(
        command, cwd=REPOSITORY, stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True
    ) as process:
        assert process.stdin is not None and process.stdout is not None
        yield f"127.0.0.1:{int(process.stdout.readline())}"
        process.stdin.close()
        process.wait(10)


def measured(part: Part, address: str, folder: Path) -> tuple[PartResult, float]:
    """What the generator reports of a part, and when the part started."""
    file = folder / f"{part.name}.npz"
    with ready([Orders(part, Address("", echo=address), 1, 0, 1, str(file))]) as clients:
        done = work_off(part, clients)
    return PartResult(part, (Round(read(file), ()),)), done.start_s


def part_of(callers: int = 0, rate: float = RATE) -> Part:
    name = "closed" if callers else "open"
    return Part(name, "echo", (Work("constant"),), (Phase(SECONDS, rate, rate),), callers)


def delays(count: int = 1000) -> list[float]:
    """100 to 400 ms, as a seed says: so long that what the machine adds is little beside them."""
    dice = random.Random(42)
    return [dice.uniform(0.1, 0.4) for _ in range(count)]


def floor_s(folder: Path) -> float:
    """What a request takes here that a server does not delay."""
    with slow_server([0.0], NONE, folder / "floor") as address:
        result, _ = measured(part_of(), address, folder)
    return figures_of(result)["latency_ms.p50"] / 1e3


def test_reported_percentiles_are_those_of_the_servers_log_stalls_included(tmp_path):
    floor = floor_s(tmp_path)
    log = tmp_path / "log"
    with slow_server(delays(), (STALL_AT, STALL_S), log) as address:
        result, start_s = measured(part_of(), address, tmp_path)
    found, due = figures_of(result), arrivals(part_of().phases)
    ended_s = np.array(json.loads(log.read_text()))
    assert len(ended_s) == len(due) == found["count"]
    truth = np.sort(ended_s - start_s - due) + floor
    for percentile in PERCENTILES:
        wanted = truth[int(np.ceil(percentile / 100 * len(truth))) - 1]
        name = f"latency_ms.p{percentile:g}"
        assert found[name] / 1e3 == pytest.approx(wanted, rel=WITHIN), name
    assert found["latency_ms.p99"] > 1700  # whoever came during the stall waited for its end
    assert found["errors"] == found["lost"] == 0


def test_callers_who_wait_for_their_answers_hide_the_stall(tmp_path):
    """Why the load is open: one in a hundred of theirs met the stall, a third of what was due."""

    def reported(callers: int) -> PartResult:
        log = tmp_path / f"log of {callers}"
        with slow_server([0.02], (STALL_AT, STALL_S), log) as address:
            return measured(part_of(callers), address, tmp_path)[0]

    with ThreadPoolExecutor(2) as together:
        opened, closed = together.map(reported, (0, 2))
    seen, hidden = figures_of(opened), figures_of(closed)
    assert seen["latency_ms.p90"] > 1000
    assert hidden["latency_ms.p90"] < 200
    assert hidden["latency_ms.p99"] < seen["latency_ms.p90"]
