"""How soon the server's processes rest after a caller gave up."""

from __future__ import annotations

import contextlib
import threading
import time
from collections.abc import Callable, Iterable

import grpc

import swath as wf
from swath.client.question import question
from swath.wire.inspect import INSPECT, encode_question
from tests.bench import heavy
from tests.bench.figure import Figure
from tests.bench.imagery import WIDE_PX
from tests.bench.server import Server

WORKED_S = 0.3
"""Processor time that the server has spent when the caller gives up."""
STARTED_S = 10.0
WATCHED_S = 2.0
STEP_S = 0.05
IDLE_SHARE = 0.05
"""Of one core: less than this until the end of the watch is rest. A server that has nothing to do
looks after its processes four times a second."""


def measure(server: Server) -> list[Figure]:
    """Row 5."""
    questions: dict[str, Callable[[], tuple[object, wf.GeoContext]]] = {
        "a reduction to a number": lambda: (heavy.functions(), heavy.place()),
        "a stream of pixels": lambda: (wf.Image.from_id("wide:2021-06-01"), heavy.place(WIDE_PX)),
        "a warp": lambda: (heavy.warped(), heavy.elsewhere()),
    }
    rest_s = {}
    for name, make in questions.items():
        request = encode_question(question(*make(), cache=False))
        rest_s[name] = max(_seconds_to_rest(server, request) for _ in range(2))
    longest = max(rest_s.values())
    told = ", ".join(f"{name} {s:.2f} s" for name, s in rest_s.items())
    return [
        Figure("cancel of a running inspect: processor idle after", told, "≤ 1 s", longest <= 1)
    ]


def _seconds_to_rest(server: Server, request: bytes) -> float:
    """From the cancel until the processes use next to nothing."""
    with grpc.insecure_channel(server.address) as opened:
        stub: grpc.UnaryStreamMultiCallable[bytes, bytes] = opened.unary_stream(INSPECT)
        running = stub(request, timeout=60.0)
        threading.Thread(target=_take, args=(running,), daemon=True).start()
        before_s, until_s = server.cpu_s(), time.monotonic() + STARTED_S
        while server.cpu_s() - before_s < WORKED_S:
            assert time.monotonic() < until_s, "it works while it is wanted"
            time.sleep(STEP_S)
        running.cancel()
        return _rest(server)


def _take(messages: Iterable[bytes]) -> None:
    with contextlib.suppress(grpc.RpcError):
        for _ in messages:
            continue


def _rest(server: Server) -> float:
    began_s, samples = time.perf_counter(), list[tuple[float, float]]()
    while not samples or samples[-1][0] < WATCHED_S:
        samples.append((time.perf_counter() - began_s, server.cpu_s()))
        time.sleep(STEP_S)
    end_s, used_s = samples[-1]
    rests = (at for at, cpu in samples if used_s - cpu <= IDLE_SHARE * (end_s - at))
    return next(rests, end_s)
