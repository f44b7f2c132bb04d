"""SetLimits: what owners may have, by whoever runs the server."""

from __future__ import annotations

from job_server.service.jobs import Jobs
from job_server.service.workers.request import parse
from job_server.store.record import Limits, Usage
from job_server.store.store import Transaction
from swath.errors import InvalidArgument
from swath.serving.call import Call
from swath.worker.v1 import admin_pb2 as pb

LONGEST_OWNER = 128
"""Characters of the name of an owner."""


async def set_limits(jobs: Jobs, call: Call) -> None:
    """Answer SetLimits."""
    asked = parse(pb.SetLimitsRequest, call.request)
    usage = await jobs.run(lambda tx: changed(tx, asked, jobs.config.limits()))
    call.notes["owner"] = asked.owner
    await call.send(answer_of(usage).SerializeToString())


def changed(tx: Transaction, asked: pb.SetLimitsRequest, usual: Limits) -> Usage:
    """What an owner has and may have after its limits were changed as asked.

    Raises:
        InvalidArgument: there is no such name of an owner.
    """
    owner = asked.owner
    if not 0 < len(owner) <= LONGEST_OWNER or "\0" in owner:
        raise InvalidArgument(f"An owner has a name of 1 to {LONGEST_OWNER} characters.").at(
            argument="owner"
        )
    now = tx.usage(owner, usual)
    outstanding, running = now.outstanding_limit, now.running_limit
    if asked.HasField("outstanding_limit"):
        outstanding = asked.outstanding_limit
    if asked.HasField("running_limit"):
        running = asked.running_limit
    if (outstanding, running) != (now.outstanding_limit, now.running_limit):
        tx.set_limits(owner, Limits(outstanding, running))
    return tx.usage(owner, usual)


def answer_of(usage: Usage) -> pb.SetLimitsResponse:
    """A SetLimitsResponse."""
    return pb.SetLimitsResponse(
        outstanding=usage.outstanding,
        outstanding_limit=usage.outstanding_limit,
        running=usage.running,
        running_limit=usage.running_limit,
    )
