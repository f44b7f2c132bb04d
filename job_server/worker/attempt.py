"""One job on one child: passes on what the child asks, watches it, and tells the server the end.

Four things go on at once: the work (frames of the child, in order), heartbeats, a watch over
memory, deadline and lease, and whoever calls `stop`. The first that finds a reason to stop decides
how the attempt ends; see `Fate`.
"""

from __future__ import annotations

import asyncio
import enum
import time
from collections.abc import Callable
from contextlib import suppress
from dataclasses import dataclass
from typing import Any, Final

from job_server.worker import relay
from job_server.worker.calls import Calls
from job_server.worker.frames import ENDS, Frame, Kind
from job_server.worker.lease import HeldLease
from job_server.worker.process import Child
from job_server.worker.report import failure_of, refused, told_by
from swath.errors import AccessDenied, EngineCrashed, LeaseLost, SwathError
from swath.worker.v1 import worker_pb2 as pb

Emit = Callable[[str, dict[str, Any]], None]
_Directive = pb.HeartbeatResponse


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
    stop_grace_s: float = 5.0
    """A child that works on for longer after it was asked to stop is killed."""
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
        self._emit = emit
        self._clock = clock
        now_s = clock()
        self._began_s = now_s
        self._held = HeldLease.of(task, now_s)
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
        beside = [loop.create_task(self._beat()), loop.create_task(self._watch())]
        try:
            end = await self._end()
            self._report = loop.create_task(self._finish(end, wants_next))
            await asyncio.wait((self._report,))
            return await self._release() if self._report.cancelled() else self._report.result()
        except LeaseLost:
            self._tell("lease_lost")
            return None
        finally:
            for task in beside:
                task.cancel()
            await asyncio.gather(*beside, return_exceptions=True)
            await self._settle()

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
        elif not self._is_idle:
            self._child.kill()

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
                self._tell("pinned", steps_total=frame.head["steps_total"])
            elif frame.kind is Kind.PIECE:
                await relay.put(frame, self._held, self._calls, self._child)
            elif frame.kind is Kind.FETCH:
                await relay.fetch(frame, self._held, self._calls, self._child)
            else:
                self._child.kill()
                raise EngineCrashed("The process that computed this job lost its mind.")

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
            return EngineCrashed("The process that computed this job lost its mind.")
        if not isinstance(fault, SwathError):
            raise fault
        return fault

    # The end

    async def _finish(
        self, end: Frame | SwathError, wants_next: Callable[[], bool]
    ) -> pb.Assignment | None:
        if isinstance(end, EngineCrashed) and self.fate is None:
            self.fate = Fate.MEMORY if self._child.was_out_of_memory() else Fate.CRASHED
        if self.fate is Fate.RELEASED:
            return await self._release()
        if self.fate is None and isinstance(end, LeaseLost) and await self._was_cancelled():
            self.fate = Fate.CANCELLED
        if self.fate is Fate.LOST or (self.fate is None and isinstance(end, LeaseLost)):
            raise LeaseLost("The lease of this job is over.")
        if self.fate is not None:
            return await self._fail(failure_of(self.fate.value, self._child, self._task))
        if isinstance(end, SwathError):
            return await self._fail(refused(end))
        try:
            said = told_by(end)
        except ValueError:
            self._child.kill()
            return await self._fail(failure_of("crashed", self._child, self._task))
        if isinstance(said, pb.CommitRequest):
            return await self._commit(said, wants_next())
        return await self._fail(said, end.head.get("traceback"))

    async def _commit(self, said: pb.CommitRequest, wants_next: bool) -> pb.Assignment | None:
        said.lease.CopyFrom(self._task.lease)
        said.claim_next, said.worker = wants_next, self._calls.worker
        try:
            following = await self._calls.commit(said, self._held)
        except LeaseLost:
            if not await self._was_cancelled():
                raise
            return await self._fail(failure_of("cancelled", self._child, self._task))
        except AccessDenied:
            raise
        except SwathError as problem:
            return await self._fail(refused(problem))
        self._tell("committed", bytes=len(said.data), pieces=len(said.pieces))
        return following

    async def _fail(
        self, failure: pb.FailRequest, traceback: str | None = None
    ) -> pb.Assignment | None:
        failure.lease.CopyFrom(self._task.lease)
        try:
            await self._calls.fail(failure, self._held)
        except (LeaseLost, AccessDenied):
            raise
        except SwathError as problem:  # its lease will end
            self._tell("not_told", problem=str(problem))
            return None
        said = {"kind": pb.FailRequest.Kind.Name(failure.kind), "reason": failure.error.reason}
        blame = {} if traceback is None else {"traceback": traceback}
        self._tell("failed", **said, problem=failure.error.message, **blame)
        return None

    async def _was_cancelled(self) -> bool:
        """Whether a refusal came because the cancellation of the job was asked for."""
        try:
            return await self._calls.heartbeat(self._held) == _Directive.DIRECTIVE_CANCEL
        except SwathError:
            return False

    async def _release(self) -> pb.Assignment | None:
        try:
            await self._calls.release(self._task.lease, self._config.release_s)
        except SwathError as problem:
            self._tell("not_released", problem=str(problem))
        else:
            self._tell("released")
        return None

    def _tell(self, verb: str, **fields: Any) -> None:
        seconds = round(self._clock() - self._began_s, 6)
        lease = self._task.lease
        who = {"job": lease.job, "fence": lease.fence, "attempt": self._task.attempt}
        self._emit(verb, {**who, "seconds": seconds, **fields})

    # Beside the work

    async def _beat(self) -> None:
        """Renew the lease, whatever the child does, and hear what the server wants."""
        every_s = min(self._held.length_s / 4, self._config.heartbeat_s)
        wait_s = every_s
        while True:
            with suppress(TimeoutError):
                await asyncio.wait_for(self._beat_now.wait(), wait_s)
            self._beat_now.clear()
            try:
                directive = await self._calls.heartbeat(self._held)
                wait_s = every_s
            except SwathError:  # the server is away: try more often, for as long as the lease lives
                wait_s = every_s / 4
                continue
            if directive == _Directive.DIRECTIVE_CANCEL:
                self.stop(Fate.CANCELLED)

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
        self._killing = loop.call_later(self._config.stop_grace_s, self._child.kill)

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
