"""A large job over the image of the scenario, which runs while the load does; then it is cancelled.

`large_job:4`: that many pixels, along a side, for each pixel of the image. The inspect server is
to answer beside it as if it were not there.
"""

from __future__ import annotations

import asyncio
import time
from collections.abc import AsyncIterator, Iterator, Mapping
from contextlib import asynccontextmanager, contextmanager
from dataclasses import dataclass
from typing import Any

from grpc import aio

from loadtest.imagery import Imagery
from loadtest.link import Address, Link, code_of
from loadtest.target import Target
from swath.client.spec import specification
from swath.errors import InvalidArgument, Unavailable
from swath.job import JobInfo, Stage, Status
from swath.wire.job_answer import decode_job
from swath.wire.job_request import (
    CANCEL_JOB,
    CREATE_JOB,
    GET_JOB,
    CreateJob,
    encode_create,
    encode_get,
    encode_id,
)

FINER = 4
"""The usual argument: of 4096 px become 16384, some half a minute of one core."""
START_S = 30.0
"""Longest wait until it runs."""
LOOK_S = 0.1
TIMEOUT_S = 10.0


@dataclass(slots=True)
class LargeJob:
    """What became of it."""

    begun: JobInfo
    """As it was when the load began."""
    ended: JobInfo | None = None
    """As it was when the load had ended, before it was cancelled."""

    def figures(self) -> Mapping[str, float]:
        """Whether it had ended before the load (1), and how many steps it did meanwhile."""
        if self.ended is None:
            return {}
        steps = self.ended.progress.done - self.begun.progress.done
        return {
            "large_job.has_ended": float(self.ended.stage is not Stage.RUNNING),
            "large_job.steps": float(steps),
        }


@contextmanager
def large_job(target: Target, argument: str, _seed: int = 0) -> Iterator[LargeJob]:
    """One that runs while the block does.

    Raises:
        InvalidArgument: the argument is no number. Unavailable: it does not run, and why.
    """
    if argument and not argument.isdecimal():
        raise InvalidArgument(f"large_job:{argument}: that is no number of pixels.")
    spec = _request(target.imagery, int(argument or FINER))
    info = asyncio.run(_started(target.address, spec))
    found = LargeJob(info)
    try:
        yield found
    finally:
        found.ended = asyncio.run(_cancelled(target.address, info.id))


def _request(imagery: Imagery, finer: int) -> bytes:
    where = imagery.square(0, 0, imagery.side_px, finer, "bilinear")
    return encode_create(CreateJob(specification(imagery.ndvi(), where), labels={"load": "large"}))


async def _started(address: Address, request: bytes) -> JobInfo:
    """The job, once it runs."""
    async with _asking(address) as ask:
        info = decode_job(await ask(CREATE_JOB, request))
        limit_s = time.monotonic() + START_S
        while info.stage in (Stage.QUEUED, Stage.PREPARING) and time.monotonic() < limit_s:
            await asyncio.sleep(LOOK_S)
            info = decode_job(await ask(GET_JOB, encode_get(info.id)))
        if info.stage is Stage.RUNNING:
            return info
        if info.stage is not Stage.DONE:
            await ask(CANCEL_JOB, encode_id(info.id))
    why = f": {info.error}" if info.error else ""
    raise Unavailable(f"The large job does not run, it is {info.stage} {info.status}{why}.")


async def _cancelled(address: Address, job: str) -> JobInfo:
    """The job as it was before it was cancelled."""
    async with _asking(address) as ask:
        info = decode_job(await ask(GET_JOB, encode_get(job)))
        if info.status is Status.UNSPECIFIED:
            await ask(CANCEL_JOB, encode_id(job))
        return info


@asynccontextmanager
async def _asking(address: Address) -> AsyncIterator[Any]:
    """What asks the job server: the answer to a request. Raises Unavailable."""
    link = Link(address)

    async def ask(path: str, request: bytes) -> bytes:
        stub: aio.UnaryUnaryMultiCallable[bytes, bytes] = link.channel("jobs").unary_unary(path)
        try:
            answer: bytes = await stub(request, timeout=TIMEOUT_S, metadata=link.metadata())
        except aio.AioRpcError as error:
            raise Unavailable(f"The job server answered {code_of(error)}.") from None
        return answer

    try:
        yield ask
    finally:
        await link.close()
