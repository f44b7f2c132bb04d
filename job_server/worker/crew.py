"""The children of one worker: one to work, warm spares to take its place, in rooms of their own."""

from __future__ import annotations

import asyncio
import shutil
from dataclasses import dataclass
from itertools import count
from pathlib import Path

from job_server.worker.ending import Emit
from job_server.worker.frames import Kind
from job_server.worker.process import Child, ChildSpec
from job_server.worker.scratch import Scratch
from swath.errors import EngineCrashed, InternalError, SwathError, every_error

START_ATTEMPTS = 3
"""Processes that die while they start, one after the other, before a worker gives up its start."""
LONGEST_PAUSE_S = 10.0
CLASSES = {cls.REASON: cls for cls in every_error()}
KEPT = 0.75
"""Part of its budget that a child may keep between tasks; with more it is replaced."""


@dataclass(frozen=True, slots=True)
class CrewConfig:
    """How many children, and how long they may take to start."""

    spares: int = 1
    """Warm children that take the place of one that died."""
    start_timeout_s: float = 600.0
    """A child that is not ready by then is killed; the first one compiles kernels."""


class Crew:
    """Keeps children ready. All methods belong to one event loop."""

    def __init__(self, spec: ChildSpec, config: CrewConfig, scratch: Scratch, emit: Emit) -> None:
        self._spec = spec
        self._config = config
        self._scratch = scratch
        self._emit = emit
        self._ready: list[Child] = []
        self._news = asyncio.Event()
        self._numbers = count()
        self._keepers: set[asyncio.Task[None]] = set()
        self._failed_starts = 0
        self._start_error: SwathError | None = None

    async def start(self) -> None:
        """Start children; return when one is ready.

        Raises:
            SwathError: why they do not start.
        """
        self._hire()  # the first alone: it may have to compile what the others then find
        while not self._ready and self._start_error is None:
            self._news.clear()
            await self._news.wait()
        if not self._ready and self._start_error is not None:
            await self.close()
            raise self._start_error
        for _ in range(self._config.spares):
            self._hire()

    async def ready(self) -> None:
        """Return when there is a child that is ready."""
        while not self._ready:
            self._news.clear()
            await self._news.wait()

    async def take(self) -> Child:
        """A child that is ready; give it back with `give`."""
        await self.ready()
        return self._ready.pop(0)

    def give(self, child: Child) -> None:
        """Take back a child that is idle or dead; one that kept too much memory is ended."""
        if child.look() > KEPT * self._spec.memory_bytes:
            child.kill()
        elif child.is_alive and not child.was_killed:
            self._join(child, first=True)

    def _join(self, child: Child, *, first: bool = False) -> None:
        self._ready.insert(0 if first else len(self._ready), child)
        self._news.set()

    async def close(self) -> None:
        """End all children, and wait until they are gone."""
        for keeper in self._keepers:
            keeper.cancel()
        await asyncio.gather(*self._keepers, return_exceptions=True)

    def _hire(self, pause_s: float = 0.0) -> None:
        keeper = asyncio.get_running_loop().create_task(self._keep(pause_s))
        self._keepers.add(keeper)
        keeper.add_done_callback(self._keepers.discard)

    async def _keep(self, pause_s: float) -> None:
        """One child from its start to its end; then another one in its place."""
        await asyncio.sleep(pause_s)
        try:
            room = self._scratch.room(f"{next(self._numbers)}")
            try:
                await self._live(await self._begin(room))
            finally:
                shutil.rmtree(room, ignore_errors=True)
        except OSError as problem:  # no room on disk, no process to be had
            self._did_not_start(0, EngineCrashed(f"A child cannot be started: {problem}."))
        self._hire(self._pause_s())

    async def _begin(self, room: Path) -> Child:
        """A child that is starting. A start that is cut short would leave its process behind."""
        starting = asyncio.ensure_future(Child.start(self._spec, room))
        try:
            return await asyncio.shield(starting)
        except asyncio.CancelledError:
            await _bury(await starting)
            raise

    async def _live(self, child: Child) -> None:
        try:
            async with asyncio.timeout(self._config.start_timeout_s):
                await _start(child)
            self._failed_starts = 0
            self._join(child)
            await child.ended()
            self._emit("child_lost", {"pid": child.pid, "how": child.how_it_ended})
        except TimeoutError:
            self._did_not_start(child.pid, EngineCrashed("A child took too long to start."))
        except SwathError as problem:
            self._did_not_start(child.pid, problem)
        finally:
            if child in self._ready:
                self._ready.remove(child)
            await _bury(child)

    def _did_not_start(self, pid: int, problem: SwathError) -> None:
        self._failed_starts += 1
        self._emit("child_not_started", {"pid": pid, "problem": str(problem)})
        is_told = not isinstance(problem, EngineCrashed)
        if is_told or self._failed_starts >= START_ATTEMPTS:
            self._start_error = problem
        self._news.set()

    def _pause_s(self) -> float:
        """How long to wait before the next child is started."""
        failed = self._failed_starts
        return min(0.1 * 2**failed, LONGEST_PAUSE_S) if failed else 0.0


async def _bury(child: Child) -> None:
    """End a child; return, or be cancelled, when it is reaped and not before."""
    child.kill()
    burial = asyncio.ensure_future(child.ended())
    try:
        await asyncio.shield(burial)
    except asyncio.CancelledError:
        await burial
        raise


async def _start(child: Child) -> None:
    """Return when a child is ready. Raises SwathError: it will not be, and what it said."""
    first = await child.receive()
    if first.kind is Kind.FAILED:
        raise CLASSES.get(first.head.get("reason", ""), InternalError)(
            first.head.get("problem", "")
        )
    if first.kind is not Kind.READY:
        raise EngineCrashed("A child process began with something else than that it is ready.")
