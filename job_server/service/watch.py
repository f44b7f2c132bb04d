"""WatchJob: a job as it is, then its changes, until it is done."""

from __future__ import annotations

import asyncio
from contextlib import suppress

from job_server.queue.changes import Watch
from job_server.service.jobs import Jobs
from job_server.service.message import encode_change, fill_job, fill_result
from job_server.service.result import result_of, small_data
from job_server.store.record import JobRecord
from swath.errors import BadRequest, ServerBusy, Unavailable
from swath.job import Status
from swath.serving.call import Call
from swath.v1 import jobs_pb2 as pb
from swath.wire.job_request import WatchJob, decode_watch

SPREAD = 0.1
"""Streams end at their age, give or take that share of it: they must not return all at once."""
BUSY_MS = 5000
STILL_THERE = b""
"""A WatchJobResponse without a job: nothing changed."""


async def watch_job(jobs: Jobs, call: Call) -> None:
    """Answer WatchJob."""
    asked = decode_watch(call.request)
    call.notes["job"] = asked.id
    if jobs.changes.watched >= jobs.config.max_watchers:
        raise ServerBusy("Too many jobs are followed: ask later.", retry_after_ms=BUSY_MS)
    with jobs.ends_at_drain(), jobs.changes.watch(asked.id, asked.after_revision) as watch:
        watch.offer(await jobs.get(asked.id, call.owner))
        await _follow(jobs, call, asked, watch)


async def _follow(jobs: Jobs, call: Call, asked: WatchJob, watch: Watch) -> None:
    """Send what changes until the job is done.

    Raises:
        Unavailable: the stream is old. JobNotFound: the job was deleted.
    """
    now_s = asyncio.get_running_loop().time
    end_s = now_s() + jobs.config.watch_s * (1 + SPREAD * (2 * jobs.random() - 1))
    is_silent = False
    while now_s() < end_s:
        job = await _next(watch, min(now_s() + jobs.config.silence_s, end_s), is_silent)
        if job is None and not is_silent:
            # The store is the truth: a change that nobody told is found here.
            watch.offer(await jobs.get(asked.id, call.owner))
            is_silent = True
            continue
        is_silent = False
        if job is not None and job.is_done:
            await call.send(await _last(jobs, call, job, asked.with_result))
            return
        await call.send(STILL_THERE if job is None else encode_change(job))
    raise Unavailable("The stream is old: follow the job again.")


async def _next(watch: Watch, until_s: float, is_silent: bool) -> JobRecord | None:
    """The next change; None: there is none until then, or now where it was silent for long."""
    try:
        async with asyncio.timeout(0) if is_silent else asyncio.timeout_at(until_s):
            return await watch.next()
    except TimeoutError:
        return None


async def _last(jobs: Jobs, call: Call, job: JobRecord, with_result: bool) -> bytes:
    """The last message, with the result if that is wanted and small."""
    if not with_result or job.status is not Status.SUCCESS:
        return encode_change(job)
    message = pb.WatchJobResponse()
    fill_job(message.job, job)
    with suppress(BadRequest):  # it may have gone meanwhile
        _, manifest = await jobs.run(lambda tx: result_of(tx, job.id, call.owner))
        data = await small_data(jobs, manifest)
        if data is not None:
            fill_result(message.result, job, manifest, data)
    return message.SerializeToString()
