"""Whether each owner was served in its turn, however many jobs others had waiting.

Looked at is each job that came when its owner had none waiting: with fair turns it starts once the
jobs that ran when it came, and one job of each other owner that waits meanwhile, have had a worker.
How long those took is theirs, and may be much: a job computes when nothing else wants the machine.
The rest of its wait, in which a worker was idle or served somebody out of turn, is how late it was.
Source: start-time fair queueing: an owner who was idle neither saves turns up nor owes any.
"""

from __future__ import annotations

from bisect import bisect_right, insort
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from itertools import pairwise

from loadtest.audit.books import Books
from loadtest.told import Told
from swath.job import JobInfo

MEGA = 1e6
Span = tuple[int, int]
"""When a job had a worker, in microseconds: from its first start to its end."""
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
    made_us: int
    started_us: int
    before: tuple[Span, ...]
    """Jobs that may have a worker before it: those that had one when it came, and of each other
    owner the first that got one while it waited."""
    passed_by: int
    """Jobs that got a worker while it waited and are none of those."""

    @property
    def wait_s(self) -> float:
        """From when it was made to its start."""
        return (self.started_us - self.made_us) / MEGA


def fairness(told: Sequence[Told], books: Books) -> Mapping[str, float]:
    """How firsts were served.

    `firsts`: how many there were. `running`, `service_ms`: of `Service`. `late`: by how much the
    worst started after its fair turn, in (running + 1) × service time: at most 1 is fair.
    `passed_over`: the same counted in jobs: how many the worst saw start besides those of its turn,
    in (running + 1). `first_ms`: the longest wait of a first, its turn included.
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
        "passed_over": max((one.passed_by / room for one in found), default=0.0),
        "first_ms": max((one.wait_s for one in found), default=0.0) * 1e3,
    }


def late(one: First, service: Service) -> float:
    """How long after its fair turn it started, in (running + 1) × service time."""
    if not service.each_s:
        return 0.0
    own_s = _shorthanded_us(one, service.running) / MEGA
    return own_s / ((service.running + 1) * service.each_s)


def _shorthanded_us(one: First, workers: int) -> int:
    """How long of its wait fewer workers than there are had a job that may go before it."""
    edges = {one.made_us, one.started_us, *(edge for span in one.before for edge in span)}
    times = sorted(edge for edge in edges if one.made_us <= edge <= one.started_us)
    return sum(
        end - begin
        for begin, end in pairwise(times)
        if sum(a <= begin and end <= b for a, b in one.before) < workers
    )


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
    """Those of all owners. One that never started does not count."""
    ran = {
        owner: [job for job in each if job.started_us is not None] for owner, each in jobs.items()
    }
    return [_first(owner, *wait, ran) for owner, each in ran.items() for wait in _first_waits(each)]


def _first(
    owner: str, made_us: int, started_us: int, jobs: Mapping[str, Sequence[JobInfo]]
) -> First:
    before, passed_by = list[Span](), 0
    for other, each in jobs.items():
        spans = sorted(map(_span, each))
        before += [span for span in spans if span[0] < made_us < span[1]]
        meanwhile = [span for span in spans if made_us <= span[0] < started_us]
        in_turn = 0 if other == owner else 1
        before += meanwhile[:in_turn]
        passed_by += len(meanwhile[in_turn:])
    return First(owner, made_us, started_us, tuple(before), passed_by)


def _span(job: JobInfo) -> Span:
    assert job.started_us is not None, "it started"
    return job.started_us, job.started_us if job.finished_us is None else job.finished_us


def _first_waits(jobs: Sequence[JobInfo]) -> list[Span]:
    """From making to start, of each job of an owner that came when none of its others waited."""
    found, waits_until_us = list[Span](), -1
    for made_us, started_us in sorted((job.created_us, _span(job)[0]) for job in jobs):
        if made_us > waits_until_us:
            found.append((made_us, started_us))
        waits_until_us = max(waits_until_us, started_us)
    return found
