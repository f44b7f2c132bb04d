"""Requests of JobService to bytes and back; its answers are in `job_answer`.

Limits and values are checked here, on both ways: what comes out of a `decode_...` is within the
contract.
"""

from __future__ import annotations

import math
from collections.abc import Mapping
from dataclasses import dataclass, field

from swath.errors import InvalidArgument
from swath.job import (
    HIGHEST_PRIORITY,
    LONGEST_LABEL,
    LONGEST_REQUEST_ID,
    MOST_LABELS,
    JobSpec,
    Stage,
    Status,
)
from swath.v1 import jobs_pb2 as pb
from swath.wire.job import STAGES, STATUSES, stage_number, status_number
from swath.wire.job_spec import fill_spec, read_spec
from swath.wire.limits import DEFAULT_LIMITS, Limits
from swath.wire.parse import parse

CREATE_JOB = "/swath.v1.JobService/CreateJob"
"""Path of the rpc; likewise those below."""
GET_JOB = "/swath.v1.JobService/GetJob"
LIST_JOBS = "/swath.v1.JobService/ListJobs"
WATCH_JOB = "/swath.v1.JobService/WatchJob"
CANCEL_JOB = "/swath.v1.JobService/CancelJob"
RESUBMIT_JOB = "/swath.v1.JobService/ResubmitJob"
UPDATE_JOB = "/swath.v1.JobService/UpdateJob"
DELETE_JOB = "/swath.v1.JobService/DeleteJob"
GET_JOB_RESULT = "/swath.v1.JobService/GetJobResult"
DOWNLOAD_JOB_RESULT = "/swath.v1.JobService/DownloadJobResult"
GET_QUOTA = "/swath.v1.JobService/GetQuota"

LONGEST_ID = 128
"""Characters of a job's id that are looked at; a longer one is refused unread."""
LARGEST_PAGE = 1000
USUAL_PAGE = 50
"""Jobs in a page that does not say how many."""
LONGEST_S = 1e9
"""Most seconds that a duration may have: some 30 years."""


@dataclass(frozen=True, slots=True)
class CreateJob:
    """What CreateJob is asked."""

    spec: JobSpec
    request_id: str = ""
    """Empty: repeating the call makes another job."""
    labels: Mapping[str, str] = field(default_factory=dict)
    priority: int = 0
    keep_s: float | None = None
    """How long the result is kept after the job is done; absent: 10 days; 0: for ever."""
    attempt_timeout_s: float | None = None
    """Absent: the server's usual."""


@dataclass(frozen=True, slots=True)
class ListJobs:
    """Which page of which jobs ListJobs is asked for."""

    stage: Stage | None = None
    """Absent: of any."""
    status: Status | None = None
    """Absent: of any, also those that are not done."""
    labels: Mapping[str, str] = field(default_factory=dict)
    """All of which a job has."""
    page_size: int = USUAL_PAGE
    """From 1 to 1,000."""
    page_token: str = ""
    """Empty: the first page."""


@dataclass(frozen=True, slots=True)
class WatchJob:
    """Which job WatchJob follows, and from where."""

    id: str
    after_revision: int = 0
    """The last that was seen; 0: none."""
    with_result: bool = False


@dataclass(frozen=True, slots=True)
class UpdateJob:
    """What UpdateJob changes; absent: it stays."""

    id: str
    labels: Mapping[str, str] | None = None
    keep_s: float | None = None
    """From now, or after the job is done; 0: for ever."""


def encode_create(asked: CreateJob) -> bytes:
    """A CreateJobRequest.

    Raises:
        InvalidArgument: a value outside the contract, or one that does not travel.
    """
    message = pb.CreateJobRequest(request_id=asked.request_id, priority=_priority(asked.priority))
    _check_request_id(asked.request_id)
    fill_spec(message.spec, asked.spec)
    message.labels.update(_labels(asked.labels))
    if asked.keep_s is not None:
        message.keep_s = _seconds(asked.keep_s, "keep", least=0.0)
    if asked.attempt_timeout_s is not None:
        message.attempt_timeout_s = _seconds(asked.attempt_timeout_s, "attempt_timeout")
    return message.SerializeToString(deterministic=True)


def decode_create(data: bytes, limits: Limits = DEFAULT_LIMITS) -> CreateJob:
    """What a CreateJobRequest asks.

    Raises:
        RequestTooLarge: over a limit. BadRequest and those below it: what else is wrong.
    """
    message = parse(pb.CreateJobRequest, data, limits)
    _check_request_id(message.request_id)
    has = message.HasField
    timeout_s = message.attempt_timeout_s if has("attempt_timeout_s") else None
    return CreateJob(
        spec=read_spec(message.spec, limits),
        request_id=message.request_id,
        labels=_labels(message.labels),
        priority=_priority(message.priority),
        keep_s=_seconds(message.keep_s, "keep", least=0.0) if has("keep_s") else None,
        attempt_timeout_s=(None if timeout_s is None else _seconds(timeout_s, "attempt_timeout")),
    )


def encode_get(id_: str, full: bool = False) -> bytes:
    """A GetJobRequest."""
    return pb.GetJobRequest(id=id_, full=full).SerializeToString()


def decode_get(data: bytes) -> tuple[str, bool]:
    """Which job a GetJobRequest names, and whether spec and attempts are wanted.

    Raises:
        RequestTooLarge, BadRequest.
    """
    message = parse(pb.GetJobRequest, data)
    return _id(message.id), message.full


def encode_list(asked: ListJobs) -> bytes:
    """A ListJobsRequest."""
    message = pb.ListJobsRequest(page_size=asked.page_size, page_token=asked.page_token)
    if asked.stage is not None:
        message.stage = stage_number(asked.stage)
    if asked.status is not None:
        message.status = status_number(asked.status)
    message.labels.update(asked.labels)
    return message.SerializeToString(deterministic=True)


def decode_list(data: bytes) -> ListJobs:
    """What a ListJobsRequest asks; the page's size is within its bounds.

    Raises:
        RequestTooLarge, BadRequest. InvalidArgument: a stage or status that is none, labels.
    """
    message = parse(pb.ListJobsRequest, data)
    if message.stage and message.stage not in STAGES:
        raise InvalidArgument(f"There is no stage {message.stage}.").at(argument="stage")
    if message.status not in STATUSES:
        raise InvalidArgument(f"There is no status {message.status}.").at(argument="status")
    return ListJobs(
        stage=STAGES.get(message.stage),
        status=STATUSES[message.status] if message.status else None,
        labels=_labels(message.labels),
        page_size=min(message.page_size, LARGEST_PAGE) or USUAL_PAGE,
        page_token=message.page_token,
    )


def encode_watch(asked: WatchJob) -> bytes:
    """A WatchJobRequest."""
    return pb.WatchJobRequest(
        id=asked.id, after_revision=asked.after_revision, with_result=asked.with_result
    ).SerializeToString()


def decode_watch(data: bytes) -> WatchJob:
    """What a WatchJobRequest asks. Raises RequestTooLarge, BadRequest."""
    message = parse(pb.WatchJobRequest, data)
    return WatchJob(_id(message.id), message.after_revision, message.with_result)


def encode_id(id_: str) -> bytes:
    """A CancelJobRequest, DeleteJobRequest or GetJobResultRequest: they name a job, no more."""
    return pb.CancelJobRequest(id=id_).SerializeToString()


def decode_id(data: bytes) -> str:
    """Which job such a request names. Raises RequestTooLarge, BadRequest."""
    return _id(parse(pb.CancelJobRequest, data).id)


def encode_resubmit(id_: str, request_id: str = "") -> bytes:
    """A ResubmitJobRequest. Raises InvalidArgument: the request id is too long."""
    _check_request_id(request_id)
    return pb.ResubmitJobRequest(id=id_, request_id=request_id).SerializeToString()


def decode_resubmit(data: bytes) -> tuple[str, str]:
    """Which job to repeat, and the request id (empty: none). Raises RequestTooLarge, BadRequest."""
    message = parse(pb.ResubmitJobRequest, data)
    _check_request_id(message.request_id)
    return _id(message.id), message.request_id


def encode_update(asked: UpdateJob) -> bytes:
    """An UpdateJobRequest. Raises InvalidArgument: a value outside the contract."""
    message = pb.UpdateJobRequest(id=asked.id)
    if asked.labels is not None:
        message.labels.SetInParent()
        message.labels.labels.update(_labels(asked.labels))
    if asked.keep_s is not None:
        message.keep_s = _seconds(asked.keep_s, "keep", least=0.0)
    return message.SerializeToString(deterministic=True)


def decode_update(data: bytes) -> UpdateJob:
    """What an UpdateJobRequest changes. Raises RequestTooLarge, BadRequest, InvalidArgument."""
    message = parse(pb.UpdateJobRequest, data)
    has = message.HasField
    return UpdateJob(
        _id(message.id),
        labels=_labels(message.labels.labels) if has("labels") else None,
        keep_s=_seconds(message.keep_s, "keep", least=0.0) if has("keep_s") else None,
    )


def encode_download(id_: str, offset: int = 0) -> bytes:
    """A DownloadJobResultRequest."""
    return pb.DownloadJobResultRequest(id=id_, offset=offset).SerializeToString()


def decode_download(data: bytes) -> tuple[str, int]:
    """Whose result to stream, from which byte on.

    Raises:
        RequestTooLarge, BadRequest. InvalidArgument: the offset is less than 0.
    """
    message = parse(pb.DownloadJobResultRequest, data)
    if message.offset < 0:
        raise InvalidArgument("An offset is 0 or more.").at(argument="offset")
    return _id(message.id), message.offset


def encode_quota_question() -> bytes:
    """A GetQuotaRequest."""
    return pb.GetQuotaRequest().SerializeToString()


def decode_quota_question(data: bytes) -> None:
    """Return if the bytes are a GetQuotaRequest. Raises RequestTooLarge, BadRequest."""
    parse(pb.GetQuotaRequest, data)


def _id(id_: str) -> str:
    if len(id_) > LONGEST_ID:
        raise InvalidArgument("The id of a job has 32 characters.").at(argument="id")
    _check_text(id_, "id")
    return id_


def _check_text(text: str, argument: str) -> None:
    """Refuse the character NUL: PostgreSQL stores no text with it."""
    if "\0" in text:
        raise InvalidArgument("A text has the character NUL in it.").at(argument=argument)


def _check_request_id(request_id: str) -> None:
    if len(request_id) > LONGEST_REQUEST_ID:
        raise InvalidArgument(f"A request id has at most {LONGEST_REQUEST_ID} characters.").at(
            argument="request_id"
        )
    _check_text(request_id, "request_id")


def _labels(labels: Mapping[str, str]) -> dict[str, str]:
    if len(labels) > MOST_LABELS:
        raise InvalidArgument(f"A job has at most {MOST_LABELS} labels.").at(argument="labels")
    for name, text in labels.items():
        if not isinstance(name, str) or not isinstance(text, str):
            raise InvalidArgument("Labels are texts by name.").at(argument="labels")
        if not 0 < len(name) <= LONGEST_LABEL or len(text) > LONGEST_LABEL:
            raise InvalidArgument(
                f"A label's name has 1 to {LONGEST_LABEL} characters, its value at most as many."
            ).at(argument="labels")
        _check_text(name + text, "labels")
    return dict(labels)


def _priority(priority: int) -> int:
    if not -HIGHEST_PRIORITY <= priority <= HIGHEST_PRIORITY:
        raise InvalidArgument(f"A priority is from -{HIGHEST_PRIORITY} to {HIGHEST_PRIORITY}.").at(
            argument="priority"
        )
    return priority


def _seconds(seconds: float, name: str, least: float = 1e-6) -> float:
    if not (math.isfinite(seconds) and least <= seconds <= LONGEST_S):
        bound = "more than 0" if least > 0 else "not below 0"
        raise InvalidArgument(
            f"A time is a number of seconds, {bound} and at most {LONGEST_S:g}."
        ).at(argument=name)
    return float(seconds)
