"""Whether each owner was served in its turn, however many jobs others had waiting.

Looked at is each job that came when its owner had none waiting: with fair turns it starts after at
most one job of each other owner that waits meanwhile. How long that takes follows from how long
workers were taken by a job, on the average of a second around it.
Source: start-time fair queueing: an owner who was idle neither saves turns up nor owes any.
"""

from __future__ import annotations

from bisect import bisect_left, bisect_right, insort
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from itertools import pairwise

from loadtest.audit.books import Books
from loadtest.told import Told
from swath.job import JobInfo

MEGA = 1e6
AROUND_US = 500_000
"""Before and after a wait: what a job takes a worker depends on what else the server does."""


@dataclass(frozen=True, slots=True)
class Service:
    """How workers went through what waited."""

    running: int
    """Most jobs that ran at once."""
    each_s: float
    """How long a job took a worker, from its start to that of the next; 0: none ever waited."""


@dataclass(frozen=True, slots=True)
class First:
    """A job that came when its owner had none waiting."""

    owner: str
    ahead: int
    """Other owners that had some waiting meanwhile: one job of each may go before it."""
    made_us: int
    started_us: int
    started_before: int
    """Jobs that were started after it was made and before it was."""

    @property
    def wait_s(self) -> float:
        """From when it was made to its start."""
        return (self.started_us - self.made_us) / MEGA


def fairness(told: Sequence[Told], books: Books) -> Mapping[str, float]:
    """How firsts were served.

    `firsts`: how many there were. `running`, `service_ms`: of `Service`. `late`: by how much the
    worst started after its fair turn, in (running + 1) × service time: at most 1 is fair.
    `passed_over`: the same counted in jobs: how many the worst saw start besides those of its turn,
    in (running + 1). `first_ms`: the longest wait of a first.
    """
    found = firsts(books.jobs)
    ran = Ran([job for jobs in books.jobs.values() for job in jobs])
    service = ran.service()
    room = service.running + 1
    return {
        "firsts": len(found),
        "running": service.running,
        "service_ms": service.each_s * 1e3,
        "late": max((late(one, ran.service_around(one)) for one in found), default=0.0),
        "passed_over": max(((one.started_before - one.ahead) / room for one in found), default=0.0),
        "first_ms": max((one.wait_s for one in found), default=0.0) * 1e3,
    }


def late(one: First, service: Service) -> float:
    """How long after its fair turn it started, in (running + 1) × service time; before it: 0."""
    if not service.each_s:
        return 0.0
    turn_s = one.ahead * service.each_s / service.running
    return max(0.0, one.wait_s - turn_s) / ((service.running + 1) * service.each_s)


class Ran:
    """When jobs of all owners ran."""

    def __init__(self, jobs: Sequence[JobInfo]) -> None:
        spans = sorted(
            (job.started_us, job.finished_us or job.started_us, job.created_us)
            for job in jobs
            if job.started_us is not None
        )
        self._running = max(1, most_at_once([(begin, end) for begin, end, _ in spans]))
        # From one start to the next, where that one waited already: then a worker was taken.
        self._gaps_us = [
            (before[0], after[0]) for before, after in pairwise(spans) if after[2] <= before[0]
        ]

    def service(self) -> Service:
        """On the average of all times when jobs waited."""
        return self._of(self._gaps_us)

    def service_around(self, one: First) -> Service:
        """The same around a wait; where nothing waited then: of all times."""
        from_us, to_us = one.made_us - AROUND_US, one.started_us + AROUND_US
        near = [gap for gap in self._gaps_us if gap[0] < to_us and gap[1] > from_us]
        return self._of(near or self._gaps_us)

    def _of(self, gaps_us: Sequence[tuple[int, int]]) -> Service:
        taken_us = sum(end - begin for begin, end in gaps_us)
        each_s = taken_us / len(gaps_us) * self._running / MEGA if gaps_us else 0.0
        return Service(self._running, each_s)


def most_at_once(spans: Sequence[tuple[int, int]]) -> int:
    """How many of them overlap at most; `spans` are sorted."""
    most, ends = 0, list[int]()
    for begin, end in spans:
        insort(ends, end)
        most = max(most, len(ends) - bisect_right(ends, begin))
    return most


def firsts(jobs: Mapping[str, Sequence[JobInfo]]) -> list[First]:
    """Those of all owners. Of a job its first start counts; one that never started does not."""
    spans = {
        owner: sorted((j.created_us, j.started_us) for j in each if j.started_us is not None)
        for owner, each in jobs.items()
    }
    starts = sorted(started for each in spans.values() for _, started in each)
    queues = {owner: _waiting(each) for owner, each in spans.items()}
    found = []
    for owner, queue in queues.items():
        for made_us, _ in queue:
            started_us = next(s for m, s in spans[owner] if m == made_us)
            others = [other for name, other in queues.items() if name != owner]
            ahead = sum(_waits(other, made_us, started_us) for other in others)
            before = bisect_left(starts, started_us) - bisect_right(starts, made_us)
            found.append(First(owner, ahead, made_us, started_us, max(before, 0)))
    return found


def _waiting(spans: Sequence[tuple[int, int]]) -> list[tuple[int, int]]:
    """The stretches in which an owner had a job waiting: from the first's making to a start."""
    found: list[tuple[int, int]] = []
    for made_us, started_us in spans:
        if found and made_us <= found[-1][1]:
            found[-1] = found[-1][0], max(found[-1][1], started_us)
        else:
            found.append((made_us, started_us))
    return found


def _waits(queue: Sequence[tuple[int, int]], from_us: int, to_us: int) -> bool:
    """Whether one of its stretches meets another."""
    return any(begin_us < to_us and from_us < end_us for begin_us, end_us in queue)
