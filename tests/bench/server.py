"""A `swath serve` of its own process, and what its processes use."""

from __future__ import annotations

import contextlib
import os
import subprocess
import sys
import threading
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from pathlib import Path

import psutil

PROGRAM = "from swath.command.main import main; main()"
START_S = 120
STOP_S = 20


def swath(*words: str) -> list[str]:
    """The command line of `swath`, from this checkout."""
    return [sys.executable, "-c", PROGRAM, *words]


@dataclass(frozen=True)
class Server:
    """A running server."""

    address: str
    """Of the inspect server."""
    jobs: str
    """Of the job server; empty: there is none."""
    process: psutil.Process
    began_s: float
    """When its process was started, on the clock of `time.perf_counter`."""

    def processes(self) -> list[psutil.Process]:
        """Its own process and all that it started."""
        return [self.process, *self.process.children(recursive=True)]

    def cpu_s(self) -> float:
        """Processor time that its living processes have used."""
        return sum(_each(self.processes(), _cpu_s))

    def memory_bytes(self) -> int:
        """Memory of all its processes; what they share is counted once."""
        return int(sum(_each(self.processes(), _memory_bytes)))


@contextmanager
def serving(
    data: Path, log: Path, cache: Path | None = None, workers: int | None = None, *more: str
) -> Iterator[Server]:
    """`swath serve` on the catalog under `data`; it has ended when this has.

    Args:
        workers: beside the job server. Absent: there are no jobs at all.
        more: further flags.
        log: gets its events.
        cache: the user's cache folder as the server sees it, for its kernels. Absent: the user's.
    """
    environ = dict(os.environ) if cache is None else {**os.environ, "XDG_CACHE_HOME": str(cache)}
    ports = ["--inspect-port", "0", "--metrics-port", "-1", *more]
    if workers is None:
        ports += ["--jobs-port", "-1"]
    else:
        ports += ["--jobs-port", "0", "--jobs-metrics-port", "-1", "--workers", str(workers)]
    began_s = time.perf_counter()
    with (
        log.open("a") as events,
        subprocess.Popen(
            swath("serve", "--data", str(data), *ports),
            stdout=subprocess.PIPE,
            stderr=events,
            text=True,
            env=environ,
        ) as process,
    ):
        try:
            inspect = _address(process)
            jobs = "" if workers is None else _address(process)
            for _ in range(workers or 0):
                _line(process, "ready")
            yield Server(inspect, jobs, psutil.Process(process.pid), began_s)
        finally:
            stop(process)


def stop(process: subprocess.Popen[str]) -> None:
    """End a process that this one started: ask, then insist."""
    process.terminate()
    try:
        process.wait(STOP_S)
    except subprocess.TimeoutExpired:
        process.kill()
        process.wait()


def _address(process: subprocess.Popen[str]) -> str:
    return _line(process, " ready on ").partition(" ready on ")[2].split()[0]


def _line(process: subprocess.Popen[str], awaited: str) -> str:
    """The next line that a part of the server says."""
    assert process.stdout is not None
    watch = threading.Timer(START_S, process.kill)
    watch.start()
    line = process.stdout.readline()
    watch.cancel()
    if awaited not in line:
        raise RuntimeError(f"The server did not start: {line}")
    return line


def _each(
    processes: list[psutil.Process], ask: Callable[[psutil.Process], float]
) -> Iterator[float]:
    for process in processes:
        with contextlib.suppress(psutil.NoSuchProcess, FileNotFoundError, ProcessLookupError):
            yield ask(process)


def _cpu_s(process: psutil.Process) -> float:
    times = process.cpu_times()
    return float(times.user + times.system)


def _memory_bytes(process: psutil.Process) -> float:
    """Proportional set size where the system tells it (Linux), else resident size."""
    full = process.memory_full_info()
    return float(getattr(full, "pss", full.rss))


@dataclass
class MemoryWatch:
    """The most memory that a server used while the block ran, sampled some 20 times a second."""

    server: Server
    before_bytes: int = 0
    most_bytes: int = 0
    _stop: threading.Event = field(default_factory=threading.Event)

    def __enter__(self) -> MemoryWatch:
        self.before_bytes = self.most_bytes = self.server.memory_bytes()
        self._thread = threading.Thread(target=self._sample, daemon=True)
        self._thread.start()
        return self

    def __exit__(self, *raised: object) -> None:
        self._stop.set()
        self._thread.join()

    @property
    def growth_bytes(self) -> int:
        """Most memory while the block ran, less what there was before."""
        return self.most_bytes - self.before_bytes

    def _sample(self) -> None:
        while not self._stop.wait(0.05):
            self.most_bytes = max(self.most_bytes, self.server.memory_bytes())
