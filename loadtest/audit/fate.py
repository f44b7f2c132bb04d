"""What became of each job that was promised: none lost, each ended once."""

from __future__ import annotations

from collections import Counter
from collections.abc import Mapping, Sequence

from loadtest.audit.books import Books
from loadtest.told import Told
from swath.job import JobInfo, Outcome, Status

LAST = (Outcome.SUCCESS, Outcome.CANCELLED)
"""How an attempt may end that no further one may follow."""


def fate(told: Sequence[Told], books: Books) -> Mapping[str, float]:
    """Counts of jobs.

    `acknowledged`: clients were told that they exist. Of these, `lost`: the server does not list
    them, or they do not end; `failed`: they did not succeed; `ended_twice`: they went on after
    their end; `run_again`: they took several attempts. `made_twice`: further jobs of one request.
    `unheard`: jobs of requests whose client was never told that they exist.
    """
    promised = [one for one in told if one.job]
    found = [(one, books.whole.get(one.job)) for one in promised]
    ended = [(one, job) for one, job in found if job is not None and job.is_done]
    asked = {one.request for one in told}
    made = Counter(
        job.labels["request"]
        for jobs in books.jobs.values()
        for job in jobs
        if job.labels.get("request") in asked
    )
    heard = {one.request for one in promised}
    return {
        "acknowledged": len(promised),
        "lost": len(promised) - len(ended),
        "failed": sum(job.status is not Status.SUCCESS for _, job in ended),
        "ended_twice": sum(ended_twice(one, job) for one, job in ended),
        "run_again": sum(job.attempt > 1 for _, job in ended),
        "made_twice": sum(made.values()) - len(made),
        "unheard": len(made.keys() - heard),
    }


def ended_twice(told: Told, job: JobInfo) -> bool:
    """Whether a job that is done went on after an end.

    It shows in its attempts, where one follows the last; or in that its end is not the one that its
    owner saw.
    """
    last = [n for n, attempt in enumerate(job.attempts, 1) if attempt.outcome in LAST]
    went_on = bool(last) and last[0] != len(job.attempts)
    return went_on or told.end_revision not in (0, job.revision)
