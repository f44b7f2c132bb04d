"""Claim: a worker waits for a job and takes it. Also what Commit does for the next job.

A job must not go to a worker that is not there any more: what was taken for a call that ended
meanwhile is given back at once, and no attempt is counted.
"""

from __future__ import annotations

import asyncio
from functools import partial
from typing import Any

from job_server.service.jobs import Jobs
from job_server.service.splice import field
from job_server.service.workers.request import parse, worker_of
from job_server.store.record import Claimed
from job_server.store.store import Transaction
from swath.errors import InvalidArgument, SwathError
from swath.serving.call import Call
from swath.worker.v1 import worker_pb2 as pb

LONGEST_WAIT_S = 30.0


async def claim(jobs: Jobs, call: Call) -> None:
    """Answer Claim."""
    message = parse(pb.ClaimRequest, call.request)
    worker = worker_of(message.worker)
    if not 0 <= message.wait_s <= LONGEST_WAIT_S:
        raise InvalidArgument(f"A worker waits up to {LONGEST_WAIT_S:.0f} s.").at(argument="wait_s")
    until_s = asyncio.get_running_loop().time() + message.wait_s
    claimed = await _take(jobs, worker, until_s)
    if claimed is None:
        await call.send(pb.ClaimResponse().SerializeToString())
        return
    hand_over(jobs, call, claimed)
    number = pb.ClaimResponse.ASSIGNMENT_FIELD_NUMBER
    await call.send(field(number, encode_assignment(jobs, claimed)))


def take_now(jobs: Jobs, tx: Transaction, worker: str) -> tuple[Claimed | None, int | None]:
    """A job if one is ready, and when the next one of the queue is (also in the past)."""
    now_us = jobs.now_us()
    claimed = tx.claim(worker, jobs.lease_us, jobs.config.running_limit, now_us)
    return claimed, tx.next_run_at_us()


def note_taken(jobs: Jobs, claimed: Claimed | None, next_us: int | None) -> None:
    """Tell watchers of a job that was taken, and the next claim in line of one that is ready."""
    if claimed is not None:
        jobs.tell(claimed.job)
    # Jobs that are ready and were not taken belong to owners at their limit: no use to try again.
    if next_us is not None and (claimed is not None or next_us > jobs.now_us()):
        jobs.turns.ready_at(next_us)


def hand_over(jobs: Jobs, call: Call, claimed: Claimed) -> None:
    """Give a job back if the answer that carries it does not get away."""
    call.notes |= {"next": claimed.job.id, "attempt": claimed.job.attempt}
    call.context.add_done_callback(partial(_ended, jobs, claimed))


def encode_assignment(jobs: Jobs, claimed: Claimed) -> bytes:
    """An Assignment."""
    job = claimed.job
    message = pb.Assignment(
        lease=pb.Lease(job=job.id, fence=job.fence),
        attempt=job.attempt,
        lease_s=jobs.config.lease_s,
        timeout_s=job.attempt_timeout_us / 1e6,
        memory_losses=job.memory_losses,
        engine_version=claimed.engine_version,
        pieces=[piece.name for piece in claimed.pieces],
    )
    if claimed.plan is not None:
        message.plan = claimed.plan
    return message.SerializeToString() + field(pb.Assignment.SPEC_FIELD_NUMBER, claimed.spec)


async def _take(jobs: Jobs, worker: str, until_s: float) -> Claimed | None:
    """The next job; None: none came until then (on the loop's clock), or the server stops."""
    with jobs.turns.turn() as turn:
        while not jobs.turns.is_closed:
            work = asyncio.ensure_future(jobs.run(lambda tx: take_now(jobs, tx, worker)))
            try:
                claimed, next_us = await asyncio.shield(work)
            except asyncio.CancelledError:
                work.add_done_callback(partial(_too_late, jobs))
                raise
            note_taken(jobs, claimed, next_us)
            if claimed is not None:
                return claimed
            if not await turn.woken(until_s):
                return None
            turn.take_place()
    return None


def _too_late(jobs: Jobs, work: asyncio.Future[tuple[Claimed | None, int | None]]) -> None:
    """The call that wanted a job was cancelled while it was being taken."""
    if not work.cancelled() and work.exception() is None:
        claimed, next_us = work.result()
        note_taken(jobs, claimed, next_us)
        if claimed is not None:
            jobs.later(_give_back(jobs, claimed))


def _ended(jobs: Jobs, claimed: Claimed, context: Any) -> None:
    if context.cancelled():
        jobs.later(_give_back(jobs, claimed))


async def _give_back(jobs: Jobs, claimed: Claimed) -> None:
    try:
        job = await jobs.run(lambda tx: tx.release(claimed.lease, jobs.now_us()))
    except SwathError:
        return  # its lease will end
    jobs.tell(job)
    jobs.emit("given_back", {"job": job.id})
