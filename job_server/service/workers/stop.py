"""AwaitStop: a worker waits until it is to stop a job.

It is told by the same changes that watchers are told by, so while it waits it costs a place in
memory, and no look at the database of its own.
"""

from __future__ import annotations

import asyncio

from job_server.queue.changes import Watch
from job_server.service.jobs import Jobs
from job_server.service.workers.lease import DIRECTIVES
from job_server.service.workers.request import job_of, lease_of, lost, parse, wait_of
from job_server.store.change import directive
from job_server.store.record import Directive, Lease
from swath.serving.call import Call
from swath.worker.v1 import worker_pb2 as pb


async def await_stop(jobs: Jobs, call: Call) -> None:
    """Answer AwaitStop."""
    message = parse(pb.AwaitStopRequest, call.request)
    lease, wait_s = lease_of(message.lease), wait_of(message.wait_s)
    call.notes["job"] = lease.job
    with jobs.ends_at_drain(), jobs.changes.watch(lease.job, is_users=False) as watch:
        watch.offer(await jobs.run(lambda tx: job_of(tx, lease)))
        told = await _told(watch, lease, wait_s)
    if told is Directive.LEASE_LOST:
        raise lost(lease)
    await call.send(pb.AwaitStopResponse(directive=DIRECTIVES[told]).SerializeToString())


async def _told(watch: Watch, lease: Lease, wait_s: float) -> Directive:
    """The first directive that is not to go on; CONTINUE: there is none in time."""
    try:
        async with asyncio.timeout(wait_s):
            while (told := directive(await watch.next(), lease)) is Directive.CONTINUE:
                pass
            return told
    except TimeoutError:
        return Directive.CONTINUE
