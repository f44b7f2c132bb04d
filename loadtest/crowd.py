"""Many streams that follow jobs which wait and are changed now and then, in a process of their own.

`python -m loadtest.crowd COUNT` reads an address, a line of JSON, from standard input; makes jobs;
says when all streams are open; changes a job each second; and when its input ends says what the
streams saw, in JSON.
"""

from __future__ import annotations

import asyncio
import json
import sys
from collections.abc import Callable, Mapping
from contextlib import suppress
from dataclasses import dataclass, field

from grpc import aio

import swath as wf
from loadtest.link import Address, Link, code_of
from swath.client.spec import specification
from swath.wire.job_answer import decode_change, decode_job
from swath.wire.job_request import (
    CANCEL_JOB,
    CREATE_JOB,
    UPDATE_JOB,
    WATCH_JOB,
    CreateJob,
    UpdateJob,
    WatchJob,
    encode_create,
    encode_id,
    encode_update,
    encode_watch,
)

JOBS = 20
"""That are followed, each by as many."""
CHANGE_S = 1.0
"""One job after the other is changed."""
CALL_S, SETTLE_S = 30.0, 5.0
"""For a call; for the last changes to arrive."""
OPEN = "open"


@dataclass(slots=True)
class Crowd:
    """What the streams saw. Belongs to one event loop."""

    link: Link
    newest: dict[str, int] = field(default_factory=dict)
    """Revision of each job after its last change."""
    seen: dict[int, int] = field(default_factory=dict)
    """Revision that each stream has."""
    jobs: list[str] = field(default_factory=list)
    ended: dict[str, int] = field(default_factory=dict)
    """Streams that ended before they were to, by status."""
    messages: int = 0
    changed: asyncio.Event = field(default_factory=asyncio.Event)

    async def follow(self, number: int) -> None:
        """One stream."""
        request = encode_watch(WatchJob(self.jobs[number % JOBS]))
        watch: aio.UnaryStreamMultiCallable[bytes, bytes]
        watch = self.link.channel("jobs").unary_stream(WATCH_JOB)
        code = "OK"
        try:
            async for message in watch(request, metadata=self.link.metadata()):
                info, _ = decode_change(message)
                self.messages += 1
                if info is not None:
                    self.seen[number] = info.revision
                self.changed.set()
        except aio.AioRpcError as error:
            code = code_of(error)
        self.ended[code] = self.ended.get(code, 0) + 1
        self.changed.set()

    async def ask(self, path: str, request: bytes) -> bytes:
        """The answer of a unary call."""
        stub: aio.UnaryUnaryMultiCallable[bytes, bytes] = self.link.channel("jobs").unary_unary(
            path
        )
        return await stub(request, timeout=CALL_S, metadata=self.link.metadata())

    async def until(self, holds: Callable[[], bool], limit_s: float) -> None:
        """Return when it holds, or nothing more is waited for."""
        with suppress(TimeoutError):
            async with asyncio.timeout(limit_s):
                while not holds():
                    self.changed.clear()
                    await self.changed.wait()

    @property
    def behind(self) -> int:
        """Streams that have not seen the last change of their job."""
        return sum(
            revision < self.newest[self.jobs[number % JOBS]]
            for number, revision in self.seen.items()
        )


async def crowd(address: Address, count: int) -> Mapping[str, float]:
    """Open the streams, say so, change the jobs until standard input ends; what they saw."""
    link = Link(address)
    found = Crowd(link)
    create = encode_create(CreateJob(specification(wf.Int(1) + 1)))
    for _ in range(JOBS):
        made = decode_job(await found.ask(CREATE_JOB, create))
        found.jobs.append(made.id)
        found.newest[made.id] = made.revision
    streams = [asyncio.create_task(found.follow(number)) for number in range(count)]
    await found.until(lambda: len(found.seen) == count or bool(found.ended), CALL_S)
    print(OPEN, flush=True)
    changing = asyncio.create_task(_change(found))
    await asyncio.to_thread(sys.stdin.read)
    changing.cancel()
    with suppress(asyncio.CancelledError):
        await changing
    await found.until(lambda: found.behind == 0, SETTLE_S)
    figures = {
        "open": len(found.seen),
        "ended": sum(found.ended.values()),
        "behind": found.behind,
        "messages": found.messages,
    }
    for stream in streams:
        stream.cancel()
    await asyncio.gather(*streams, return_exceptions=True)
    for job in found.jobs:
        await found.ask(CANCEL_JOB, encode_id(job))
    await link.close()
    return figures


async def _change(found: Crowd) -> None:
    number = 0
    while True:
        await asyncio.sleep(CHANGE_S)
        job = found.jobs[number % JOBS]
        request = encode_update(UpdateJob(job, {"turn": str(number)}))
        changed = decode_job(await found.ask(UPDATE_JOB, request))
        found.newest[job], number = changed.revision, number + 1


def main() -> None:
    """Open and hold so many streams."""
    address = Address(**json.loads(sys.stdin.readline()))
    print(json.dumps(asyncio.run(crowd(address, int(sys.argv[1])))), flush=True)


if __name__ == "__main__":
    main()
