"""Requests of workers, which are trusted to be ours but may be broken or of another version."""

from __future__ import annotations

from typing import TypeVar

from google.protobuf.message import DecodeError, Message

from job_server.store.record import JobRecord, Lease
from job_server.store.store import Transaction
from swath.errors import BadRequest, InvalidArgument, JobNotFound, LeaseLost
from swath.worker.v1 import worker_pb2 as pb

LONGEST_WORKER = 128
"""Characters of a worker's identity."""
LONGEST_WAIT_S = 30.0
"""For an answer that is held back until there is something to say."""

_M = TypeVar("_M", bound=Message)


def parse(cls: type[_M], data: bytes) -> _M:
    """A request. Raises BadRequest: the bytes are not that message."""
    try:
        return cls.FromString(data)
    except DecodeError:
        raise BadRequest(f"The bytes are not a message {cls.DESCRIPTOR.name}.") from None


def lease_of(message: pb.Lease) -> Lease:
    """The right that a message says."""
    return Lease(message.job, message.fence)


def job_of(tx: Transaction, lease: Lease) -> JobRecord:
    """The job of a lease, which may be over. Raises LeaseLost: there is no such job any more."""
    try:
        return tx.get(lease.job)
    except JobNotFound:
        raise lost(lease) from None


def require_lease(tx: Transaction, lease: Lease) -> None:
    """Return if a lease holds. Raises LeaseLost."""
    job = job_of(tx, lease)
    if not job.is_leased or job.fence != lease.fence:
        raise lost(lease)


def lost(lease: Lease) -> LeaseLost:
    """The error that tells a worker so."""
    return LeaseLost("The job is not this worker's any more.", job_id=lease.job)


def worker_of(worker: str) -> str:
    """The identity of a worker. Raises InvalidArgument: it is empty, too long, or has a NUL."""
    if not 0 < len(worker) <= LONGEST_WORKER or "\0" in worker:
        raise InvalidArgument(f"A worker has an identity of 1 to {LONGEST_WORKER} characters.").at(
            argument="worker"
        )
    return worker


def wait_of(wait_s: float) -> float:
    """How long a worker waits for an answer. Raises InvalidArgument: too long, or no time."""
    if not 0 <= wait_s <= LONGEST_WAIT_S:
        raise InvalidArgument(f"A worker waits up to {LONGEST_WAIT_S:.0f} s.").at(argument="wait_s")
    return wait_s
