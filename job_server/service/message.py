"""Records of the store as messages of the contract, written straight from stored bytes.

`swath.wire.job_answer` writes the same messages from values; here nothing is decoded that is only
passed on.
"""

from __future__ import annotations

from collections.abc import Iterable
from typing import cast

from job_server.service.splice import field
from job_server.store.record import AttemptRecord, JobRecord, Manifest
from swath.job import Stage
from swath.v1 import jobs_pb2 as pb
from swath.wire.job import stage_number, status_number

INLINE_BYTES = 64 * 1024
"""Results up to this size are in the answer that describes them."""
MOST_CHANGES = 64

_CHANGES: dict[tuple[str, int], bytes] = {}
_OPTIONAL = ("started_us", "finished_us", "expires_us", "result_bytes")


def fill_job(message: pb.Job, job: JobRecord) -> None:
    """Write a job into an empty message, without its spec and attempts."""
    message.id, message.owner, message.revision = job.id, job.owner, job.revision
    message.stage, message.status = stage_number(job.stage), status_number(job.status)
    message.progress.steps_done, message.progress.steps_total = job.steps_done, job.steps_total
    message.attempt, message.priority = job.attempt, job.priority
    message.cancel_requested = job.cancel_requested
    message.created_us, message.updated_us = job.created_us, job.updated_us
    message.labels.update(job.labels)
    message.type.ParseFromString(job.type)
    message.resubmitted_from = job.resubmitted_from or ""
    for name in _OPTIONAL:
        present = getattr(job, name)
        if present is not None:
            setattr(message, name, present)
    if job.error is not None:
        message.error.ParseFromString(job.error)
    if job.stage is Stage.QUEUED and job.run_at_us > job.updated_us:
        message.retry_at_us = job.run_at_us


def encode_job(job: JobRecord) -> bytes:
    """The answer of every rpc that answers with one job: they are the same on the wire."""
    message = pb.GetJobResponse()
    fill_job(message.job, job)
    return message.SerializeToString()


def encode_change(job: JobRecord) -> bytes:
    """A WatchJobResponse. The last ones are kept: a job may have a thousand followers."""
    key = job.id, job.revision
    message = _CHANGES.get(key)
    if message is None:
        change = pb.WatchJobResponse()
        fill_job(change.job, job)
        message = _CHANGES[key] = change.SerializeToString()
        if len(_CHANGES) > MOST_CHANGES:
            del _CHANGES[next(iter(_CHANGES))]
    return message


def encode_full_job(job: JobRecord, spec: bytes, attempts: Iterable[AttemptRecord]) -> bytes:
    """A GetJobResponse with spec and attempts."""
    message = pb.Job()
    fill_job(message, job)
    for attempt in attempts:
        _fill_attempt(message.attempts.add(), attempt)
    full = message.SerializeToString() + field(pb.Job.SPEC_FIELD_NUMBER, spec)
    return field(pb.GetJobResponse.JOB_FIELD_NUMBER, full)


def encode_jobs(jobs: Iterable[JobRecord], next_page_token: str) -> bytes:
    """A ListJobsResponse."""
    message = pb.ListJobsResponse(next_page_token=next_page_token)
    for job in jobs:
        fill_job(message.jobs.add(), job)
    return message.SerializeToString()


def encode_result(job: JobRecord, manifest: Manifest, data: bytes | None) -> bytes:
    """A GetJobResultResponse; `data` absent: it has to be downloaded."""
    message = pb.GetJobResultResponse()
    fill_result(message.result, job, manifest, data)
    return message.SerializeToString()


def fill_result(
    message: pb.JobResult, job: JobRecord, manifest: Manifest, data: bytes | None
) -> None:
    """Write a result into an empty message."""
    message.type.ParseFromString(job.type)
    message.format, message.size_bytes = manifest.format, manifest.size_bytes
    message.crc32 = manifest.crc32
    if data is not None:
        message.data = data


def encode_piece(offset: int, data: bytes, crc32: int) -> bytes:
    """A DownloadJobResultResponse."""
    return pb.DownloadJobResultResponse(offset=offset, data=data, crc32=crc32).SerializeToString()


def _fill_attempt(message: pb.Attempt, attempt: AttemptRecord) -> None:
    message.number, message.started_us = attempt.number, attempt.started_us
    message.outcome = cast("pb.Attempt.Outcome", pb.Attempt.Outcome.Value(attempt.outcome))
    if attempt.ended_us is not None:
        message.ended_us = attempt.ended_us
    if attempt.error is not None:
        message.error.ParseFromString(attempt.error)
