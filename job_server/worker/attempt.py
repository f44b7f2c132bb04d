"""One job on one child: passes on what the child asks, watches it, and tells the server the end.

Four things go on at once: the work (frames of the child, in order), what the server says
(`directive`), a watch over memory, deadline and lease, and whoever calls `stop`. The first that
finds a reason to stop decides how the attempt ends; see `Fate`.
"""

from __future__ import annotations

import asyncio
import enum
import time
from collections.abc import Callable
from contextlib import suppress
from dataclasses import dataclass
from functools import partial
from typing import Final

from job_server.worker import relay
from job_server.worker.calls import Calls
from job_server.worker.directive import beat, hear
from job_server.worker.ending import Emit, Ending
from job_server.worker.frames import ENDS, Frame, Kind
from job_server.worker.lease import HeldLease
from job_server.worker.process import Child
from job_server.worker.report import failure_of, refused, told_by
from swath.errors import EngineCrashed, LeaseLost, SwathError
from swath.worker.v1 import worker_pb2 as pb


class Fate(enum.Enum):
    """Why an attempt is stopped before its child ends it."""

    CANCELLED = "cancelled"
    """Its cancellation was asked for: the child is asked, and killed where it does not stop."""
    LOST = "lost"
    """The lease is over: likewise, and the server hears nothing more of it."""
    RELEASED = "released"
    """The worker stops: the child is killed, and the job given back."""
    MEMORY = "memory"
    """The child used more memory than it may, or the kernel killed it for want of it."""
    TIMEOUT = "timeout"
    """The attempt took too long."""
    CRASHED = "crashed"
    """The child died by itself."""


@dataclass(frozen=True, slots=True)
class AttemptConfig:
    """Times of an attempt, in seconds."""

    heartbeat_s: float = 5.0
    """Longest time between two heartbeats; a quarter of the lease, if that is shorter."""
    hear_after_s: float = 0.2
    """An attempt that lasts longer hears at once that it is to stop. One that does not costs the
    server nothing for that."""
    stop_grace_s: float = 5.0
    """A child that works on for longer after it was asked to stop is killed."""
    storage_wait_s: float = 20.0
    """How long a part of a result is sent again where the server says that it has no room for it;
    then the attempt fails, and the job is tried again later."""
    watch_every_s: float = 0.1
    """How often memory, deadline and lease are looked at."""
    release_s: float = 5.0
    """Longest time to try to give a job back."""


class Attempt:
    """Runs one task. Use: `next = await Attempt(...).run(is_wanted)`."""

    def __init__(
        self,
        task: pb.Assignment,
        child: Child,
        calls: Calls,
        config: AttemptConfig,
        emit: Emit,
        clock: Callable[[], float] = time.monotonic,
    ) -> None:
        self.fate: Fate | None = None
        """Why it was stopped; None: it was not, or not yet."""
        self._task: Final = task
        self._child: Final = child
        self._calls: Final = calls
        self._config: Final = config
        self._clock = clock
        now_s = clock()
        self._held = HeldLease.of(task, now_s)
        self._ending = Ending(task, self._held, calls, emit, clock)
        self._deadline_s = now_s + task.timeout_s if task.timeout_s > 0 else float("inf")
        self._is_idle = False
        """Whether the child has ended the task."""
        self._beat_now = asyncio.Event()
        self._work: asyncio.Task[Frame] | None = None
        self._report: asyncio.Task[pb.Assignment | None] | None = None
        self._killing: asyncio.TimerHandle | None = None

    async def run(self, wants_next: Callable[[], bool]) -> pb.Assignment | None:
        """Run the task to its end; the next task, if the server had one at once.

        Args:
            wants_next: whether the worker takes another one, asked when this one is done.
        """
        loop = asyncio.get_running_loop()
        self._child.begin()
        self._child.send(Kind.TASK, self._task.SerializeToString())
        self._work = loop.create_task(self._serve())
        hearing = loop.create_task(self._hear())
        beside = [loop.create_task(self._beat()), loop.create_task(self._watch()), hearing]
        try:
            end = await self._end()
            hearing.cancel()  # from here on the answer to the end says it
            self._report = loop.create_task(self._finish(end, wants_next))
            await asyncio.wait((self._report,))
            if not self._report.cancelled():
                return self._report.result()
            await self._ending.release(self._config.release_s)
        except LeaseLost:
            self._ending.tell("lease_lost")
        finally:
            for task in beside:
                task.cancel()
            await asyncio.gather(*beside, return_exceptions=True)
            await self._settle()
        return None

    def stop(self, fate: Fate) -> None:
        """Stop the work for this reason, unless it has another; RELEASED hurries any other."""
        hurries = fate is Fate.RELEASED and self.fate is not Fate.LOST
        if self.fate is not None and not hurries:
            return
        self.fate = fate
        if fate in (Fate.LOST, Fate.RELEASED) and self._work is not None:
            self._work.cancel()
        if fate is Fate.RELEASED and self._report is not None:
            self._report.cancel()
        if fate in (Fate.CANCELLED, Fate.LOST):
            self._ask_to_stop()
        else:
            self._kill_unless_idle()

    # The work

    async def _serve(self) -> Frame:
        """Do what the child asks for, until it has ended the task; how it did."""
        while True:
            frame = await self._child.receive()
            if frame.kind in ENDS:
                self._is_idle = True
                return frame
            if frame.kind is Kind.STAGE:
                relay.note_stage(frame, self._held)
                self._beat_now.set()
            elif frame.kind is Kind.PIN:
                await relay.pin(frame, self._held, self._calls, self._child)
                self._ending.tell("pinned", steps_total=frame.head["steps_total"])
            elif frame.kind is Kind.PIECE:
                await relay.put(frame, self._held, self._calls, self._child)
            elif frame.kind is Kind.FETCH:
                await relay.fetch(frame, self._held, self._calls, self._child)
            else:
                self._child.kill()
                raise EngineCrashed("The process that computed the job sent what makes no sense.")

    async def _end(self) -> Frame | SwathError:
        """What the work came to: the child's end, or what kept it from one."""
        assert self._work is not None, "called by run"
        await asyncio.wait((self._work,))
        if self._work.cancelled():
            return LeaseLost("The work was given up.")
        fault = self._work.exception()
        if fault is None:
            return self._work.result()
        if isinstance(fault, KeyError | TypeError | ValueError):  # of a frame that makes no sense
            self._child.kill()
            await self._child.ended()
            return EngineCrashed("The process that computed the job sent what makes no sense.")
        if not isinstance(fault, SwathError):
            raise fault
        return fault

    # The end

    async def _finish(
        self, end: Frame | SwathError, wants_next: Callable[[], bool]
    ) -> pb.Assignment | None:
        """Tell the server; the next task, if it had one at once."""
        ending = self._ending
        if self.fate is None:
            self.fate = await self._fate_of(end)
        if self.fate is Fate.RELEASED:
            await ending.release(self._config.release_s)
        elif self.fate is Fate.LOST:
            raise LeaseLost("The lease of this job is over.")
        elif self.fate is not None:
            await ending.fail(failure_of(self.fate.value, self._child, self._task))
        elif isinstance(end, SwathError):
            await ending.fail(refused(end))
        else:
            return await self._say(end, wants_next)
        return None

    async def _fate_of(self, end: Frame | SwathError) -> Fate | None:
        """Why there is no end of the child's; None: there is one, or the server refused a part."""
        if isinstance(end, EngineCrashed):
            return Fate.MEMORY if self._child.was_out_of_memory() else Fate.CRASHED
        if isinstance(end, LeaseLost):
            return Fate.CANCELLED if await self._ending.was_cancelled() else Fate.LOST
        return None

    async def _say(self, end: Frame, wants_next: Callable[[], bool]) -> pb.Assignment | None:
        """Tell the server what the child told."""
        try:
            said = told_by(end)
        except ValueError:
            self._child.kill()
            said = failure_of("crashed", self._child, self._task)
        if isinstance(said, pb.FailRequest):
            await self._ending.fail(said, end.head.get("traceback"))
            return None
        try:
            return await self._ending.commit(said, wants_next())
        except LeaseLost:
            if not await self._ending.was_cancelled():
                raise
            await self._ending.fail(failure_of("cancelled", self._child, self._task))
            return None

    # Beside the work

    async def _beat(self) -> None:
        """Renew the lease, and hear what the server wants."""
        cancel = partial(self.stop, Fate.CANCELLED)
        await beat(self._calls, self._held, self._config.heartbeat_s, self._beat_now, cancel)

    async def _hear(self) -> None:
        """Hear at once where the server wants a stop."""
        cancel, lose = (partial(self.stop, fate) for fate in (Fate.CANCELLED, Fate.LOST))
        await hear(self._calls, self._held, self._config.hear_after_s, cancel, lose)

    async def _watch(self) -> None:
        """Look at lease, deadline and memory until the attempt is over."""
        while True:
            now_s = self._clock()
            if not self._held.is_live(now_s):
                self.stop(Fate.LOST)
            elif self._is_idle:
                pass  # the child has nothing to do with what is left
            elif now_s >= self._deadline_s:
                self.stop(Fate.TIMEOUT)
            elif self._child.look() > self._child.spec.memory_bytes:
                self.stop(Fate.MEMORY)
            await asyncio.sleep(self._config.watch_every_s)

    # The child afterwards

    def _ask_to_stop(self) -> None:
        """Tell the child to stop; kill it where it has not within the grace."""
        if self._is_idle or self._killing is not None:
            return
        self._child.send(Kind.CANCEL)
        loop = asyncio.get_running_loop()
        self._killing = loop.call_later(self._config.stop_grace_s, self._kill_unless_idle)

    def _kill_unless_idle(self) -> None:
        if not self._is_idle:
            self._child.kill()

    async def _settle(self) -> None:
        """Return when the child is idle, or gone."""
        self._ask_to_stop()
        with suppress(EngineCrashed):
            while not self._is_idle:
                frame = await self._child.receive()
                self._is_idle = frame.kind in ENDS
                if frame.kind in (Kind.PIN, Kind.PIECE, Kind.FETCH):
                    self._child.send(Kind.REFUSED)
        if self._killing is not None:
            self._killing.cancel()
