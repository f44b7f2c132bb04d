"""Jobs through the whole system: SQLite that commits durably, a local folder, warm workers."""

from __future__ import annotations

import subprocess
import sys
import time
from collections.abc import Callable, Iterator
from concurrent.futures import ThreadPoolExecutor
from contextlib import contextmanager
from pathlib import Path

import numpy as np

import swath as wf
from swath.client.inspect import InspectClient
from swath.client.jobs import JobClient
from tests.bench import heavy, imagery
from tests.bench.figure import Figure
from tests.bench.rounds import Times, ms, seconds
from tests.bench.server import Server, serving

WORKERS = 2
CALLS = 300
MANY = 4000
BEGUN = 1000
"""Of them: when so many are done, workers and their spare children have long started."""
CREATORS = 16
WATCHERS = 1000
ROOMY = ("--quota", "100000")


def measure(made: imagery.Imagery, log: Path) -> list[Figure]:
    """Rows of issue 3 that need a running system."""
    with serving(made.data, log, None, WORKERS, *ROOMY) as server:
        client = JobClient(server.jobs)
        one = wf.Int(1) + 1
        assert one.compute(client=client, progress_bar=False) == 2
        figures = [*overhead(client), *watching(server, client), *beside_a_job(server, client)]
        client.close()
    return [*figures, *throughput(made, log)]


def overhead(client: JobClient) -> list[Figure]:
    """From `compute` to its value."""

    def ask() -> None:
        assert (wf.Int(1) + 1).compute(client=client, progress_bar=False) == 2

    for _ in range(20):
        ask()
    times = Times(np.array([[seconds(ask) for _ in range(CALLS)]]))
    p50, p99 = times.p50().median, times.percentile(99)
    what = "(wf.Int(1)+1).compute(), create to result, warm worker, SQLite synchronous=FULL"
    return [
        Figure(f"{what}: p50", ms(p50), "≤ 20 ms", p50 <= 0.020),
        Figure("the same: p99", ms(p99), "≤ 80 ms", p99 <= 0.080),
    ]


def throughput(made: imagery.Imagery, log: Path) -> list[Figure]:
    """Many trivial jobs that wait: how fast workers are done with them, once they are warm."""
    with serving(made.data, log, None, 0, *ROOMY) as server:
        client = JobClient(server.jobs)
        with ThreadPoolExecutor(CREATORS) as pool:
            list(
                pool.map(lambda _: (wf.Int(1) + 1).compute(client=client, block=False), range(MANY))
            )
        with working(made.data, log, WORKERS):
            first = left_at_last(client, MANY - BEGUN)
            began = time.perf_counter()
            left_at_last(client, 0)
            rate = first / (time.perf_counter() - began)
        client.close()
    what = f"claim to complete of trivial jobs, {WORKERS} workers"
    return [Figure(what, f"{rate:.0f}/s", "≥ 300/s", rate >= 300)]


def left_at_last(client: JobClient, most: int) -> int:
    """How many jobs are not done, once they are so few."""
    while (left := client.quota().outstanding) > most:
        time.sleep(0.02)  # a stream for each of thousands of jobs would be load of its own
    return left


@contextmanager
def working(data: Path, log: Path, count: int) -> Iterator[None]:
    """That many workers while the block runs."""
    command = [sys.executable, "-m", "job_server.worker", "--data", str(data)]
    with log.open("a") as events:
        workers = [
            subprocess.Popen(command, stdout=subprocess.DEVNULL, stderr=events)
            for _ in range(count)
        ]
    try:
        yield
    finally:
        for worker in workers:
            worker.terminate()
        for worker in workers:
            worker.wait(30)


def watching(server: Server, client: JobClient) -> list[Figure]:
    """Unary calls beside many streams, which follow a job that runs for a minute."""
    job = running(client)

    def ask() -> None:
        client.get(job.id)

    quiet = _times(ask)
    before = _threads(server)
    with watched(server.jobs, job.id, WATCHERS):
        loud = _times(ask)
        grown = _threads(server) - before
    job.cancel()
    job.wait()
    ratio = loud.percentile(99) / quiet.percentile(99)
    return [
        Figure(
            f"GetJob beside {WATCHERS} WatchJob streams: p99 over that with none",
            f"{ratio:.2f}; {ms(quiet.percentile(99))} alone, {ms(loud.percentile(99))};"
            f" {grown:+d} threads",
            "≤ 3",
            ratio <= 3 and grown <= 8,
        )
    ]


def beside_a_job(server: Server, client: JobClient) -> list[Figure]:
    """Inspect, while a worker computes."""
    inspect = InspectClient(server.address)

    def ask() -> None:
        assert (wf.Int(1) + 1).inspect(cache=False, client=inspect) == 2

    quiet = _times(ask)
    job = running(client)
    loud = _times(ask)
    was_busy = not job.refresh().done
    job.cancel()
    job.wait()
    inspect.close()
    ratio = loud.percentile(99) / quiet.percentile(99)
    return [
        Figure(
            "inspect of a constant while a large job runs: p99 over idle",
            f"{ratio:.2f}; {ms(quiet.percentile(99))} idle, {ms(loud.percentile(99))} busy",
            "≤ 3",
            ratio <= 3 and was_busy,
        )
    ]


def running(client: JobClient) -> wf.Job:
    """A job that a worker has begun, and that takes minutes."""
    job: wf.Job = heavy.for_minutes().compute(heavy.place(), client=client, block=False)
    for now in job.watch(60):
        if now.stage is wf.Stage.RUNNING:
            return job
    raise RuntimeError(f"the job ended: {job}")


@contextmanager
def watched(address: str, job: str, count: int) -> Iterator[None]:
    """That many streams follow a job while the block runs."""
    command = [sys.executable, "-m", "tests.bench.watchers", address, job, str(count)]
    with subprocess.Popen(command, stdin=subprocess.PIPE, stdout=subprocess.PIPE) as process:
        assert process.stdin is not None and process.stdout is not None
        try:
            assert process.stdout.readline() == b"open\n"
            yield
        finally:
            process.stdin.close()
            process.wait(30)


def _times(ask: Callable[[], None], calls: int = 1000) -> Times:
    for _ in range(20):
        ask()
    return Times(np.array([[seconds(ask) for _ in range(calls)]]))


def _threads(server: Server) -> int:
    return sum(process.num_threads() for process in server.processes())
