"""CreateJob under many callers, against a bare server of the same rpc and insert."""

from __future__ import annotations

import subprocess
import sys
import time
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from contextlib import ExitStack, contextmanager
from pathlib import Path
from typing import Any

import grpc
import numpy as np

import swath as wf
from swath.client import channel
from swath.client.spec import specification
from swath.wire.job_request import CREATE_JOB, CreateJob, encode_create
from tests.bench import postgres
from tests.bench.create_server import METHOD
from tests.bench.figure import Figure
from tests.bench.rounds import ms, spread
from tests.bench.server import serving

CALLERS = 16
CALLS = 800
"""In each round, of each server."""
ROUNDS = 5
LIMITS_S = {"SQLite, synchronous=FULL": 0.030, "PostgreSQL": 0.060}


def measure(folder: Path, log: Path) -> list[Figure]:
    """Row 2 of issue 3, on both databases."""
    figures = []
    with postgres.running() as url:
        for name, limit_s in LIMITS_S.items():
            here = folder / name[:6]
            here.mkdir()
            is_sqlite = name.startswith("SQLite")
            mine = () if is_sqlite else ("--database", url)
            bare = str(here / "bare.db") if is_sqlite else url
            figures += _compared(name, limit_s, here, log, mine, bare)
    return figures


def _compared(
    name: str, limit_s: float, folder: Path, log: Path, mine: tuple[str, ...], bare: str
) -> list[Figure]:
    request = encode_create(CreateJob(specification(wf.Int(1) + 1)))
    flags = ("--quota", "1000000", *mine)
    with ExitStack() as running:
        server = running.enter_context(serving(folder / "data", log, None, 0, *flags))
        ours = running.enter_context(_stub(server.jobs, CREATE_JOB))
        reply = ours(request, timeout=30)
        port = running.enter_context(_inserting(bare, len(reply)))
        theirs = running.enter_context(_stub(f"127.0.0.1:{port}", METHOD))
        rates: dict[str, list[float]] = {"ours": [], "bare": []}
        took_s: list[float] = []
        for _ in range(ROUNDS):
            rates["ours"].append(_rate(ours, request, took_s))
            rates["bare"].append(_rate(theirs, request, []))
    ratio = spread(a / b for a, b in zip(rates["ours"], rates["bare"], strict=True))
    p99 = float(np.percentile(took_s, 99))
    what = f"CreateJob, {CALLERS} callers at once, {name}"
    ours_s, bare_s = (np.median(rates[key]) for key in ("ours", "bare"))
    return [
        Figure(
            f"{what}: rate over that of a bare server of the same rpc and insert",
            f"{ratio.shown()}; {ours_s:.0f}/s, bare {bare_s:.0f}/s",
            "≥ 0.5",
            ratio.median >= 0.5,
        ),
        Figure("the same: p99", ms(p99), f"≤ {limit_s * 1e3:.0f} ms", p99 <= limit_s),
    ]


def _rate(stub: Any, request: bytes, took_s: list[float]) -> float:
    def call(_: int) -> None:
        began = time.perf_counter()
        stub(request, timeout=30)
        took_s.append(time.perf_counter() - began)

    began = time.perf_counter()
    with ThreadPoolExecutor(CALLERS) as pool:
        list(pool.map(call, range(CALLS)))
    return CALLS / (time.perf_counter() - began)


@contextmanager
def _stub(address: str, method: str) -> Iterator[Any]:
    with grpc.insecure_channel(address, options=channel.options(address)) as opened:
        yield opened.unary_unary(method)


@contextmanager
def _inserting(database: str, reply_bytes: int) -> Iterator[int]:
    command = [sys.executable, "-m", "tests.bench.create_server", database, str(reply_bytes)]
    with subprocess.Popen(
        command, stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True
    ) as process:
        assert process.stdin is not None and process.stdout is not None
        try:
            yield int(process.stdout.readline())
        finally:
            process.stdin.close()
            process.wait(10)
