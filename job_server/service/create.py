"""CreateJob and ResubmitJob: check everything, queue in one transaction, wake one worker."""

from __future__ import annotations

from job_server.service.check import checked, repeated, resubmit_digest
from job_server.service.jobs import Jobs
from job_server.service.message import encode_job
from job_server.store.record import JobRecord, NewJob
from job_server.store.store import Transaction
from swath.errors import JobNotFound
from swath.serving.call import Call
from swath.wire.job_request import decode_resubmit
from swath.wire.limits import DEFAULT_LIMITS, require_at_most

QUICK_BYTES = 2048
"""Up to here a request is checked in the event loop: that took 0.04 to 0.5 ms, and to hand it to a
thread 0.1 ms."""


async def create_job(jobs: Jobs, call: Call) -> None:
    """Answer CreateJob."""
    request = call.request
    require_at_most("bytes", len(request), DEFAULT_LIMITS.request_bytes)
    asked = request, call.owner, jobs.new_id(), jobs.config
    is_quick = len(request) <= QUICK_BYTES
    new = checked(*asked) if is_quick else await jobs.check(len(request), checked, *asked)
    await _queue(jobs, call, new)


async def resubmit_job(jobs: Jobs, call: Call) -> None:
    """Answer ResubmitJob."""
    id_, request_id = decode_resubmit(call.request)

    def read(tx: Transaction) -> tuple[JobRecord, bytes | None]:
        try:
            return tx.get(id_, call.owner), tx.spec(id_)
        except JobNotFound:
            # Deleted since: a repetition is told all the same which job it made.
            made = tx.made(call.owner, request_id, resubmit_digest(id_)) if request_id else None
            if made is None:
                raise
            return made, None

    job, spec = await jobs.run(read)
    if spec is None:
        call.notes |= {"job": job.id, "is_replay": True}
        await call.send(encode_job(job))
        return
    new = await jobs.check(len(spec), repeated, job, spec, jobs.new_id(), request_id, jobs.config)
    await _queue(jobs, call, new)


async def _queue(jobs: Jobs, call: Call, new: NewJob) -> None:
    limits = jobs.config.limits()
    created = await jobs.run(lambda tx: tx.create(new, limits, jobs.now_us()))
    call.notes |= {"job": created.job.id, "is_replay": created.is_replay}
    if not created.is_replay:
        jobs.tell(created.job)
    await call.send(encode_job(created.job))
