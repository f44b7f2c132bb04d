"""What the server is told of an attempt that ended without a result."""

from __future__ import annotations

import grpc
from google.protobuf.message import DecodeError

from job_server.worker.frames import Frame, Kind
from job_server.worker.process import Child
from swath.errors import (
    Cancelled,
    DeadlineExceeded,
    EngineCrashed,
    StorageUnavailable,
    SwathError,
    TooLarge,
    Transient,
)
from swath.v1.jobs_pb2 import JobError
from swath.worker.v1 import worker_pb2 as pb

MIB = 1 << 20
_Kind = pb.FailRequest
_Code = grpc.StatusCode

KINDS: dict[str, tuple[pb.FailRequest.Kind, grpc.StatusCode, type[SwathError]]] = {
    "cancelled": (_Kind.KIND_CANCELLED, _Code.CANCELLED, Cancelled),
    "memory": (_Kind.KIND_MEMORY, _Code.UNAVAILABLE, EngineCrashed),
    "timeout": (_Kind.KIND_TIMEOUT, _Code.DEADLINE_EXCEEDED, DeadlineExceeded),
    "crashed": (_Kind.KIND_CRASH, _Code.UNAVAILABLE, EngineCrashed),
}
"""Fate of an attempt → kind, code and class of its error."""


def failure_of(fate: str, child: Child, task: pb.Assignment) -> pb.FailRequest:
    """The failure of an attempt whose child was stopped, or died; its lease is to be filled in."""
    kind, code, cls = KINDS[fate]
    text = {
        "cancelled": "The job was cancelled.",
        "memory": f"The job needed more than the {child.spec.memory_bytes // MIB} MiB of memory "
        "that its worker may use.",
        "timeout": f"The attempt took longer than the {task.timeout_s:g} s that it may take.",
        "crashed": f"The process that computed the job died ({child.how_it_ended}).",
    }
    return pb.FailRequest(kind=kind, error=_error(cls, code, text[fate]))


def told_by(end: Frame) -> pb.FailRequest | pb.CommitRequest:
    """What a child's end asks to be told to the server; the lease is to be filled in.

    Raises:
        ValueError: the frame makes no sense.
    """
    head = end.head
    try:
        if end.kind is Kind.FAILED:
            return pb.FailRequest(kind=head["failure"], error=JobError.FromString(end.data))
        data = end.data if head["is_whole"] else None
        return pb.CommitRequest(format=head["format"], data=data, pieces=head["pieces"])
    except (KeyError, TypeError, DecodeError) as problem:
        raise ValueError(f"an end that makes no sense: {problem}") from None


def refused(problem: SwathError) -> pb.FailRequest:
    """The failure of an attempt whose piece, plan or result the server does not take.

    What is damaged or missing may be whole the next time; what is too large will not be smaller.
    What there is no room for is told as the server says it: it is for whoever runs that.
    """
    if isinstance(problem, StorageUnavailable):
        error = _error(type(problem), _Code.UNAVAILABLE, problem.problem)
        return pb.FailRequest(kind=_Kind.KIND_TRANSIENT, error=error)
    text = f"The job server did not take a part of the result: {problem.problem}"
    if isinstance(problem, TooLarge):
        error = _error(type(problem), _Code.RESOURCE_EXHAUSTED, text)
        return pb.FailRequest(kind=_Kind.KIND_PERMANENT, error=error)
    error = _error(Transient, _Code.UNAVAILABLE, text)
    return pb.FailRequest(kind=_Kind.KIND_TRANSIENT, error=error)


def _error(cls: type[SwathError], code: grpc.StatusCode, text: str) -> JobError:
    number: int = code.value[0]
    return JobError(code=number, reason=cls.REASON, message=text)
