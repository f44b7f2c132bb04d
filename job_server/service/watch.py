"""WatchJob: a job as it is, then its changes, until it is done."""

from __future__ import annotations

import asyncio
from contextlib import suppress

from swath.wire.job_service import decode_watch

from job_server.service.follow import Follower
from job_server.service.jobs import Jobs
from job_server.service.message import encode_change, fill_job, fill_result
from job_server.service.result import result_of, small_data
from job_server.store.record import JobRecord
from swath.errors import BadRequest, ServerBusy, Unavailable
from swath.job import Status
from swath.serving.call import Call
from swath.v1 import jobs_pb2 as pb

PROGRESS_S = 0.25
"""Shortest time between two messages that tell progress alone."""
SPREAD = 0.1
"""Streams end at their age give or take that share of it, so that they do not return all at once."""
BUSY_MS = 5000


async def watch_job(jobs: Jobs, call: Call) -> None:
    """Answer WatchJob."""
    asked = decode_watch(call.request)
    call.notes["job"] = asked.id
    if jobs.followers.count >= jobs.config.max_watchers:
        raise ServerBusy("Too many jobs are followed: ask later.", retry_after_ms=BUSY_MS)
    with jobs.followers.follow(asked.id) as follower:
        watch = _Watch(jobs, call, follower)
        await watch.run(asked.id, asked.after_revision, asked.with_result)


class _Watch:
    """One stream of changes."""

    def __init__(self, jobs: Jobs, call: Call, follower: Follower) -> None:
        self._jobs = jobs
        self._call = call
        self._follower = follower
        self._now_s = asyncio.get_running_loop().time
        age_s = jobs.config.watch_s * (1 + SPREAD * (2 * jobs.random() - 1))
        self._end_s = self._now_s() + age_s
        self._sent_s = 0.0

    async def run(self, id_: str, seen: int, with_result: bool) -> None:
        """Send what changes after revision `seen`, until the job is done.

        Raises:
            JobNotFound. Unavailable: the stream is old, or the server stops.
        """
        job = await self._jobs.get(id_, self._call.owner)
        while not job.is_done:
            if job.revision > seen:
                await self._send(encode_change(job))
                seen = job.revision
            job = await self._next(job, seen)
        await self._send(await self._last(job) if with_result else encode_change(job))

    async def _next(self, job: JobRecord, seen: int) -> JobRecord:
        """The job after its next change."""
        while True:
            silent_s = max(self._sent_s, self._now_s()) + self._jobs.config.silence_s
            newer = await self._follower.newer(seen, min(silent_s, self._end_s))
            if newer is not None:
                return await self._settled(job, newer)
            if self._now_s() >= self._end_s:
                raise Unavailable("The stream is old: follow the job again.")
            # The store is the truth: a change that nobody told is found here.
            found = await self._jobs.get(job.id, self._call.owner)
            if found.revision > seen:
                return found
            await self._send(b"")  # a WatchJobResponse without a job: the server is there

    async def _settled(self, before: JobRecord, job: JobRecord) -> JobRecord:
        """The job when it may be told: progress alone waits, and what comes meanwhile counts."""
        until_s = self._sent_s + PROGRESS_S
        while _is_progress(before, job) and self._now_s() < until_s:
            newer = await self._follower.newer(job.revision, until_s)
            if newer is None:
                break
            job = newer
        return job

    async def _send(self, message: bytes) -> None:
        await self._call.send(message)
        self._sent_s = self._now_s()

    async def _last(self, job: JobRecord) -> bytes:
        """The last message, with the result if it is small."""
        message = pb.WatchJobResponse()
        fill_job(message.job, job)
        if job.status is Status.SUCCESS:
            with suppress(BadRequest):  # it may have expired meanwhile
                owner = self._call.owner
                _, manifest = await self._jobs.run(lambda tx: result_of(tx, job.id, owner))
                data = await small_data(self._jobs, manifest)
                if data is not None:
                    fill_result(message.result, job, manifest, data)
        return message.SerializeToString()


def _is_progress(before: JobRecord, job: JobRecord) -> bool:
    """Whether nothing but progress differs."""
    return (before.stage, before.attempt, before.cancel_requested, before.labels) == (
        job.stage,
        job.attempt,
        job.cancel_requested,
        job.labels,
    )
