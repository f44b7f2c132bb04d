"""Answers of JobService to bytes and back; its requests are in `job_request`."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass

from swath.job import JobInfo, JobResult, Quota
from swath.v1 import jobs_pb2 as pb
from swath.wire.job import fill_job, fill_result, read_job, read_result
from swath.wire.parse import parse_answer


@dataclass(frozen=True, slots=True)
class Piece:
    """The next bytes of a result."""

    offset: int
    """Place of the first one in the result."""
    data: bytes
    crc32: int
    """Of `data`."""


def encode_job(job: JobInfo) -> bytes:
    """The answer of every rpc that answers with one job: they are the same on the wire."""
    message = pb.GetJobResponse()
    message.job.SetInParent()
    fill_job(message.job, job)
    return message.SerializeToString()


def decode_job(data: bytes) -> JobInfo:
    """The job in the answer of such an rpc.

    Raises:
        InternalError: the answer breaks the contract.
    """
    return read_job(parse_answer(pb.GetJobResponse, data).job)


def encode_jobs(jobs: Iterable[JobInfo], next_page_token: str = "") -> bytes:
    """A ListJobsResponse."""
    message = pb.ListJobsResponse(next_page_token=next_page_token)
    for job in jobs:
        fill_job(message.jobs.add(), job)
    return message.SerializeToString()


def decode_jobs(data: bytes) -> tuple[list[JobInfo], str]:
    """The jobs in a ListJobsResponse, and the token of the next page. Raises InternalError."""
    message = parse_answer(pb.ListJobsResponse, data)
    return [read_job(job) for job in message.jobs], message.next_page_token


def encode_change(job: JobInfo | None, result: JobResult | None = None) -> bytes:
    """A WatchJobResponse; without a job: nothing changed."""
    message = pb.WatchJobResponse()
    if job is not None:
        fill_job(message.job, job)
    if result is not None:
        fill_result(message.result, result)
    return message.SerializeToString()


def decode_change(data: bytes) -> tuple[JobInfo | None, JobResult | None]:
    """The job and the result in a WatchJobResponse, where they are. Raises InternalError."""
    message = parse_answer(pb.WatchJobResponse, data)
    return (
        read_job(message.job) if message.HasField("job") else None,
        read_result(message.result) if message.HasField("result") else None,
    )


def encode_delete_answer() -> bytes:
    """A DeleteJobResponse."""
    return pb.DeleteJobResponse().SerializeToString()


def encode_result(result: JobResult) -> bytes:
    """A GetJobResultResponse."""
    message = pb.GetJobResultResponse()
    fill_result(message.result, result)
    return message.SerializeToString()


def decode_result(data: bytes) -> JobResult:
    """The result in a GetJobResultResponse. Raises InternalError."""
    return read_result(parse_answer(pb.GetJobResultResponse, data).result)


def encode_piece(piece: Piece) -> bytes:
    """A DownloadJobResultResponse."""
    return pb.DownloadJobResultResponse(
        offset=piece.offset, data=piece.data, crc32=piece.crc32
    ).SerializeToString()


def decode_piece(data: bytes) -> Piece:
    """The bytes in a DownloadJobResultResponse; their sum is not checked. Raises InternalError."""
    message = parse_answer(pb.DownloadJobResultResponse, data)
    return Piece(message.offset, message.data, message.crc32)


def encode_quota(quota: Quota) -> bytes:
    """A GetQuotaResponse."""
    return pb.GetQuotaResponse(
        owner=quota.owner,
        outstanding=quota.outstanding,
        outstanding_limit=quota.outstanding_limit,
        running=quota.running,
        running_limit=quota.running_limit,
    ).SerializeToString()


def decode_quota(data: bytes) -> Quota:
    """The quota in a GetQuotaResponse. Raises InternalError."""
    message = parse_answer(pb.GetQuotaResponse, data)
    return Quota(
        owner=message.owner,
        outstanding=message.outstanding,
        outstanding_limit=message.outstanding_limit,
        running=message.running,
        running_limit=message.running_limit,
    )
