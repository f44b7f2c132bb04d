"""Work for the job server."""

from __future__ import annotations

import random
from uuid import UUID

from grpc import aio

import swath as wf
from loadtest.link import Link, code_of
from loadtest.records import OK
from loadtest.work.kind import WRONG, Ended, Message, Metadata
from swath.client.spec import specification
from swath.job import Status
from swath.wire.job_answer import decode_change, decode_job
from swath.wire.job_request import (
    CREATE_JOB,
    GET_JOB,
    WATCH_JOB,
    CreateJob,
    WatchJob,
    encode_create,
    encode_get,
    encode_watch,
)

Ask = aio.UnaryUnaryMultiCallable[bytes, bytes]


class Create(Message):
    """One more job of a number; nobody waits for it."""

    path = CREATE_JOB

    async def prepare(self, link: Link) -> None:
        """The specification, once; each request has an id of its own."""
        self._spec = specification(wf.Int(1) + 1)
        self._dice = random.Random()  # noqa: S311 - unlike that of any other run

    def request(self, number: int) -> bytes:
        """The n-th."""
        request_id = str(UUID(int=self._dice.getrandbits(128)))
        return encode_create(CreateJob(self._spec, request_id, {"load": self.owner or "test"}))


class Job(Create):
    """A job, from its creation to its result in the client: all that `compute` does."""

    async def send(self, link: Link, number: int, timeout_s: float) -> Ended:
        """Create, then follow to the end."""
        channel, metadata = link.channel("jobs"), link.metadata(self.owner)
        create: Ask = channel.unary_unary(CREATE_JOB)
        try:
            made = await create(self.request(number), timeout=timeout_s, metadata=metadata)
        except aio.AioRpcError as error:
            return code_of(error), 0
        return await followed(channel, decode_job(made).id, timeout_s, metadata)


class Get(Message):
    """A job as it is: one that this process made before, and that nothing waits for."""

    path = GET_JOB

    async def prepare(self, link: Link) -> None:
        """Make it."""
        request = encode_create(CreateJob(specification(wf.Int(1) + 1)))
        create: Ask = link.channel("jobs").unary_unary(CREATE_JOB)
        made = await create(request, metadata=link.metadata(self.owner))
        self._request = encode_get(decode_job(made).id)

    def request(self, number: int) -> bytes:
        """Always the same."""
        return self._request


async def followed(channel: aio.Channel, job: str, timeout_s: float, metadata: Metadata) -> Ended:
    """The end of a job; WRONG where it did not succeed with a result."""
    size_bytes = 0
    request = encode_watch(WatchJob(job, with_result=True))
    watch: aio.UnaryStreamMultiCallable[bytes, bytes] = channel.unary_stream(WATCH_JOB)
    try:
        async for message in watch(request, timeout=timeout_s, metadata=metadata):
            size_bytes += len(message)
            info, result = decode_change(message)
            if info is not None and info.status is Status.SUCCESS:
                return (OK if result is not None else WRONG), size_bytes
    except aio.AioRpcError as error:
        return code_of(error), size_bytes
    return WRONG, size_bytes
