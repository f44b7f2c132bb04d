"""Work for the job server."""

from __future__ import annotations

import asyncio
import time
from collections.abc import Mapping
from dataclasses import replace
from typing import ClassVar
from uuid import uuid4

from grpc import aio

import swath as wf
from loadtest.link import Link, code_of
from loadtest.records import OK
from loadtest.told import Told, now_us
from loadtest.work.kind import WRONG, Ended, Message, Metadata
from swath.client.spec import specification
from swath.errors import DeadlineExceeded, ServerBusy, Transient
from swath.job import JobInfo, Status
from swath.status import from_status
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
PAUSE_S, LONGEST_PAUSE_S = 0.05, 0.5
"""Before a call is repeated; twice as long each time."""
CALL_S = 10.0
"""Longest time for one of the calls of one who repeats them."""


class Create(Message):
    """One more job of a number; nobody waits for it.

    `elements`: it counts a list of so many, which takes some 8 µs for each; absent: it adds two
    numbers, which takes nothing.
    """

    path = CREATE_JOB
    LEAST: ClassVar[Mapping[str, float]] = {"elements": 0}
    NEEDS = "jobs"

    @property
    def where(self) -> str:
        """As `Kind`; beside questions to another server, too."""
        return "echo" if self.to == "echo" else "jobs"

    async def prepare(self, link: Link) -> None:
        """The specification, once; each request has an id of its own."""
        elements = int(self.options.get("elements", 0))
        counted = wf.range(0, elements).map(lambda number: number * 2 + 1).length()
        self._spec = specification(counted if elements else wf.Int(1) + 1)

    def request(self, number: int) -> bytes:
        """The n-th."""
        return self.named(str(uuid4()))

    def named(self, request_id: str) -> bytes:
        """A request with that id, which its job has as a label, so that a list tells whose it is.

        Jobs of all owners have the label `load`.
        """
        labels = {"load": self.owner or "test", "request": request_id}
        return encode_create(CreateJob(self._spec, request_id, labels))

    async def send(self, link: Link, number: int, timeout_s: float) -> Ended:
        """Create, and note what was promised."""
        if self.to == "echo":
            return await super().send(link, number, timeout_s)
        told, size_bytes = await self._create(link, timeout_s)
        self.told.append(told)
        return told.code, size_bytes

    async def _create(self, link: Link, timeout_s: float) -> tuple[Told, int]:
        """What was promised, and bytes of the answer."""
        request_id, begun_us = str(uuid4()), now_us()
        create: Ask = link.channel("jobs").unary_unary(CREATE_JOB)
        metadata = link.metadata(self.owner)
        try:
            made = await create(self.named(request_id), timeout=timeout_s, metadata=metadata)
        except aio.AioRpcError as error:
            return Told(self.owner, request_id, code_of(error), begun_us, now_us()), 0
        job = decode_job(made).id
        return Told(self.owner, request_id, OK, begun_us, now_us(), job), len(made)


class Job(Create):
    """A job, from its creation to its result in the client: all that `compute` does."""

    async def send(self, link: Link, number: int, timeout_s: float) -> Ended:
        """Create, then follow to the end."""
        told, _ = await self._create(link, timeout_s)
        self.told.append(told)
        if told.code != OK:
            return told.code, 0
        return await followed(link.channel("jobs"), told.job, timeout_s, link.metadata(self.owner))


class PersistentJob(Create):
    """A job of one who does not give up: calls that may be repeated are, until its time is over.

    It asks for the job with the same request id each time, and follows it from where it was. It
    ends with what its owner sees: the result, or the status that it could do nothing about.
    """

    async def send(self, link: Link, number: int, timeout_s: float) -> Ended:
        """Create, then follow to the end, each as often as it takes."""
        until_s = time.monotonic() + timeout_s
        told = await self._created(link, until_s)
        if told.code != OK:
            self.told.append(told)
            return told.code, 0
        (code, size_bytes), end = await self._followed(link, told.job, until_s)
        self.told.append(told if end is None else replace(told, end_revision=end.revision))
        return code, size_bytes

    async def _created(self, link: Link, until_s: float) -> Told:
        request_id, begun_us = str(uuid4()), now_us()
        create: Ask = link.channel("jobs").unary_unary(CREATE_JOB)
        request, pause_s = self.named(request_id), PAUSE_S
        while True:
            left_s = max(0.0, min(CALL_S, until_s - time.monotonic()))
            try:
                made = await create(request, timeout=left_s, metadata=link.metadata(self.owner))
            except aio.AioRpcError as error:
                if not may_repeat(error) or time.monotonic() + pause_s >= until_s:
                    return Told(self.owner, request_id, code_of(error), begun_us, now_us())
                await asyncio.sleep(pause_s)
                pause_s = min(2 * pause_s, LONGEST_PAUSE_S)
                continue
            return Told(self.owner, request_id, OK, begun_us, now_us(), decode_job(made).id)

    async def _followed(self, link: Link, job: str, until_s: float) -> tuple[Ended, JobInfo | None]:
        """How it ended for its owner, and its end; None: it was not seen."""
        watch: aio.UnaryStreamMultiCallable[bytes, bytes]
        watch = link.channel("jobs").unary_stream(WATCH_JOB)
        seen, size_bytes, pause_s = 0, 0, PAUSE_S
        while True:
            request = encode_watch(WatchJob(job, seen, with_result=True))
            left_s = max(0.0, until_s - time.monotonic())
            try:
                call = watch(request, timeout=left_s, metadata=link.metadata(self.owner))
                async for message in call:
                    size_bytes += len(message)
                    info, result = decode_change(message)
                    if info is not None and info.is_done:
                        is_whole = info.status is Status.SUCCESS and result is not None
                        return (OK if is_whole else WRONG, size_bytes), info
                    seen, pause_s = seen if info is None else info.revision, PAUSE_S
                code = WRONG
            except aio.AioRpcError as error:
                code = code_of(error)
                if not may_repeat(error):
                    return (code, size_bytes), None
            if time.monotonic() + pause_s >= until_s:
                return (code, size_bytes), None
            await asyncio.sleep(pause_s)
            pause_s = min(2 * pause_s, LONGEST_PAUSE_S)


class Get(Message):
    """A job as it is: one that this process made before, and that nothing waits for."""

    path = GET_JOB
    NEEDS = "jobs"

    async def prepare(self, link: Link) -> None:
        """Make it."""
        request = encode_create(CreateJob(specification(wf.Int(1) + 1)))
        create: Ask = link.channel("jobs").unary_unary(CREATE_JOB)
        made = await create(request, metadata=link.metadata(self.owner))
        self._request = encode_get(decode_job(made).id)

    def request(self, number: int) -> bytes:
        """Always the same."""
        return self._request


def may_repeat(error: aio.AioRpcError) -> bool:
    """Whether the client of Swath would repeat a call that ended so, as it may have been its first.

    A call that was not answered in its time may, too: the caller's own time is longer.
    """
    ours = from_status(error.code(), error.details() or "", error.trailing_metadata() or ())
    return isinstance(ours, Transient | ServerBusy | DeadlineExceeded)


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
