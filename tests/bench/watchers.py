"""Many streams that follow a job which waits: a process of its own, so that it slows no caller.

`python -m tests.bench.watchers ADDRESS JOB COUNT` says when all are open, and ends with its input.
"""

from __future__ import annotations

import asyncio
import sys
from typing import Any

from grpc import aio

from swath.wire.job_request import WATCH_JOB, WatchJob, encode_watch


async def watch(address: str, job: str, count: int) -> None:
    """Open the streams, say so, hold them."""
    async with aio.insecure_channel(address) as channel:
        stub: Any = channel.unary_stream(WATCH_JOB)
        calls = [stub(encode_watch(WatchJob(job))) for _ in range(count)]
        await asyncio.gather(*(call.read() for call in calls))
        print("open", flush=True)
        await asyncio.to_thread(sys.stdin.read)
        for call in calls:
            call.cancel()


if __name__ == "__main__":
    asyncio.run(watch(sys.argv[1], sys.argv[2], int(sys.argv[3])))
