"""Ctrl-C in the midst of a part: no more is sent, and what was measured until then is kept."""

from __future__ import annotations

import os
import signal
import threading
from collections.abc import Callable
from pathlib import Path

import pytest

from loadtest.link import Address
from loadtest.pace import Phase
from loadtest.run import run
from loadtest.scenario import Part, Scenario, Work
from loadtest.target import Target
from tests.integration.loadtest.answering import answering

AFTER = 20
"""Requests that are answered before it comes."""


def interrupts() -> Callable[[bytes], None]:
    """Sends this process SIGINT when it was called so many times."""
    lock, count = threading.Lock(), 0

    def heard(request: bytes) -> None:
        nonlocal count
        with lock:
            count += 1
            if count == AFTER:
                os.kill(os.getpid(), signal.SIGINT)

    return heard


@pytest.mark.parametrize("processes", [1, 2])
def test_what_was_sent_until_ctrl_c_is_measured(processes, tmp_path: Path):
    part = Part(
        "one", "inspect", (Work("constant"),), (Phase(600.0, 50.0, 50.0),), processes=processes
    )
    never = Part("two", "inspect", (Work("constant"),), (Phase(1.0, 50.0, 50.0),))
    said: list[str] = []
    with answering(interrupts()) as address:
        outcome = run(Scenario("x", "", (part, never), ()), Target(Address(address)), said.append)
    assert not outcome.is_whole
    assert [result.part.name for result in outcome.results] == ["one"]
    records = outcome.results[0].records
    assert records.count_by_code() == {"OK": len(records)}
    assert AFTER <= len(records) < 30000
    assert said == ["one, round 1 of 1"]
