"""CancelJob, UpdateJob and DeleteJob: what an owner may change of a job."""

from __future__ import annotations

from job_server.config import microseconds
from job_server.queue.writer import Verb
from job_server.service.jobs import Jobs
from job_server.service.message import encode_job
from job_server.store.record import JobRecord
from swath.serving.call import Call
from swath.wire.job_answer import encode_delete_answer
from swath.wire.job_request import decode_id, decode_update


async def cancel_job(jobs: Jobs, call: Call) -> None:
    """Answer CancelJob."""
    id_ = decode_id(call.request)
    job = await _changed(jobs, lambda tx: tx.cancel(id_, call.owner, jobs.now_us()))
    call.notes["job"] = id_
    await call.send(encode_job(job))


async def update_job(jobs: Jobs, call: Call) -> None:
    """Answer UpdateJob."""
    asked = decode_update(call.request)
    labels = None if asked.labels is None else dict(asked.labels)
    keep_us = None if asked.keep_s is None else microseconds(asked.keep_s)
    job = await _changed(
        jobs, lambda tx: tx.update(asked.id, call.owner, jobs.now_us(), labels, keep_us)
    )
    call.notes["job"] = asked.id
    await call.send(encode_job(job))


async def delete_job(jobs: Jobs, call: Call) -> None:
    """Answer DeleteJob. What it frees is removed after the answer."""
    id_ = decode_id(call.request)
    await jobs.run(lambda tx: tx.delete(id_, call.owner, jobs.now_us()))
    call.notes["job"] = id_
    await call.send(encode_delete_answer())


async def _changed(jobs: Jobs, verb: Verb[JobRecord]) -> JobRecord:
    """The job as a verb made it. Who follows it is told also where the caller did not wait."""
    job = await jobs.run_through(verb, jobs.tell)
    jobs.tell(job)
    return job
