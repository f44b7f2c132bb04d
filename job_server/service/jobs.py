"""What every rpc works with: the store behind its writer, results, who watches and who waits."""

from __future__ import annotations

import asyncio
import secrets
from collections.abc import Callable, Coroutine, Iterable, Iterator, Mapping
from concurrent.futures import ThreadPoolExecutor
from contextlib import contextmanager
from functools import partial
from typing import Any, TypeVar

from job_server.config import MEGA, JobConfig, microseconds
from job_server.queue.changes import Changes
from job_server.queue.policy import Random
from job_server.queue.writer import Verb, Writer
from job_server.results.store import ResultStore
from job_server.service.thread import in_thread
from job_server.store.record import Failure, JobRecord, Kind
from swath.errors import ServerBusy, Unavailable
from swath.job import Stage

CHECKS = 2
"""Large graphs that are checked at once: more threads would only take turns."""
ID_BYTES = 16
MOST_CHECKED_BYTES = 128 << 20
"""Most bytes of the graphs that are checked or wait for it: all of them are in memory."""
CHECKED_MS = 2000
"""When to come again where there are more: some of them are checked by then."""
Decide = Callable[[JobRecord, Kind, "bytes | None", int], Failure]
"""What becomes of a job whose attempt failed so, with that error, at that time."""
Emit = Callable[[str, Mapping[str, Any]], None]

_T = TypeVar("_T")


class Jobs:
    """The parts of a job server that its rpcs share. All methods belong to one event loop."""

    def __init__(
        self,
        config: JobConfig,
        writer: Writer,
        results: ResultStore,
        changes: Changes,
        now_us: Callable[[], int],
        random: Random,
        decide: Decide,
        emit: Emit,
        key: bytes,
    ) -> None:
        """`key` signs page tokens."""
        self.config = config
        self.results = results
        self.changes = changes
        self.now_us = now_us
        self.random = random
        self.decide = decide
        self.emit = emit
        self.key = key
        self.run = writer.run
        self.lease_us = microseconds(config.lease_s)
        self._checks = ThreadPoolExecutor(CHECKS, "check")
        self._checked_bytes = 0
        self._ids = _ids()
        self.is_draining = False
        self._waiting: set[asyncio.Task[Any]] = set()
        self._later: set[asyncio.Task[None]] = set()

    def new_id(self) -> str:
        """An id for a job: 32 random hexadecimal characters."""
        return next(self._ids)

    async def get(self, id_: str, owner: str) -> JobRecord:
        """A job of an owner. Raises JobNotFound."""
        return await self.run(lambda tx: tx.get(id_, owner))

    async def check(self, size_bytes: int, function: Callable[..., _T], *args: Any) -> _T:
        """What `function` gives, in one of the few threads for checks; it must change nothing.

        A call that ends before its turn takes its check along; one that has begun ends alone.

        Raises:
            ServerBusy: graphs of too many bytes wait for their check; `size_bytes` are its own.
            Whatever `function` raises.
        """
        if self._checked_bytes + size_bytes > MOST_CHECKED_BYTES:
            raise ServerBusy("Too many graphs wait to be checked.", retry_after_ms=CHECKED_MS)
        self._checked_bytes += size_bytes
        try:
            loop = asyncio.get_running_loop()
            return await loop.run_in_executor(self._checks, partial(function, *args))
        finally:
            self._checked_bytes -= size_bytes

    async def run_through(
        self, verb: Verb[_T], too_late: Callable[[_T], None], *, is_urgent: bool = False
    ) -> _T:
        """As `run`; where the call is cancelled meanwhile, `too_late` gets what the verb gives."""
        work = asyncio.ensure_future(self.run(verb, is_urgent=is_urgent))
        try:
            return await asyncio.shield(work)
        except asyncio.CancelledError:
            work.add_done_callback(partial(_pass_on, too_late))
            raise

    async def remove(self, keys: Iterable[str]) -> None:
        """Remove objects of the result store. Raises StorageUnavailable."""
        await in_thread(self.results.delete, keys)

    def tell(self, job: JobRecord) -> None:
        """A job has changed: tell who watches it, and wake a claim that may have a job now."""
        self.changes.publish(job)
        if job.stage is Stage.QUEUED:
            wait_s = (job.run_at_us - self.now_us()) / MEGA
            if wait_s > 0:
                asyncio.get_running_loop().call_later(wait_s, self.changes.claims.ring)

    @contextmanager
    def ends_at_drain(self) -> Iterator[None]:
        """For calls that wait for long: when the server drains, they end with Unavailable."""
        task = asyncio.current_task()
        assert task is not None, "a call is a task"
        self._require_open()
        self._waiting.add(task)
        try:
            yield
        except asyncio.CancelledError:
            if self.is_draining and task.uncancel() == 0:
                self._require_open()
            raise  # the caller is gone
        finally:
            self._waiting.discard(task)

    def later(self, work: Coroutine[Any, Any, None]) -> None:
        """Do something that no call waits for; `close` does."""
        task = asyncio.ensure_future(work)
        self._later.add(task)
        task.add_done_callback(self._later.discard)

    def drain(self) -> None:
        """Hand out no more jobs, and end all calls that wait."""
        self.is_draining = True
        for task in tuple(self._waiting):
            task.cancel()

    async def close(self) -> None:
        """Finish what was left for later."""
        while self._later:
            await asyncio.wait(self._later)
        self._checks.shutdown(wait=False)

    def _require_open(self) -> None:
        if self.is_draining:
            raise Unavailable("The job server is stopping: try again in a moment.") from None


def _ids() -> Iterator[str]:
    """Random ids, without end.

    Many are taken from the system at once, for other threads may take the loop's turn meanwhile.
    """
    while True:
        data = secrets.token_bytes(ID_BYTES * 256)
        for start in range(0, len(data), ID_BYTES):
            yield data[start : start + ID_BYTES].hex()


def _pass_on(take: Callable[[_T], None], work: asyncio.Future[_T]) -> None:
    if not work.cancelled() and work.exception() is None:
        take(work.result())
