"""The worker: claims jobs one after the other, and runs each on a child, until it is stopped."""

from __future__ import annotations

import asyncio
import os
import random
import time
from collections.abc import Callable, Coroutine
from contextlib import suppress
from dataclasses import dataclass, field
from typing import Any, TypeVar

from job_server.worker.attempt import Attempt, AttemptConfig, Fate
from job_server.worker.calls import Calls, Pause
from job_server.worker.crew import Crew, CrewConfig
from job_server.worker.ending import Emit
from job_server.worker.process import Child, ChildSpec
from job_server.worker.scratch import Scratch
from swath.errors import AccessDenied, SwathError
from swath.worker.v1 import worker_pb2 as pb

_T = TypeVar("_T")


@dataclass(frozen=True, slots=True)
class ParentConfig:
    """How a worker goes about it."""

    wait_s: float = 25.0
    """How long the server may hold a claim before it says that there is no job."""
    drain_s: float = 30.0
    """Time for the job in progress when the worker is asked to stop; then it is given back."""
    attempt: AttemptConfig = field(default_factory=AttemptConfig)
    crew: CrewConfig = field(default_factory=CrewConfig)


class Worker:
    """One worker. Use, in one event loop: `await start()`; `await work()`; `await close()`."""

    def __init__(
        self,
        calls: Calls,
        spec: ChildSpec,
        config: ParentConfig,
        scratch: Scratch,
        emit: Emit,
        rng: random.Random,
        clock: Callable[[], float] = time.monotonic,
    ) -> None:
        self._calls = calls
        self._config = config
        self._emit = emit
        self._rng = rng
        self._clock = clock
        self._scratch = scratch
        self._crew = Crew(spec, config.crew, scratch, emit)
        self._attempt: Attempt | None = None
        self.has_started = False
        """Whether a child was ready once."""
        self._is_stopping = False
        self._stopping = asyncio.Event()

    async def start(self) -> None:
        """Return when a child is ready. Raises SwathError: why none will be."""
        await self._crew.start()
        self.has_started = True

    async def work(self) -> None:
        """Run jobs until `stop`; the job in progress then has been ended or given back.

        Raises:
            AccessDenied: the server does not take the secret.
        """
        task: pb.Assignment | None = None
        while not self._is_stopping:
            await self._unless_stopped(self._crew.ready())
            if task is None:
                task = await self._claim()
            if task is not None and not self._is_stopping:
                task = await self._run(task)
        if task is not None:
            await self._give_back(task)

    def stop(self) -> None:
        """Claim nothing more, and give the job in progress back if it takes longer than a while."""
        if self._is_stopping:
            return
        self._is_stopping = True
        self._stopping.set()
        asyncio.get_running_loop().call_later(self._config.drain_s, self.abort)

    def abort(self) -> None:
        """Give the job in progress back now."""
        self.stop()
        if self._attempt is not None:
            self._attempt.stop(Fate.RELEASED)

    async def close(self) -> None:
        """End the children, and leave nothing on scratch disk."""
        await self._crew.close()
        await self._calls.close()
        self._scratch.close()

    async def _claim(self) -> pb.Assignment | None:
        """The next job, however long it takes to come; None: the worker is asked to stop."""
        pause = Pause(self._rng)
        is_away = False
        while not self._is_stopping:
            try:
                task = await self._unless_stopped(self._calls.claim(self._config.wait_s))
            except AccessDenied:
                raise
            except SwathError as problem:
                if not is_away:
                    is_away = True
                    self._emit("server_away", {"problem": str(problem)})
                await self._unless_stopped(asyncio.sleep(pause.next_s()))
                continue
            if is_away:
                is_away, pause = False, Pause(self._rng)
                self._emit("server_back", {})
            if task is not None:
                return task
        return None

    async def _run(self, task: pb.Assignment) -> pb.Assignment | None:
        """Run a job to its end; the next one, if the server had one at once."""
        child = await self._unless_stopped(self._child(task.lease_s / 4))
        if child is None or self._is_stopping:
            if child is not None:  # it came at the same moment
                self._crew.give(child)
            await self._give_back(task)
            return None
        with suppress(OSError):  # the child meets it, and tells of it
            self._scratch.keep()
        lease = task.lease
        who = {"job": lease.job, "fence": lease.fence, "attempt": task.attempt}
        self._emit("claimed", {**who, "pid": os.getpid()})
        config = self._config.attempt
        attempt = Attempt(task, child, self._calls, config, self._emit, self._clock)
        self._attempt = attempt
        try:
            return await attempt.run(lambda: not self._is_stopping)
        finally:
            self._attempt = None
            self._crew.give(child)

    async def _child(self, wait_s: float) -> Child | None:
        """A child that is ready; None where there was one when the job was claimed, and no more."""
        with suppress(TimeoutError):
            async with asyncio.timeout(wait_s):
                return await self._crew.take()
        return None

    async def _give_back(self, task: pb.Assignment) -> None:
        """Release a job that came when the worker was asked to stop, or had lost its children."""
        with suppress(SwathError):
            await self._calls.release(task.lease, self._config.attempt.release_s)
            self._emit("released", {"job": task.lease.job, "fence": task.lease.fence})

    async def _unless_stopped(self, work: Coroutine[Any, Any, _T]) -> _T | None:
        """What the work gives; None where the worker is asked to stop before it is done."""
        doing = asyncio.ensure_future(work)
        stopping = asyncio.ensure_future(self._stopping.wait())
        await asyncio.wait((doing, stopping), return_when=asyncio.FIRST_COMPLETED)
        stopping.cancel()
        if doing.done():
            return doing.result()
        doing.cancel()
        with suppress(asyncio.CancelledError, SwathError):
            return await doing  # it may have been done at this very moment
        return None
