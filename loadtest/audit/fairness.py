"""Whether each owner was served in its turn, however many jobs others had waiting.

Looked at is each job that came when its owner had none waiting: with fair turns it starts after one
job of each other owner that waited then. How long that takes follows from how long workers were
taken by a job, on the average of the times when jobs waited.
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
    """Other owners that had some waiting: one job of each goes before it."""
    started_before: int
    """Jobs that were started after it was made and before it was."""
    wait_s: float
    """From when it was made to its start."""


def fairness(told: Sequence[Told], books: Books) -> Mapping[str, float]:
    """How firsts were served.

    `firsts`: how many there were. `running`, `service_ms`: of `Service`. `late`: by how much the
    worst started after its fair turn, in (running + 1) × service time: at most 1 is fair.
    `passed_over`: the same counted in jobs: how many the worst saw start besides those of its turn,
    in (running + 1). `first_ms`: the longest wait of a first.
    """
    found = firsts(books.jobs)
    service = service_of([job for jobs in books.jobs.values() for job in jobs])
    room = service.running + 1
    return {
        "firsts": len(found),
        "running": service.running,
        "service_ms": service.each_s * 1e3,
        "late": max((late(one, service) for one in found), default=0.0),
        "passed_over": max(((one.started_before - one.ahead) / room for one in found), default=0.0),
        "first_ms": max((one.wait_s for one in found), default=0.0) * 1e3,
    }


def late(one: First, service: Service) -> float:
    """How long after its fair turn it started, in (running + 1) × service time; before it: 0."""
    if not service.each_s:
        return 0.0
    turn_s = one.ahead * service.each_s / service.running
    return max(0.0, one.wait_s - turn_s) / ((service.running + 1) * service.each_s)


def service_of(jobs: Sequence[JobInfo]) -> Service:
    """From when jobs were made, started and finished."""
    ran = sorted((j.started_us, j.created_us, j.finished_us or j.started_us)
                 for j in jobs if j.started_us is not None)  # fmt: skip
    running, ends = 0, list[int]()
    for started_us, _, finished_us in ran:
        insort(ends, finished_us)
        running = max(running, len(ends) - bisect_right(ends, started_us))
    gaps_us = [after[0] - before[0] for before, after in pairwise(ran) if after[1] <= before[0]]
    each_us = sum(gaps_us) / len(gaps_us) * max(running, 1) if gaps_us else 0.0
    return Service(max(running, 1), each_us / MEGA)


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
            ahead = sum(_waits(other, made_us) for name, other in queues.items() if name != owner)
            before = bisect_left(starts, started_us) - bisect_right(starts, made_us)
            wait_s = (started_us - made_us) / MEGA
            found.append(First(owner, ahead, max(before, 0), wait_s))
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


def _waits(queue: Sequence[tuple[int, int]], at_us: int) -> bool:
    return any(begin_us <= at_us < end_us for begin_us, end_us in queue)
