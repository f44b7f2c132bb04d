"""Client processes begin together once all are ready, however long that takes one of them."""

from __future__ import annotations

import os
import signal
import time
from collections.abc import Iterator
from dataclasses import replace
from pathlib import Path

import psutil
import pytest

from loadtest.client import Orders
from loadtest.clients import ready, work_off
from loadtest.echo import echoing
from loadtest.link import Address
from loadtest.pace import Phase
from loadtest.records import joined, read
from loadtest.run import run
from loadtest.scenario import Part, Scenario, Work
from loadtest.target import Target
from swath.errors import SwathError

REPOSITORY = Path(__file__).parents[3]
PART = Part("one", "echo", (Work("constant"),), (Phase(0.5, 100.0, 100.0),), processes=2)
SLOW = """
import os, time
try:
    os.mkdir({mark!r})
except FileExistsError:
    time.sleep(2.5)
"""
"""Of two processes the second begins late, as on a machine that has much to do. Nothing but the
clock says how late: longer than a load that waited for nobody would leave it."""
STUCK = "import threading; threading.Event().wait()"
GONE = "import os; os.write(2, b'no such library'); os._exit(3)"
HANGS = """
import os, signal, threading
def hang():
    os.kill(os.getppid(), signal.SIGINT)
    os.kill(os.getpid(), signal.SIGSTOP)
timer = threading.Timer(2.0, hang)
timer.daemon = True
timer.start()
"""
TALKS = "import os; [os.write(2, b'noise ' * 1000) for _ in range(100)]"
"""Many times as much as a pipe takes that nobody reads."""
INTERRUPTS = f"import os, signal; os.kill(os.getppid(), signal.SIGINT); {STUCK}"


@pytest.fixture(scope="module")
def echo() -> Iterator[str]:
    with echoing(64) as address:
        yield address


def clients_begin_with(code: str, folder: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """Have Python processes that are started from now on do something before all else."""
    (folder / "sitecustomize.py").write_text(code)
    monkeypatch.setenv("PYTHONPATH", os.pathsep.join((str(folder), str(REPOSITORY))))


def orders(address: str, folder: Path) -> list[Orders]:
    files = [str(folder / f"{share}.npz") for share in range(PART.processes)]
    to = Address("", echo=address)
    return [Orders(PART, to, 1, share, PART.processes, file) for share, file in enumerate(files)]


def test_a_process_that_is_slow_to_start_sends_nothing_late(echo, tmp_path, monkeypatch):
    clients_begin_with(SLOW.format(mark=str(tmp_path / "first")), tmp_path, monkeypatch)
    told = orders(echo, tmp_path)
    with ready(told) as clients:
        done = work_off(PART, clients)
    records = joined([read(Path(one.file)) for one in told])
    assert done.is_whole
    assert records.count_by_code() == {"OK": 50}
    assert (
        records.late_s.max() < 1.0
    )  # of what it was late by itself; what the machine adds is less


def test_a_process_that_never_gets_ready_is_one_error_and_is_ended(echo, tmp_path, monkeypatch):
    clients_begin_with(STUCK, tmp_path, monkeypatch)
    with (
        pytest.raises(SwathError, match="2 of 2 client processes"),
        ready(orders(echo, tmp_path), within_s=0.5),
    ):
        pass
    assert clients_left() == []


def test_what_a_process_said_that_ended_before_it_was_ready_is_told(echo, tmp_path, monkeypatch):
    clients_begin_with(GONE, tmp_path, monkeypatch)
    with pytest.raises(SwathError, match="no such library"), ready(orders(echo, tmp_path)):
        pass
    assert clients_left() == []


def test_a_process_that_says_much_on_the_side_goes_on(echo, tmp_path, monkeypatch):
    clients_begin_with(TALKS, tmp_path, monkeypatch)
    with ready(orders(echo, tmp_path), within_s=30.0) as clients:
        assert work_off(PART, clients).is_whole


def test_ctrl_c_ends_processes_that_hang(echo, tmp_path, monkeypatch):
    clients_begin_with(HANGS, tmp_path, monkeypatch)
    long = replace(PART, phases=(Phase(600.0, 10.0, 10.0),), timeout_s=0.5, processes=1)
    told = [Orders(long, Address("", echo=echo), 1, 0, 1, str(tmp_path / "0.npz"))]
    began_s = time.monotonic()
    with pytest.raises(KeyboardInterrupt), ready(told) as clients:
        work_off(long, clients, stop_s=0.5)
    assert time.monotonic() - began_s < 30.0


def test_ctrl_c_ends_processes_that_are_not_ready(echo, tmp_path, monkeypatch):
    clients_begin_with(INTERRUPTS, tmp_path, monkeypatch)
    before = signal.signal(signal.SIGINT, signal.default_int_handler)
    part = Part("one", "inspect", PART.work, PART.phases)
    outcome = run(Scenario("x", "", (part,), ()), Target(Address(echo)), lambda _: None)
    signal.signal(signal.SIGINT, before)
    assert not outcome.is_whole
    assert outcome.results == ()
    assert clients_left() == []


def test_a_server_that_is_not_there_is_met_by_the_requests(tmp_path):
    told = orders("127.0.0.1:1", tmp_path)
    with ready(told) as clients:
        work_off(PART, clients)
    records = joined([read(Path(one.file)) for one in told])
    assert records.count_by_code() == {"UNAVAILABLE": 50}


def clients_left() -> list[str]:
    children = psutil.Process().children(recursive=True)
    return [" ".join(c.cmdline()) for c in children if "loadtest.client" in " ".join(c.cmdline())]
