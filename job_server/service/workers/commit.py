"""Commit: ends a job with success, and hands out the next one in the same transaction."""

from __future__ import annotations

import zlib

from job_server.results.concat import total_of
from job_server.service.jobs import Jobs
from job_server.service.splice import field
from job_server.service.workers.claim import (
    encode_assignment,
    give_back,
    hand_over,
    take,
)
from job_server.service.workers.request import (
    job_of,
    lease_of,
    parse,
    require_lease,
    worker_of,
)
from job_server.store.record import Claimed, JobRecord, Lease, Manifest
from job_server.store.store import Transaction
from swath.errors import InvalidArgument
from swath.serving.call import Call
from swath.worker.v1 import worker_pb2 as pb

LARGEST_DATA_BYTES = 1 << 20
"""Largest result that is stored in the database; a larger one is pieces."""


async def commit(jobs: Jobs, call: Call) -> None:
    """Answer Commit."""
    message = parse(pb.CommitRequest, call.request)
    lease = lease_of(message.lease)
    worker = worker_of(message.worker) if message.claim_next and not jobs.is_draining else None
    inline = _inline(message) if message.HasField("data") else None

    def verb(tx: Transaction) -> tuple[JobRecord, Claimed | None]:
        manifest = inline or _of_pieces(tx, lease, message)
        job = tx.commit(lease, manifest, jobs.now_us())
        return job, None if worker is None else take(jobs, tx, worker)

    def too_late(ended: tuple[JobRecord, Claimed | None]) -> None:
        jobs.tell(ended[0])
        give_back(jobs, ended[1])

    job, claimed = await jobs.run_through(verb, too_late, is_urgent=True)
    jobs.tell(job)
    call.notes |= {"job": job.id, "result_bytes": job.result_bytes}
    if claimed is None:
        await call.send(pb.CommitResponse().SerializeToString())
        return
    jobs.tell(claimed.job)
    hand_over(jobs, call, claimed)
    number = pb.CommitResponse.NEXT_FIELD_NUMBER
    await call.send(field(number, encode_assignment(jobs, claimed)))


def _inline(message: pb.CommitRequest) -> Manifest:
    data = message.data
    if len(data) > LARGEST_DATA_BYTES or message.pieces:
        raise InvalidArgument(
            f"A result is either pieces, or data of at most {LARGEST_DATA_BYTES:,} bytes."
        ).at(argument="data")
    return Manifest(message.format, len(data), zlib.crc32(data), data=data)


def _of_pieces(tx: Transaction, lease: Lease, message: pb.CommitRequest) -> Manifest:
    """The result that pieces make.

    Raises:
        LeaseLost. InvalidArgument: one is not stored.
    """
    if job_of(tx, lease).is_done:
        return Manifest(message.format, 0, 0)  # a repeated commit: the store keeps the first
    stored = {piece.name: piece for piece in tx.pieces(lease.job)}
    for name in message.pieces:
        if name not in stored:
            require_lease(tx, lease)
            raise InvalidArgument(f"The piece {name[:64]!r} of the result is not stored.").at(
                argument="pieces"
            )
    pieces = tuple(stored[name] for name in message.pieces)
    total = total_of(pieces)
    return Manifest(message.format, total.size_bytes, total.crc32, pieces=pieces)
