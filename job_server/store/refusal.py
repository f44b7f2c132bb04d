"""The errors of jobs that are not there or not as they were meant to be, each with its sentence."""

from __future__ import annotations

from job_server.store.record import JobRecord
from swath.errors import (
    JobDeleted,
    JobNotDone,
    JobNotFound,
    LeaseLost,
    RequestIdReused,
    ResourceExhausted,
    ResultExpired,
)


def job_not_found(job: str) -> JobNotFound:
    """There is none, it is another owner's, or it was deleted."""
    return JobNotFound(
        f"You have no job {job}: `swath jobs list` shows those that there are.", job_id=job
    )


def job_deleted(job: str, request_id: str) -> JobDeleted:
    """The job that a request made was deleted since."""
    return JobDeleted(
        f"This request created job {job}, which has been deleted: send a new request id to create"
        " another one.",
        job_id=job,
        request_id=request_id,
    )


def job_not_done(job: JobRecord) -> JobNotDone:
    """It has not ended."""
    return JobNotDone(
        f"Job {job.id} has not ended yet: cancel it first, or wait for it.",
        job_id=job.id,
        stage=job.stage.value,
    )


def lease_lost(job: str) -> LeaseLost:
    """The job was handed on, cancelled or ended."""
    return LeaseLost(f"Job {job} is not this worker's any more.", job_id=job)


def request_id_reused(request_id: str) -> RequestIdReused:
    """Another request has that id."""
    return RequestIdReused(
        f"The request id {request_id!r} was used for another job: use a new one.",
        request_id=request_id,
    )


def quota_exceeded(outstanding: int, limit: int) -> ResourceExhausted:
    """The owner has as many jobs as it may have."""
    return ResourceExhausted(
        f"{outstanding} of at most {limit} jobs are not done yet: wait for some, or cancel some.",
        quota="outstanding_jobs",
        limit=limit,
        used=outstanding,
    )


def result_expired(job: JobRecord) -> ResultExpired:
    """Its result was removed."""
    return ResultExpired(
        f"The result of job {job.id} was removed: resubmit the job.",
        job_id=job.id,
        expired_us=job.expires_us,
    )
