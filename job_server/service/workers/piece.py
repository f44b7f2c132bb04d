"""PutPiece and GetPiece: parts of results, streamed in bounded memory."""

from __future__ import annotations

import contextlib
from collections.abc import AsyncIterator
from contextlib import aclosing

from job_server.results.concat import Joined
from job_server.results.key import key_of
from job_server.results.store import Upload
from job_server.service.jobs import Jobs
from job_server.service.thread import in_thread
from job_server.service.workers.request import lease_of, parse, require_lease
from job_server.store.record import Lease, Manifest, Piece
from job_server.store.store import Transaction
from swath.errors import InvalidArgument, LeaseLost, SwathError
from swath.serving.call import Call
from swath.worker.v1 import worker_pb2 as pb

LARGEST_PART_BYTES = 1 << 20
"""Most bytes in one message of a piece."""


async def put_piece(jobs: Jobs, call: Call) -> None:
    """Answer PutPiece: first the object, durable; then one fenced row that names it."""
    async with aclosing(call.requests()) as messages:
        first = parse(pb.PutPieceRequest, await anext(messages, b""))
        if not first.HasField("head"):
            raise InvalidArgument("The first message of a piece has its head.").at(argument="head")
        head = first.head
        lease = lease_of(head.lease)
        # At once: where the worker dies while the row is written, the piece counts all the same.
        call.notes |= {"job": lease.job, "piece": head.name}
        key = key_of(lease.job, head.name, lease.fence, head.crc32)
        await jobs.run(lambda tx: require_lease(tx, lease))
        await _store(jobs, key, head, first.data, messages)
    steps_done = head.steps_done if head.HasField("steps_done") else None
    piece = Piece(head.name, key, head.size_bytes, head.crc32)
    await _record(jobs, lease, piece, steps_done)
    await call.send(pb.PutPieceResponse().SerializeToString())


async def get_piece(jobs: Jobs, call: Call) -> None:
    """Answer GetPiece."""
    message = parse(pb.GetPieceRequest, call.request)
    lease = lease_of(message.lease)
    piece = await jobs.run(lambda tx: _find(tx, lease, message.name))
    whole = Manifest("", piece.size_bytes, piece.crc32, pieces=(piece,))
    parts = Joined(jobs.results, whole).parts(0, LARGEST_PART_BYTES)
    while (part := await in_thread(next, parts, None)) is not None:
        await call.send(pb.GetPieceResponse(data=part).SerializeToString())


async def _store(
    jobs: Jobs, key: str, head: pb.PieceHead, data: bytes, messages: AsyncIterator[bytes]
) -> None:
    """Write the bytes of a piece to the result store: one message at a time is in memory.

    Raises:
        InvalidArgument: size or checksum do not fit. StorageUnavailable: they cannot be stored.
    """
    begun: list[Upload] = []  # the thread fills it: a call that is cancelled meanwhile gets nothing
    try:
        await in_thread(lambda: begun.append(jobs.results.begin(key)))
        upload = begun[0]
        await in_thread(upload.feed, data)
        async for message in messages:
            await in_thread(upload.feed, parse(pb.PutPieceRequest, message).data)
            if upload.received.size_bytes > head.size_bytes:
                break  # `finish` says what is wrong
        await in_thread(upload.finish, head.size_bytes, head.crc32)
    finally:
        for upload in begun:
            await in_thread(upload.abort)


async def _record(jobs: Jobs, lease: Lease, piece: Piece, steps_done: int | None) -> None:
    """Name the object in the store; it goes if another one counts, or the lease is lost."""
    try:
        counts, job = await jobs.run(
            lambda tx: tx.put_piece(lease, piece, steps_done, jobs.now_us()), is_urgent=True
        )
    except LeaseLost:
        await _forget(jobs, lease.job, piece.key)
        raise
    jobs.tell(job)
    if counts.key != piece.key:
        await _forget(jobs, lease.job, piece.key)


async def _forget(jobs: Jobs, job: str, key: str) -> None:
    """Remove an object, unless it counts: it does where the answer to its first upload was lost."""
    with contextlib.suppress(SwathError):  # the sweep finds what cannot be removed now
        if key not in await jobs.run(lambda tx: tx.referenced((job,))):
            await jobs.remove((key,))


def _find(tx: Transaction, lease: Lease, name: str) -> Piece:
    require_lease(tx, lease)
    found = tx.piece(lease.job, name)
    if found is None:
        raise InvalidArgument(f"The job has no piece {name[:64]!r}.").at(argument="name")
    return found
