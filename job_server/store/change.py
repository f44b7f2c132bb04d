"""What a job becomes: the decisions that every store shares, as pure functions of a record.

No SQL, no clock, no counting of owners: a store reads a record, asks here what it becomes, and
writes that. Times never go back: a clock that does makes `updated_us` stay.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import replace

from job_server.store.record import (
    Beat,
    Directive,
    Failure,
    JobRecord,
    Kind,
    Lease,
    Manifest,
    NewJob,
)
from swath.job import Outcome, Stage, Status

WORKING = (Stage.PREPARING, Stage.RUNNING, Stage.SAVING)
"""The stages in which a worker has the job."""


def created(new: NewJob, now_us: int) -> JobRecord:
    """The first revision of a job."""
    return JobRecord(
        id=new.id,
        owner=new.owner,
        stage=Stage.QUEUED,
        status=Status.UNSPECIFIED,
        revision=1,
        steps_done=0,
        steps_total=0,
        attempt=0,
        fence=0,
        crash_losses=0,
        memory_losses=0,
        timeout_losses=0,
        error=None,
        cancel_requested=False,
        created_us=now_us,
        updated_us=now_us,
        run_at_us=now_us,
        started_us=None,
        finished_us=None,
        expires_us=None,
        keep_us=new.keep_us,
        attempt_timeout_us=new.attempt_timeout_us,
        age_limit_us=new.age_limit_us,
        lease_until_us=None,
        deadline_us=None,
        worker=None,
        labels=dict(new.labels),
        priority=new.priority,
        type=new.type,
        format=new.format,
        resubmitted_from=new.resubmitted_from,
        result_bytes=None,
    )


def claimed(job: JobRecord, worker: str, lease_us: int, now_us: int) -> JobRecord:
    """A queued job in the hands of a worker: a new attempt under a new fence."""
    at_us = _later(job, now_us)
    return replace(
        job,
        stage=Stage.PREPARING,
        revision=job.revision + 1,
        attempt=job.attempt + 1,
        fence=job.fence + 1,
        updated_us=at_us,
        started_us=at_us if job.started_us is None else job.started_us,
        lease_until_us=now_us + lease_us,
        deadline_us=now_us + job.attempt_timeout_us,
        worker=worker,
    )


def directive(job: JobRecord | None, lease: Lease) -> Directive:
    """What the holder of a lease is to do about its job; absent: there is none any more."""
    if job is None or job.fence != lease.fence or not job.is_leased:
        return Directive.LEASE_LOST
    return Directive.CANCEL if job.cancel_requested else Directive.CONTINUE


def renewed(job: JobRecord, beat: Beat, lease_us: int, now_us: int) -> JobRecord:
    """A job whose worker said that it lives; a new revision only where something visible changed.

    A lease is never made shorter, whatever the clock does. One whose cancellation was asked for is
    not renewed: its worker has what is left of the lease to stop in.
    """
    if job.cancel_requested:
        return job
    assert job.lease_until_us is not None
    renewal = replace(job, lease_until_us=max(job.lease_until_us, now_us + lease_us))
    stage = job.stage if beat.stage is None else beat.stage
    assert stage in WORKING, stage
    steps_done = job.steps_done if beat.steps_done is None else beat.steps_done
    if (stage, steps_done) == (job.stage, job.steps_done):
        return renewal
    return _changed(renewal, now_us, stage=stage, steps_done=steps_done)


def progressed(job: JobRecord, steps_done: int | None, now_us: int) -> JobRecord:
    """A job that is so far; absent: as before, and no new revision."""
    if steps_done is None or steps_done == job.steps_done:
        return job
    return _changed(job, now_us, steps_done=steps_done)


def pinned(job: JobRecord, steps_total: int | None, now_us: int) -> JobRecord:
    """A job that runs by a plan: a new one of `steps_total` steps; absent: the one it had."""
    if steps_total is None:
        if job.stage is Stage.RUNNING:
            return job
        return _changed(job, now_us, stage=Stage.RUNNING)
    return _changed(job, now_us, stage=Stage.RUNNING, steps_done=0, steps_total=steps_total)


def committed(job: JobRecord, manifest: Manifest, now_us: int) -> JobRecord:
    """A job that ended with success: all steps are done, and no failure is left to tell."""
    steps = max(job.steps_total, 1)
    done = _done(job, Status.SUCCESS, None, now_us)
    return replace(done, steps_done=steps, steps_total=steps, result_bytes=manifest.size_bytes)


def failed(job: JobRecord, failure: Failure, now_us: int) -> JobRecord:
    """A job after an attempt without success: queued again, or done."""
    counted = replace(
        job,
        crash_losses=job.crash_losses + (failure.kind is Kind.CRASH),
        memory_losses=job.memory_losses + (failure.kind is Kind.MEMORY),
        timeout_losses=job.timeout_losses + (failure.kind is Kind.TIMEOUT),
    )
    if job.cancel_requested or failure.kind is Kind.CANCELLED:
        return _done(counted, Status.CANCELLED, None, now_us)
    if failure.retry_at_us is None:
        return _done(counted, Status.FAILURE, failure.error, now_us)
    return _changed(
        _unleased(counted),
        now_us,
        stage=Stage.QUEUED,
        error=failure.error,
        run_at_us=failure.retry_at_us,
    )


def outcome(after: JobRecord, failure: Failure) -> Outcome:
    """How the attempt ended that made a job what it is after `failed`."""
    if after.status is Status.CANCELLED and failure.outcome is Outcome.FAILURE:
        return Outcome.CANCELLED
    return failure.outcome


def released(job: JobRecord, now_us: int) -> JobRecord:
    """A job that its worker gave back: in its old place of the queue, the attempt not counted.

    One whose cancellation was asked for ends as cancelled, as no worker has it any more.
    """
    uncounted = replace(job, attempt=job.attempt - 1)
    if job.cancel_requested:
        return _done(uncounted, Status.CANCELLED, None, now_us)
    return _changed(_unleased(uncounted), now_us, stage=Stage.QUEUED)


def cancelled(job: JobRecord, now_us: int) -> JobRecord:
    """A job whose end was asked for: done if it was queued; one that is done stays as it is."""
    if job.is_done or job.cancel_requested:
        return job
    asked = replace(job, cancel_requested=True)
    if job.stage is Stage.QUEUED:
        return _done(asked, Status.CANCELLED, None, now_us)
    return _changed(asked, now_us)


def updated(
    job: JobRecord, labels: Mapping[str, str] | None, keep_us: int | None, now_us: int
) -> JobRecord:
    """A job with other labels, or kept for another time (0: for ever); absent: as before."""
    after = _changed(job, now_us)
    if labels is not None:
        after = replace(after, labels=dict(labels))
    if keep_us is None:
        return after
    kept = replace(after, keep_us=keep_us or None)
    if not job.is_done:
        return kept
    return replace(kept, expires_us=now_us + keep_us if keep_us else None)


def removed(job: JobRecord, now_us: int) -> JobRecord:
    """A job whose result is no longer there."""
    return _changed(job, now_us, result_bytes=None)


def _changed(job: JobRecord, now_us: int, **fields: object) -> JobRecord:
    at_us = _later(job, now_us)
    changes: dict[str, object] = {"revision": job.revision + 1, "updated_us": at_us, **fields}
    return replace(job, **changes)  # type: ignore[arg-type]


def _unleased(job: JobRecord) -> JobRecord:
    return replace(job, lease_until_us=None, deadline_us=None, worker=None)


def _done(job: JobRecord, status: Status, error: bytes | None, now_us: int) -> JobRecord:
    at_us = _later(job, now_us)
    expires_us = None if job.keep_us is None else at_us + job.keep_us
    return _changed(
        _unleased(job),
        at_us,
        stage=Stage.DONE,
        status=status,
        error=error,
        finished_us=at_us,
        expires_us=expires_us,
    )


def _later(job: JobRecord, now_us: int) -> int:
    return max(job.updated_us, now_us)
