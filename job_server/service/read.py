"""GetJob, ListJobs and GetQuota: what is known, nothing changed."""

from __future__ import annotations

from job_server.service.jobs import Jobs
from job_server.service.message import encode_full_job, encode_job, encode_jobs
from job_server.service.page import read_token, write_token
from job_server.store.record import AttemptRecord, Filter, JobRecord, Place
from job_server.store.store import Transaction
from swath.job import Quota
from swath.serving.call import Call
from swath.wire.job_answer import encode_quota
from swath.wire.job_request import decode_get, decode_list, decode_quota_question


async def get_job(jobs: Jobs, call: Call) -> None:
    """Answer GetJob."""
    id_, is_full = decode_get(call.request)
    if not is_full:
        await call.send(encode_job(await jobs.get(id_, call.owner)))
        return

    def read(tx: Transaction) -> tuple[JobRecord, bytes, list[AttemptRecord]]:
        return tx.get(id_, call.owner), tx.spec(id_), tx.attempts(id_)

    await call.send(encode_full_job(*await jobs.run(read)))


async def list_jobs(jobs: Jobs, call: Call) -> None:
    """Answer ListJobs."""
    asked = decode_list(call.request)
    only = Filter(asked.stage, asked.status, asked.labels)
    owner, key, most = call.owner, jobs.key, asked.page_size
    after = read_token(asked.page_token, owner, only, key) if asked.page_token else None

    def read(tx: Transaction) -> bytes:
        found = tx.find(owner, only, after, most + 1)
        page, token = found[:most], ""
        if len(found) > most:
            token = write_token(Place(page[-1].created_us, page[-1].id), owner, only, key)
        return encode_jobs(page, token)

    await call.send(await jobs.run(read))


async def get_quota(jobs: Jobs, call: Call) -> None:
    """Answer GetQuota."""
    decode_quota_question(call.request)
    usage = await jobs.run(lambda tx: tx.usage(call.owner, jobs.config.limits()))
    quota = Quota(
        owner=usage.owner,
        outstanding=usage.outstanding,
        outstanding_limit=usage.outstanding_limit,
        running=usage.running,
        running_limit=usage.running_limit,
    )
    await call.send(encode_quota(quota))
