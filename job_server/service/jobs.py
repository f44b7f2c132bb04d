"""What every rpc works with: the store behind its writer, results, who follows, who waits."""

from __future__ import annotations

import asyncio
import random
import secrets
from collections.abc import Callable, Coroutine, Iterable, Mapping
from concurrent.futures import ThreadPoolExecutor
from typing import Any, Protocol, TypeVar

from job_server.config import JobConfig, microseconds
from job_server.results.store import ResultStore
from job_server.service.follow import Followers
from job_server.service.thread import in_thread
from job_server.service.workers.turns import Turns
from job_server.store.record import Failure, JobRecord, Kind
from job_server.store.store import Transaction
from swath.job import Stage

_T = TypeVar("_T")

CHECKS = 2
"""Large graphs that are checked at once: more threads would only take turns."""
Decide = Callable[[JobRecord, Kind, "bytes | None", int], Failure]
"""What becomes of a job whose attempt failed so, with that error, at that time."""
Emit = Callable[[str, Mapping[str, Any]], None]


class Runs(Protocol):
    """Runs verbs of the store, each in a transaction; see `job_server.queue.writer`."""

    async def run(self, verb: Callable[[Transaction], _T]) -> _T:
        """What the verb gives, once it is durable. Raises what it raises, and Unavailable."""
        ...


class Jobs:
    """The parts of a job server that its rpcs share. All methods belong to one event loop."""

    def __init__(
        self,
        config: JobConfig,
        writer: Runs,
        results: ResultStore,
        now_us: Callable[[], int],
        decide: Decide,
        emit: Emit,
        key: bytes,
    ) -> None:
        """`key` signs page tokens."""
        self.config = config
        self.results = results
        self.now_us = now_us
        self.decide = decide
        self.emit = emit
        self.key = key
        self.run = writer.run
        self.lease_us = microseconds(config.lease_s)
        self.followers = Followers()
        self.turns = Turns(now_us)
        self.checks = ThreadPoolExecutor(CHECKS, "check")
        self.random = random.Random(secrets.randbits(64)).random  # noqa: S311 - spreads, hides nothing
        self._later: set[asyncio.Task[None]] = set()

    def new_id(self) -> str:
        """An id for a job: 32 random hexadecimal characters."""
        return secrets.token_hex(16)

    async def get(self, id_: str, owner: str) -> JobRecord:
        """A job of an owner. Raises JobNotFound."""
        return await self.run(lambda tx: tx.get(id_, owner))

    async def remove(self, keys: Iterable[str]) -> None:
        """Remove objects of the result store. Raises Unavailable."""
        await in_thread(self.results.delete, keys)

    def tell(self, job: JobRecord) -> None:
        """A job has changed: tell who follows it, and wake a claim that may have a job now."""
        self.followers.tell(job)
        if job.stage is Stage.QUEUED:
            self.turns.ready_at(job.run_at_us)
        elif job.is_done:
            self.turns.wake()  # its owner may have been at the limit of running jobs

    def later(self, work: Coroutine[Any, Any, None]) -> None:
        """Do something that nobody waits for; `close` does."""
        task = asyncio.ensure_future(work)
        self._later.add(task)
        task.add_done_callback(self._later.discard)

    def drain(self) -> None:
        """Hand out no more jobs, and end all streams of changes."""
        self.turns.close()
        self.followers.close()

    async def close(self) -> None:
        """Finish what was left for later."""
        self.drain()
        while self._later:
            await asyncio.wait(self._later)
        self.checks.shutdown()
