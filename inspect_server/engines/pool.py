"""Who computes what, who waits, and who is refused.

Short work (no pixels) has a process of its own and may also use an idle pixel process, so it never
waits behind long work; pixels never take the short lane. Memory is bounded by construction: each
process computes one request, with a limit, and what waits is counted and bounded.
"""

from __future__ import annotations

import asyncio
import contextlib
from collections import deque
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from dataclasses import dataclass

from inspect_server.engines.crew import Crew, CrewConfig, Emit, Lane, stopping
from inspect_server.engines.process import EngineProcess, EngineSpec
from inspect_server.engines.run import Run, Task
from swath.errors import DeadlineExceeded, ServerBusy


@dataclass(frozen=True, slots=True)
class QueueConfig:
    """How much may wait for a process; what is more is refused at once."""

    max_waiting: int = 64
    max_waiting_bytes: int = 256 << 20
    """Sum of the sizes of the requests that wait."""


@dataclass(frozen=True, slots=True)
class Waiting:
    """A request that waits for a process."""

    task: Task
    lane: Lane
    turn: asyncio.Future[Run]


class Pool:
    """Runs tasks on engine processes. All methods belong to one event loop.

    Use: `await pool.start()`; `async with pool.run(task, lane) as run: async for message in run`;
    `await pool.close()`.
    """

    def __init__(self, spec: EngineSpec, crew: CrewConfig, queue: QueueConfig, emit: Emit) -> None:
        self._crew = Crew(spec, crew, emit, self._on_idle, self.waiting)
        self._config = queue
        self._waiting: deque[Waiting] = deque()
        self._waiting_bytes = 0
        self._usual_run_s = 0.1

    async def start(self) -> None:
        """Start the processes; return when each lane has one that is ready.

        Raises:
            SwathError: why processes do not start.
        """
        self._loop = asyncio.get_running_loop()
        await self._crew.start()

    async def close(self) -> None:
        """End all processes; requests that still run or wait get Unavailable."""
        for waiting in self._waiting:
            if not waiting.turn.done():
                waiting.turn.set_exception(stopping())
        await self._crew.close()

    @asynccontextmanager
    async def run(self, task: Task, lane: Lane) -> AsyncIterator[Run]:
        """A run of the task on the first process that is free.

        Raises:
            ServerBusy: too much waits already. DeadlineExceeded: no process was free in time.
            Unavailable: the server stops.
        """
        engine = self._idle_engine(lane)
        run = await self._turn(task, lane) if engine is None else self._start(engine, task)
        started_s = self._loop.time()
        try:
            yield run
        finally:
            run.close()
            self._usual_run_s += 0.1 * (self._loop.time() - started_s - self._usual_run_s)

    def engines(self) -> list[tuple[str, EngineProcess]]:
        """Every process, with the name of its lane or `spare`."""
        lanes = [(lane.value, e) for lane, group in self._crew.lanes.items() for e in group]
        return [*lanes, *(("spare", engine) for engine in self._crew.spares)]

    def waiting(self) -> int:
        """Number of requests that wait for a process."""
        return len(self._waiting)

    def quarantined(self) -> tuple[str, ...]:
        """Sources that are not opened any more."""
        return self._crew.quarantine.listed

    def _start(self, engine: EngineProcess, task: Task) -> Run:
        return engine.start(task, self._crew.quarantine.listed)

    def _idle_engine(self, lane: Lane) -> EngineProcess | None:
        """An idle process for the lane.

        The first of the list is preferred, so that one client's requests find their caches warm.
        """
        lanes = (Lane.SHORT, Lane.PIXELS) if lane is Lane.SHORT else (lane,)
        for group in (self._crew.lanes[one] for one in lanes):
            for engine in group:
                if engine.is_idle:
                    return engine
        return None

    async def _turn(self, task: Task, lane: Lane) -> Run:
        self._admit(len(task.request))
        waiting = Waiting(task, lane, self._loop.create_future())
        self._waiting.append(waiting)
        self._waiting_bytes += len(task.request)
        try:
            self._crew.relieve()
            async with asyncio.timeout_at(task.deadline_s):
                return await waiting.turn
        except (TimeoutError, asyncio.CancelledError) as gone:
            self._return(waiting)
            if isinstance(gone, TimeoutError):
                raise DeadlineExceeded(
                    "The time allowed ran out while the request waited for other work to end."
                ) from None
            raise
        finally:
            self._waiting_bytes -= len(task.request)
            with contextlib.suppress(ValueError):
                self._waiting.remove(waiting)

    def _admit(self, size_bytes: int) -> None:
        if self._crew.is_closing:
            raise stopping()
        config = self._config
        has_room = self._waiting_bytes + size_bytes <= config.max_waiting_bytes
        if not has_room or len(self._waiting) >= config.max_waiting:
            raise self._busy()

    def _return(self, waiting: Waiting) -> None:
        """Close a run that was given to a caller at the moment when it gave up."""
        turn = waiting.turn
        if turn.done() and not turn.cancelled() and turn.exception() is None:
            turn.result().close()

    def _busy(self) -> ServerBusy:
        """The refusal, with the time after which a place is likely."""
        engines = max(len(self._crew.lanes[Lane.PIXELS]), 1)
        expected_s = self._usual_run_s * (len(self._waiting) + 1) / engines
        wait_ms = int(1000 * min(max(expected_s, 0.1), 30.0))
        return ServerBusy(
            f"The server has no room for more work right now: try again in {wait_ms} ms.",
            retry_after_ms=wait_ms,
        )

    def _on_idle(self, lane: Lane, engine: EngineProcess) -> None:
        """Give a process the request that waits longest, of its own lane first."""
        for waiting in sorted(self._waiting, key=lambda waiting: waiting.lane is not lane):
            fits = waiting.lane is lane or waiting.lane is Lane.SHORT
            if fits and not waiting.turn.done():
                waiting.turn.set_result(self._start(engine, waiting.task))
                return
