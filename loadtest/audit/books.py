"""The books of a job server: all jobs of the owners of a load, once its own have ended."""

from __future__ import annotations

import asyncio
import time
from collections.abc import Mapping, Sequence
from dataclasses import dataclass

from grpc import aio

from loadtest.link import Address, Link
from loadtest.told import Told
from swath.errors import Unavailable
from swath.job import JobInfo
from swath.wire.job_answer import decode_job, decode_jobs, decode_quota
from swath.wire.job_request import (
    GET_JOB,
    GET_QUOTA,
    LARGEST_PAGE,
    LIST_JOBS,
    ListJobs,
    encode_get,
    encode_list,
    encode_quota_question,
)

PATIENCE_S = 60.0
"""After a load, for one more of its jobs to end; those that have not by then are lost."""
LOOK_S = 0.25
CALL_S = 10.0
AT_ONCE = 16


@dataclass(frozen=True, slots=True)
class Books:
    """What the server says."""

    jobs: Mapping[str, tuple[JobInfo, ...]]
    """By owner, as the scenario calls them; in the order in which they were made."""
    limits: Mapping[str, int]
    """Most jobs that are not done, of each."""
    whole: Mapping[str, JobInfo]
    """Those that were promised, with their attempts, by id."""


async def read(address: Address, told: Sequence[Told], patience_s: float = PATIENCE_S) -> Books:
    """Wait for the promised jobs to end, as long as they do, then read the books.

    Raises:
        Unavailable: it does not answer, and with what status it ended.
    """
    link = Link(address)
    owners = list(dict.fromkeys(one.owner for one in told))
    promised = {one.job: one.owner for one in told if one.job}
    try:
        jobs = await _ended(link, owners, set(promised), patience_s)
        limits = {owner: await _limit(link, owner) for owner in owners}
        there = {job.id for each in jobs.values() for job in each}
        whole = await _whole(link, {job: promised[job] for job in promised if job in there})
    except aio.AioRpcError as error:
        raise Unavailable(f"The job server does not say what became of its jobs: {error}") from None
    finally:
        await link.close()
    return Books(jobs, limits, whole)


async def _ended(
    link: Link, owners: Sequence[str], promised: set[str], patience_s: float
) -> dict[str, tuple[JobInfo, ...]]:
    fewest, until_s = len(promised), time.monotonic() + patience_s
    while True:
        jobs = {owner: await _listed(link, owner) for owner in owners}
        waited_for = [
            job for each in jobs.values() for job in each if job.id in promised and not job.is_done
        ]
        if len(waited_for) < fewest:
            fewest, until_s = len(waited_for), time.monotonic() + patience_s
        if not waited_for or time.monotonic() > until_s:
            return jobs
        await asyncio.sleep(LOOK_S)


async def _listed(link: Link, owner: str) -> tuple[JobInfo, ...]:
    """All jobs of an owner, the oldest first."""
    found: list[JobInfo] = []
    token = ""
    while True:
        page = encode_list(ListJobs(page_size=LARGEST_PAGE, page_token=token))
        jobs, token = decode_jobs(await _ask(link, owner, LIST_JOBS, page))
        found += jobs
        if not token:
            return tuple(reversed(found))


async def _limit(link: Link, owner: str) -> int:
    answer = await _ask(link, owner, GET_QUOTA, encode_quota_question())
    return decode_quota(answer).outstanding_limit


async def _whole(link: Link, owner_of: Mapping[str, str]) -> dict[str, JobInfo]:
    gate = asyncio.Semaphore(AT_ONCE)

    async def one(job: str, owner: str) -> JobInfo:
        async with gate:
            return decode_job(await _ask(link, owner, GET_JOB, encode_get(job, full=True)))

    found = await asyncio.gather(*(one(job, owner) for job, owner in owner_of.items()))
    return {job.id: job for job in found}


async def _ask(link: Link, owner: str, path: str, request: bytes) -> bytes:
    stub: aio.UnaryUnaryMultiCallable[bytes, bytes] = link.channel("jobs").unary_unary(path)
    return await stub(request, timeout=CALL_S, metadata=link.metadata(owner), wait_for_ready=True)
