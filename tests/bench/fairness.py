"""A constant, while two other clients keep every engine process busy."""

from __future__ import annotations

import time

import numpy as np

import swath as wf
from swath.client.inspect import InspectClient
from tests.bench import heavy
from tests.bench.figure import Figure
from tests.bench.rounds import Subject, Times, ms, seconds
from tests.bench.server import Server

ROUNDS, CALLS = 4, 250
CLIENTS = 2
SETTLE_S = 1.5
"""Until the clients have started and asked."""


def measure(server: Server) -> list[Figure]:
    """Row 6."""
    client = InspectClient(server.address)

    def ask() -> None:
        assert (wf.Int(1) + 1).inspect(cache=False, client=client) == 2

    idle, busy = [], []
    for _ in range(ROUNDS):
        idle.append(_calls(ask))
        with heavy.asking(server.address, CLIENTS):
            time.sleep(SETTLE_S)
            before_s, began_s = server.cpu_s(), time.perf_counter()
            busy.append(_calls(ask))
            cores = (server.cpu_s() - before_s) / (time.perf_counter() - began_s)
        time.sleep(0.5)
    quiet, loud = Times(np.array(idle)), Times(np.array(busy))
    ratio = loud.over(quiet)
    return [
        Figure(
            f"inspect of a constant beside {CLIENTS} clients with heavy pixel work: p50 over idle",
            f"{ratio.shown()}; {ms(quiet.p50().median)} idle, {ms(loud.p50().median)} busy"
            f" ({cores:.1f} cores)",
            "≤ 3",
            ratio.median <= 3,
        ),
        Figure("the same: p99", ms(loud.percentile(99)), "≤ 20 ms", loud.percentile(99) <= 0.020),
    ]


def _calls(ask: Subject) -> list[float]:
    ask()
    return [seconds(ask) for _ in range(CALLS)]
