"""What a server's processes use, looked at from outside while the load runs."""

from __future__ import annotations

import contextlib
import threading
import time
from collections.abc import Iterator
from dataclasses import dataclass, field

import psutil

PERIOD_S = 0.25


@dataclass(frozen=True, slots=True)
class Sample:
    """One look at one process."""

    at_s: float
    """On the monotonic clock."""
    memory_bytes: int
    """Resident."""
    processor_s: float
    """Since it was started."""


@dataclass(frozen=True, slots=True)
class Growth:
    """What became of one process while a part ran."""

    pid: int
    command: str
    processor_s: float
    gained_bytes: int
    """Median memory of the last tenth of the looks, less that of the first."""
    last_bytes: int
    peak_bytes: int = 0
    """Most memory at any look, less the median of the first tenth."""
    samples: tuple[Sample, ...] = ()
    """All looks at it, in order."""


@dataclass(slots=True)
class Watch:
    """Looks at a process and all its descendants, four times a second, until `close`.

    Those that come later are looked at from then on; those that went keep what was seen.
    """

    pids: tuple[int, ...]
    samples: dict[int, list[Sample]] = field(default_factory=dict)
    commands: dict[int, str] = field(default_factory=dict)
    _ended: threading.Event = field(default_factory=threading.Event)
    _thread: threading.Thread | None = None

    def __enter__(self) -> Watch:
        self._look()
        self._thread = threading.Thread(target=self._watch, name="resources", daemon=True)
        self._thread.start()
        return self

    def __exit__(self, *_: object) -> None:
        self._ended.set()
        if self._thread is not None:
            self._thread.join()
        self._look()

    def growth(self, since_s: float = 0.0) -> tuple[Growth, ...]:
        """Of each process that was there after a moment, in the order in which they were seen."""
        return tuple(
            _growth(pid, self.commands.get(pid, ""), after)
            for pid, seen in self.samples.items()
            if (after := [sample for sample in seen if sample.at_s >= since_s])
        )

    def _watch(self) -> None:
        while not self._ended.wait(PERIOD_S):
            self._look()

    def _look(self) -> None:
        for process in _family(self.pids):
            with contextlib.suppress(psutil.Error):
                with process.oneshot():
                    times = process.cpu_times()
                    sample = Sample(
                        time.monotonic(), process.memory_info().rss, times.user + times.system
                    )
                    self.commands.setdefault(process.pid, _command(process))
                self.samples.setdefault(process.pid, []).append(sample)


def _family(pids: tuple[int, ...]) -> Iterator[psutil.Process]:
    for pid in pids:
        with contextlib.suppress(psutil.Error):
            process = psutil.Process(pid)
            yield process
            yield from process.children(recursive=True)


def _command(process: psutil.Process) -> str:
    """What it is, in a few words."""
    words: list[str] = process.cmdline()
    if "-m" in words[:-1]:
        return words[words.index("-m") + 1]
    return str(process.name())


def _growth(pid: int, command: str, seen: list[Sample]) -> Growth:
    tenth = max(1, len(seen) // 10)
    first, last = _median(seen[:tenth]), _median(seen[-tenth:])
    processor_s = seen[-1].processor_s - seen[0].processor_s
    peak_bytes = max(sample.memory_bytes for sample in seen) - first
    return Growth(pid, command, processor_s, last - first, last, peak_bytes, tuple(seen))


def _median(samples: list[Sample]) -> int:
    return sorted(sample.memory_bytes for sample in samples)[len(samples) // 2]
