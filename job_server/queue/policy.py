"""Which failures are tried again, when, and what an ended job says of itself. Pure rules.

| kind      | tried again                                                              |
|-----------|--------------------------------------------------------------------------|
| TRANSIENT | until the job is older than its age limit, however often                 |
| CRASH     | until its process was lost `most_crashes` times: a job may be the cause  |
| TIMEOUT   | until it took too long `most_timeouts` times                             |
| MEMORY    | until it ran out `most_memory_losses` times: the next windows are smaller|
| PERMANENT | never                                                                    |
| CANCELLED | never                                                                    |

Each waits for a random part of a ceiling that doubles with each try ("full jitter"), so that jobs
that failed together do not come back together.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, replace

from job_server.store.record import Failure, JobRecord, Kind
from swath.errors import (
    DeadlineExceeded,
    EngineCrashed,
    InternalError,
    ResultTooLarge,
    SwathError,
    Unavailable,
)
from swath.job import Outcome
from swath.wire.job_error import decode_job_error, encode_job_error

SECOND_US = 1_000_000

Random = Callable[[], float]
"""Gives numbers from 0 up to but not including 1."""


@dataclass(frozen=True, slots=True)
class RetryRules:
    """How often and how soon jobs are tried again."""

    first_us: int = SECOND_US
    """Longest wait before the second try; it doubles with each further one."""
    longest_us: int = 300 * SECOND_US
    """Longest wait before any."""
    most_crashes: int = 3
    """Losses of its process that end a job."""
    most_timeouts: int = 2
    """Attempts that took too long that end a job."""
    most_memory_losses: int = 2
    """Attempts without enough memory that end a job."""


def decide(
    job: JobRecord,
    kind: Kind,
    error: bytes | None,
    now_us: int,
    random: Random,
    rules: RetryRules,
) -> Failure:
    """What becomes of a job whose attempt failed.

    Args:
        job: as it was while the attempt ran: this failure is not counted in it.
        error: a serialised JobError, as the worker told it; absent: it told none.
    """
    if kind is Kind.CANCELLED or job.cancel_requested:
        return Failure(Kind.CANCELLED, None, None, Outcome.CANCELLED)
    told = decode_job_error(error) if error else _untold(job, kind)
    failures = _failures(job, kind)
    if _is_last(job, kind, failures, now_us, rules):
        return Failure(kind, encode_job_error(_final(job, kind, told, failures)), None)
    retry_at_us = now_us + int(random() * ceiling_us(failures, rules))
    if kind is Kind.TRANSIENT:
        retry_at_us = min(retry_at_us, _too_old_us(job))
    return Failure(kind, error or encode_job_error(told), retry_at_us)


def lost(job: JobRecord, now_us: int, random: Random, rules: RetryRules) -> Failure:
    """What becomes of a leased job that nobody renewed in time, or that took too long.

    Where both have passed, the sooner one tells what happened.
    """
    lease_us, deadline_us = job.lease_until_us or 0, job.deadline_us or 0
    if deadline_us <= min(now_us, lease_us):
        return decide(job, Kind.TIMEOUT, None, now_us, random, rules)
    failure = decide(job, Kind.CRASH, None, now_us, random, rules)
    return failure if failure.kind is Kind.CANCELLED else replace(failure, outcome=Outcome.LOST)


def ceiling_us(failures: int, rules: RetryRules) -> int:
    """The longest wait after that many failures, from 1."""
    return min(rules.longest_us, rules.first_us << min(max(failures, 1) - 1, 40))


def _failures(job: JobRecord, kind: Kind) -> int:
    """Failures of its kind, with this one."""
    before = {
        Kind.CRASH: job.crash_losses,
        Kind.MEMORY: job.memory_losses,
        Kind.TIMEOUT: job.timeout_losses,
    }
    return before[kind] + 1 if kind in before else max(job.attempt, 1)


def _is_last(job: JobRecord, kind: Kind, failures: int, now_us: int, rules: RetryRules) -> bool:
    most = {
        Kind.CRASH: rules.most_crashes,
        Kind.MEMORY: rules.most_memory_losses,
        Kind.TIMEOUT: rules.most_timeouts,
    }
    if kind is Kind.TRANSIENT:
        return now_us >= _too_old_us(job)
    return failures >= most.get(kind, 0)


def _too_old_us(job: JobRecord) -> int:
    return job.created_us + job.age_limit_us


def _untold(job: JobRecord, kind: Kind) -> SwathError:
    """The error of an attempt whose worker gave none."""
    if kind is Kind.CRASH:
        return EngineCrashed("The worker that computed this job was lost.")
    if kind is Kind.TIMEOUT:
        timeout_s = job.attempt_timeout_us / SECOND_US
        return DeadlineExceeded(
            f"The attempt took longer than {_spoken(job.attempt_timeout_us)}.", timeout_s=timeout_s
        )
    if kind is Kind.MEMORY:
        return ResultTooLarge("The attempt needed more memory than it may have.")
    if kind is Kind.TRANSIENT:
        return Unavailable("The attempt failed, and its worker did not say why.")
    return InternalError("The attempt failed, and its worker did not say why: report it.")


def _final(job: JobRecord, kind: Kind, told: SwathError, failures: int) -> SwathError:
    """The error that the ended job keeps: what happened, how often, and the way out."""
    ending = {
        Kind.TRANSIENT: f"It was tried {_times(failures)} in {_spoken(job.age_limit_us)}, which"
        " is as long as a job is tried: resubmit it when the cause is gone.",
        Kind.CRASH: f"This happened {_times(failures)}, so it is not tried again: compute a"
        " smaller area or fewer images, and if that fails too, report it.",
        Kind.TIMEOUT: f"This happened {_times(failures)}, so it is not tried again: compute a"
        " smaller area, or allow each attempt more time by attempt_timeout.",
        Kind.MEMORY: f"This happened {_times(failures)}, also in smaller windows, so it is not"
        " tried again: compute a smaller area, fewer bands or fewer images.",
    }.get(kind)
    if ending is None:
        return told
    return type(told)(f"{told.problem} {ending}", where=told.where, **told.fields)


def _times(count: int) -> str:
    return "once" if count == 1 else f"{count} times"


def _spoken(span_us: int) -> str:
    """A time for people, such as `24 h` or `90 s`."""
    seconds = span_us / SECOND_US
    return f"{seconds / 3600:g} h" if seconds >= 7200 else f"{seconds:g} s"
