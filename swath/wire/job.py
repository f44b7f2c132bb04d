"""A job, its attempts and its result to messages of the contract and back.

The requests and answers that hold them are in `job_request` and `job_answer`.
"""

from __future__ import annotations

from typing import cast

from swath.errors import InternalError, InvalidGraph
from swath.job import Attempt, JobInfo, JobResult, Outcome, Progress, Stage, Status
from swath.v1 import jobs_pb2 as pb
from swath.wire.job_error import fill_job_error, read_job_error
from swath.wire.job_spec import fill_spec, read_spec
from swath.wire.type import decode_type, encode_type

_OPTIONAL = ("started_us", "finished_us", "expires_us", "retry_at_us", "result_bytes")

STAGES = {pb.Stage.Value(stage): stage for stage in Stage}
"""Stages by number."""
STATUSES = {pb.Status.Value(status): status for status in Status}
"""Statuses by number."""
OUTCOMES = {pb.Attempt.Outcome.Value(outcome): outcome for outcome in Outcome}
"""Outcomes by number."""


def stage_number(stage: Stage) -> pb.Stage:
    """The number of a stage."""
    return cast("pb.Stage", pb.Stage.Value(stage))


def status_number(status: Status) -> pb.Status:
    """The number of a status."""
    return cast("pb.Status", pb.Status.Value(status))


def fill_job(message: pb.Job, job: JobInfo) -> None:
    """Fill a message with a job; what is absent is left out."""
    message.id, message.owner, message.revision = job.id, job.owner, job.revision
    message.stage, message.status = stage_number(job.stage), status_number(job.status)
    message.progress.steps_done = job.progress.done
    message.progress.steps_total = job.progress.total
    message.attempt, message.priority = job.attempt, job.priority
    message.cancel_requested = job.cancel_requested
    message.created_us, message.updated_us = job.created_us, job.updated_us
    message.labels.update(job.labels)
    message.resubmitted_from = job.resubmitted_from or ""
    for name in _OPTIONAL:
        present = getattr(job, name)
        if present is not None:
            setattr(message, name, present)
    if job.error is not None:
        fill_job_error(message.error, job.error)
    if job.type is not None:
        message.type.CopyFrom(encode_type(job.type))
    if job.spec is not None:
        fill_spec(message.spec, job.spec)
    for attempt in job.attempts:
        _fill_attempt(message.attempts.add(), attempt)


def read_job(message: pb.Job) -> JobInfo:
    """The job that a message describes.

    Raises:
        InternalError: it breaks the contract.
    """
    has = message.HasField
    try:
        return JobInfo(
            id=message.id,
            owner=message.owner,
            stage=_stage(message),
            status=STATUSES.get(message.status, Status.UNSPECIFIED),
            revision=message.revision,
            progress=Progress(message.progress.steps_done, message.progress.steps_total),
            attempt=message.attempt,
            created_us=message.created_us,
            updated_us=message.updated_us,
            error=read_job_error(message.error) if has("error") else None,
            cancel_requested=message.cancel_requested,
            **{name: getattr(message, name) if has(name) else None for name in _OPTIONAL},
            labels=dict(message.labels),
            priority=message.priority,
            type=decode_type(message.type) if has("type") else None,
            resubmitted_from=message.resubmitted_from or None,
            spec=read_spec(message.spec) if has("spec") else None,
            attempts=tuple(map(_read_attempt, message.attempts)),
        )
    except InvalidGraph as problem:
        raise InternalError(f"The server's answer breaks the contract: {problem}") from None


def _stage(message: pb.Job) -> Stage:
    """Where a job is; a stage that only a newer server knows is work, or an end.

    One such job must not keep a whole list from being read.
    """
    if message.stage == pb.STAGE_UNSPECIFIED:
        raise InternalError("The server's answer breaks the contract: a job has no stage.")
    return STAGES.get(message.stage) or (Stage.DONE if message.status else Stage.RUNNING)


def _fill_attempt(message: pb.Attempt, attempt: Attempt) -> None:
    message.number, message.started_us = attempt.number, attempt.started_us
    message.outcome = cast("pb.Attempt.Outcome", pb.Attempt.Outcome.Value(attempt.outcome))
    if attempt.ended_us is not None:
        message.ended_us = attempt.ended_us
    if attempt.error is not None:
        fill_job_error(message.error, attempt.error)


def _read_attempt(message: pb.Attempt) -> Attempt:
    return Attempt(
        number=message.number,
        started_us=message.started_us,
        ended_us=message.ended_us if message.HasField("ended_us") else None,
        outcome=OUTCOMES.get(message.outcome, Outcome.UNSPECIFIED),
        error=read_job_error(message.error) if message.HasField("error") else None,
    )


def fill_result(message: pb.JobResult, result: JobResult) -> None:
    """Fill a message with a result."""
    message.type.CopyFrom(encode_type(result.type))
    message.format, message.size_bytes = result.format, result.size_bytes
    message.crc32 = result.crc32
    if result.data is not None:
        message.data = result.data


def read_result(message: pb.JobResult) -> JobResult:
    """The result that a message describes.

    Raises:
        InternalError: it breaks the contract.
    """
    try:
        type_ = decode_type(message.type)
    except InvalidGraph as problem:
        raise InternalError(f"The server's answer breaks the contract: {problem}") from None
    return JobResult(
        type=type_,
        format=message.format or "native",
        size_bytes=message.size_bytes,
        crc32=message.crc32,
        data=message.data if message.HasField("data") else None,
    )
