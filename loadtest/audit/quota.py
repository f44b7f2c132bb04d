"""Whether quotas were kept exactly: nobody had more jobs than it may, nobody was refused too early.

Computed from when each job was made and when it was done, as the server lists them.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence

import numpy as np
from numpy.typing import NDArray

from loadtest.audit.books import Books
from loadtest.records import OK
from loadtest.told import Told
from swath.job import JobInfo

REFUSED = "RESOURCE_EXHAUSTED"

Ints = NDArray[np.int64]


def quota(told: Sequence[Told], books: Books) -> Mapping[str, float]:
    """Counts of requests and of jobs.

    `sent` = `accepted` + `refused` + `otherwise` (ended with any other status). `unlisted`: how
    many jobs the server lists of these requests more or less than were accepted. `over`: how far
    the owner that had most was beyond its limit; negative: it never reached it. `too_early`:
    refusals of an owner that at no moment of the call had as many jobs as it may.
    """
    accepted = sum(one.code == OK for one in told)
    refused = [one for one in told if one.code == REFUSED]
    asked = {one.request for one in told}
    listed = sum(job.labels.get("request") in asked for jobs in books.jobs.values() for job in jobs)
    over, too_early = [], 0
    for owner, limit in books.limits.items():
        jobs = books.jobs[owner]
        over.append(most_outstanding(jobs) - limit)
        too_early += sum(
            most_outstanding_within(jobs, [o for o in refused if o.owner == owner]) < limit
        )
    return {
        "sent": len(told),
        "accepted": accepted,
        "refused": len(refused),
        "otherwise": len(told) - accepted - len(refused),
        "unlisted": abs(listed - accepted),
        "over": max(over, default=0),
        "too_early": int(too_early),
    }


def most_outstanding(jobs: Sequence[JobInfo]) -> int:
    """The most jobs that were not done at once; what ends in one moment does so before others."""
    _, after = _levels(jobs, made_first=False)
    return int(after.max(initial=0))


def most_outstanding_within(jobs: Sequence[JobInfo], calls: Sequence[Told]) -> Ints:
    """For each call the most that were not done at any moment of it."""
    times, after = _levels(jobs, made_first=True)
    levels = np.concatenate([[0], after])
    # The level that a call met, and all that came while it went on.
    first = np.searchsorted(times, [call.begun_us for call in calls], "left")
    end = np.searchsorted(times, [call.ended_us for call in calls], "right")
    return np.array([levels[a : b + 1].max() for a, b in zip(first, end, strict=True)], np.int64)


def _levels(jobs: Sequence[JobInfo], *, made_first: bool) -> tuple[Ints, Ints]:
    """When something was made or done, in order, and how many were not done after it."""
    made = np.array([job.created_us for job in jobs], np.int64)
    done = np.array([job.finished_us for job in jobs if job.finished_us is not None], np.int64)
    times = np.concatenate([made, done])
    steps = np.concatenate([np.ones(len(made), np.int64), -np.ones(len(done), np.int64)])
    order = np.lexsort((-steps if made_first else steps, times))
    return times[order], np.cumsum(steps[order])
