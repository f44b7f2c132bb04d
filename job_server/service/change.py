"""CancelJob, UpdateJob and DeleteJob: what an owner may change of a job."""

from __future__ import annotations

from job_server.config import microseconds
from job_server.service.jobs import Jobs
from job_server.service.message import encode_job
from swath.serving.call import Call
from swath.wire.job_answer import encode_delete_answer
from swath.wire.job_request import decode_id, decode_update


async def cancel_job(jobs: Jobs, call: Call) -> None:
    """Answer CancelJob."""
    id_ = decode_id(call.request)
    job = await jobs.run(lambda tx: tx.cancel(id_, call.owner, jobs.now_us()))
    jobs.tell(job)
    call.notes["job"] = id_
    await call.send(encode_job(job))


async def update_job(jobs: Jobs, call: Call) -> None:
    """Answer UpdateJob."""
    asked = decode_update(call.request)
    labels = None if asked.labels is None else dict(asked.labels)
    keep_us = None if asked.keep_s is None else microseconds(asked.keep_s)
    job = await jobs.run(lambda tx: tx.update(asked.id, call.owner, jobs.now_us(), labels, keep_us))
    jobs.tell(job)
    call.notes["job"] = asked.id
    await call.send(encode_job(job))


async def delete_job(jobs: Jobs, call: Call) -> None:
    """Answer DeleteJob. What it frees is removed after the answer."""
    id_ = decode_id(call.request)
    await jobs.run(lambda tx: tx.delete(id_, call.owner, jobs.now_us()))
    call.notes["job"] = id_
    await call.send(encode_delete_answer())
