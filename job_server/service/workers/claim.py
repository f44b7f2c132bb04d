"""Claim: a worker waits for a job and takes it. Also what Commit does for the next job.

A job must not go to a worker that is not there any more: what was taken for a call that ended
meanwhile is given back at once, and no attempt is counted.
"""

from __future__ import annotations

from functools import partial
from typing import Any, cast

from job_server.service.jobs import Jobs
from job_server.service.splice import field
from job_server.service.workers.request import parse, wait_of, worker_of
from job_server.store.record import Claimed
from job_server.store.store import Transaction
from swath.errors import SwathError
from swath.serving.call import Call, Context
from swath.worker.v1 import worker_pb2 as pb


async def claim(jobs: Jobs, call: Call) -> None:
    """Answer Claim."""
    message = parse(pb.ClaimRequest, call.request)
    worker = worker_of(message.worker)
    wait_s = wait_of(message.wait_s)
    with jobs.ends_at_drain():
        attempt = partial(_attempt, jobs, worker)
        claimed = await jobs.changes.claims.first(attempt, wait_s)
    if claimed is None:
        await call.send(pb.ClaimResponse().SerializeToString())
        return
    hand_over(jobs, call, claimed)
    number = pb.ClaimResponse.ASSIGNMENT_FIELD_NUMBER
    await call.send(field(number, encode_assignment(jobs, claimed)))


def take(jobs: Jobs, tx: Transaction, worker: str) -> Claimed | None:
    """The next job, if one is ready."""
    return tx.claim(worker, jobs.lease_us, jobs.config.running_limit, jobs.now_us())


def hand_over(jobs: Jobs, call: Call, claimed: Claimed) -> None:
    """Give a job back if the answer that carries it does not get away."""
    call.notes |= {"next": claimed.job.id, "attempt": claimed.job.attempt}

    def ended(context: Context) -> None:
        if context.cancelled():
            give_back(jobs, claimed)

    call.context.add_done_callback(cast("Any", ended))  # its stub asks for a class, not a function


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


async def _attempt(jobs: Jobs, worker: str) -> Claimed | None:
    """As `take`; what is taken for a call that is cancelled meanwhile is given back."""
    claimed: Claimed | None = await jobs.run_through(
        lambda tx: take(jobs, tx, worker), partial(give_back, jobs), is_urgent=True
    )
    if claimed is not None:
        jobs.tell(claimed.job)
    return claimed


def give_back(jobs: Jobs, claimed: Claimed | None) -> None:
    """Give back at once what was taken for a call that has ended."""
    if claimed is not None:
        jobs.later(_give_back(jobs, claimed))


async def _give_back(jobs: Jobs, claimed: Claimed) -> None:
    try:
        job = await jobs.run(lambda tx: tx.release(claimed.lease, jobs.now_us()), is_urgent=True)
    except SwathError:
        return  # its lease will end
    jobs.tell(job)
    jobs.emit("given_back", {"job": job.id})
