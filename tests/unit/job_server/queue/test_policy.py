"""Which failures are tried again, when, and what an ended job says."""

from __future__ import annotations

from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from job_server.queue.policy import RetryRules, ceiling_us, decide, lost
from job_server.store.record import Failure, JobRecord, Kind
from swath.errors import (
    DeadlineExceeded,
    EngineCrashed,
    InternalError,
    InvalidArgument,
    ResultTooLarge,
    SourceUnavailable,
    SwathError,
    Unavailable,
    Where,
)
from swath.job import Outcome
from swath.wire.job_error import decode_job_error, encode_job_error
from tests.unit.job_server.queue.records import HOUR, NOW, record

RULES = RetryRules()
SECOND = 1_000_000
GONE = encode_job_error(SourceUnavailable("The file could not be read.", where=Where(node=3)))

rules = st.builds(
    RetryRules,
    first_us=st.integers(1, 10 * SECOND),
    longest_us=st.integers(10 * SECOND, 10 * HOUR),
    most_crashes=st.integers(1, 5),
    most_timeouts=st.integers(1, 5),
    most_memory_losses=st.integers(1, 5),
)
chances = st.floats(0, 1, exclude_max=True)
records = st.builds(
    record,
    attempt=st.integers(0, 10_000),
    crash_losses=st.integers(0, 6),
    memory_losses=st.integers(0, 6),
    timeout_losses=st.integers(0, 6),
    age_limit_us=st.integers(0, 48 * HOUR),
    cancel_requested=st.booleans(),
)
ages = st.integers(0, 72 * HOUR)


def told(failure: Failure) -> SwathError:
    """The error that the job keeps."""
    assert failure.error is not None
    return decode_job_error(failure.error)


def fail(kind: Kind, error: bytes | None = None, now_us: int = NOW, **job: Any) -> Failure:
    """What is decided with the usual rules, in the middle of the jitter."""
    return decide(record(**job), kind, error, now_us, lambda: 0.5, RULES)


@given(st.integers(-1, 100_000), rules)
def test_ceilings_are_within_bounds(failures: int, given_rules: RetryRules) -> None:
    assert given_rules.first_us <= ceiling_us(failures, given_rules) <= given_rules.longest_us


@given(st.integers(0, 10_000), rules)
def test_ceilings_never_fall_with_failures(failures: int, given_rules: RetryRules) -> None:
    assert ceiling_us(failures, given_rules) <= ceiling_us(failures + 1, given_rules)


def test_ceilings_double_from_one_second_to_five_minutes() -> None:
    told_s = [ceiling_us(failures, RULES) // SECOND for failures in range(1, 12)]
    assert told_s == [1, 2, 4, 8, 16, 32, 64, 128, 256, 300, 300]


@given(records, st.sampled_from(Kind), ages, chances, rules)
def test_a_retry_is_neither_in_the_past_nor_behind_its_ceiling(
    job: JobRecord, kind: Kind, age_us: int, chance: float, given_rules: RetryRules
) -> None:
    now_us = job.created_us + age_us
    failure = decide(job, kind, GONE, now_us, lambda: chance, given_rules)
    if failure.retry_at_us is not None:
        assert now_us <= failure.retry_at_us <= now_us + given_rules.longest_us


@given(records, ages, chances, rules)
def test_a_transient_failure_is_retried_exactly_until_the_age_limit(
    job: JobRecord, age_us: int, chance: float, given_rules: RetryRules
) -> None:
    now_us = job.created_us + age_us
    failure = decide(job, Kind.TRANSIENT, GONE, now_us, lambda: chance, given_rules)
    is_young = age_us < job.age_limit_us
    assert (failure.retry_at_us is not None) == (is_young and not job.cancel_requested)
    if failure.retry_at_us is not None:
        assert failure.retry_at_us <= job.created_us + job.age_limit_us


@given(records, st.sampled_from(Kind), ages, chances)
def test_every_failure_but_a_cancelled_one_has_an_error(
    job: JobRecord, kind: Kind, age_us: int, chance: float
) -> None:
    failure = decide(job, kind, None, job.created_us + age_us, lambda: chance, RULES)
    assert (failure.error is None) == (failure.kind is Kind.CANCELLED)


@given(records, st.sampled_from(Kind), ages, chances)
def test_a_job_whose_cancellation_was_asked_for_ends_as_cancelled(
    job: JobRecord, kind: Kind, age_us: int, chance: float
) -> None:
    failure = decide(job, kind, GONE, job.created_us + age_us, lambda: chance, RULES)
    if job.cancel_requested or kind is Kind.CANCELLED:
        assert failure == Failure(Kind.CANCELLED, None, None, Outcome.CANCELLED)
    else:
        assert failure.kind is kind
        assert failure.outcome is Outcome.FAILURE


@pytest.mark.parametrize("attempt", [1, 2, 50, 10_000])
def test_no_number_of_transient_failures_ends_a_job(attempt: int) -> None:
    assert fail(Kind.TRANSIENT, GONE, attempt=attempt).retry_at_us is not None


def test_the_wait_is_a_random_part_of_the_ceiling() -> None:
    failure = fail(Kind.TRANSIENT, GONE, attempt=4)
    assert failure.retry_at_us == NOW + 4 * SECOND


def test_an_error_is_kept_as_told_while_the_job_is_tried_again() -> None:
    assert fail(Kind.TRANSIENT, GONE).error == GONE


@pytest.mark.parametrize(
    ("kind", "field", "most"),
    [
        (Kind.CRASH, "crash_losses", 3),
        (Kind.TIMEOUT, "timeout_losses", 2),
        (Kind.MEMORY, "memory_losses", 2),
    ],
)
def test_losses_are_counted_by_kind_and_the_last_ends_the_job(
    kind: Kind, field: str, most: int
) -> None:
    jobs = [record(**{field: before}) for before in range(most + 2)]
    ends = [decide(j, kind, None, NOW, lambda: 0.5, RULES).retry_at_us is None for j in jobs]
    assert ends == [False] * (most - 1) + [True] * 3


def test_losses_of_other_kinds_do_not_count() -> None:
    failure = fail(Kind.CRASH, memory_losses=9, timeout_losses=9, attempt=90)
    assert failure.retry_at_us is not None


def test_a_permanent_failure_is_never_retried_and_keeps_its_error() -> None:
    error = encode_job_error(InvalidArgument("There is no band 'nir2'."))
    assert fail(Kind.PERMANENT, error) == Failure(Kind.PERMANENT, error, None)


def test_a_job_too_old_to_retry_says_what_was_wrong_how_often_and_the_way_out() -> None:
    error = told(fail(Kind.TRANSIENT, GONE, NOW + 25 * HOUR, attempt=40))
    assert isinstance(error, SourceUnavailable)
    assert error.problem.startswith("The file could not be read. It was tried 40 times in 24 h")
    assert "resubmit" in error.problem
    assert error.where.node == 3


def test_a_job_whose_process_was_lost_too_often_says_so() -> None:
    error = told(fail(Kind.CRASH, crash_losses=2))
    assert isinstance(error, EngineCrashed)
    assert "3 times" in error.problem
    assert "smaller area" in error.problem


def test_a_job_that_took_too_long_says_how_long_it_may_take() -> None:
    error = told(fail(Kind.TIMEOUT, timeout_losses=1, attempt_timeout_us=90 * SECOND))
    assert isinstance(error, DeadlineExceeded)
    assert "longer than 90 s. This happened 2 times" in error.problem
    assert error.timeout_s == 90.0


def test_a_job_that_ran_out_of_memory_twice_says_what_to_compute_instead() -> None:
    error = told(fail(Kind.MEMORY, memory_losses=1))
    assert isinstance(error, ResultTooLarge)
    assert "smaller windows" in error.problem


@pytest.mark.parametrize(
    ("kind", "cls"), [(Kind.TRANSIENT, Unavailable), (Kind.PERMANENT, InternalError)]
)
def test_a_worker_that_gives_no_error_is_said_to_have_given_none(
    kind: Kind, cls: type[SwathError]
) -> None:
    error = told(fail(kind))
    assert isinstance(error, cls)
    assert "did not say why" in error.problem


def reaped(now_us: int, **job: Any) -> Failure:
    """What becomes of a job that is reaped."""
    return lost(record(**job), now_us, lambda: 0.5, RULES)


def test_a_lease_that_passed_is_a_lost_worker() -> None:
    failure = reaped(NOW + 61 * SECOND)
    assert (failure.kind, failure.outcome) == (Kind.CRASH, Outcome.LOST)
    assert failure.retry_at_us is not None
    assert isinstance(told(failure), EngineCrashed)


def test_a_deadline_that_passed_is_a_timeout() -> None:
    failure = reaped(NOW + 3 * HOUR, lease_until_us=NOW + 3 * HOUR + SECOND)
    assert (failure.kind, failure.outcome) == (Kind.TIMEOUT, Outcome.FAILURE)


def test_a_worker_lost_long_before_the_deadline_is_lost_though_both_have_passed() -> None:
    assert reaped(NOW + 30 * HOUR).kind is Kind.CRASH


def test_a_worker_that_renewed_beyond_the_deadline_took_too_long_though_both_have_passed() -> None:
    failure = reaped(NOW + 30 * HOUR, lease_until_us=NOW + 2 * HOUR + SECOND)
    assert failure.kind is Kind.TIMEOUT


def test_a_lost_job_whose_cancellation_was_asked_for_ends_as_cancelled() -> None:
    failure = reaped(NOW + 61 * SECOND, cancel_requested=True)
    assert failure == Failure(Kind.CANCELLED, None, None, Outcome.CANCELLED)
