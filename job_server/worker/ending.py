"""The end of an attempt, told to the server, and to the log when the server knows."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

from job_server.worker.calls import Calls
from job_server.worker.lease import HeldLease
from job_server.worker.report import refused
from swath.errors import AccessDenied, LeaseLost, SwathError
from swath.worker.v1 import worker_pb2 as pb

Emit = Callable[[str, dict[str, Any]], None]
"""Called with the name and the fields of what happened."""


class Ending:
    """Ends one attempt. What the server refuses raises LeaseLost, a wrong secret AccessDenied."""

    def __init__(
        self,
        task: pb.Assignment,
        held: HeldLease,
        calls: Calls,
        emit: Emit,
        clock: Callable[[], float],
    ) -> None:
        self._task = task
        self._held = held
        self._calls = calls
        self._emit = emit
        self._clock = clock
        self._began_s = clock()

    def tell(self, verb: str, **fields: Any) -> None:
        """Say that something happened to this attempt."""
        lease = self._task.lease
        who = {"job": lease.job, "fence": lease.fence, "attempt": self._task.attempt}
        seconds = round(self._clock() - self._began_s, 6)
        self._emit(verb, {**who, "seconds": seconds, **fields})

    async def commit(self, said: pb.CommitRequest, wants_next: bool) -> pb.Assignment | None:
        """End the job with success; the next one, if it is wanted and there is one.

        A result that the server does not take is a failure.
        """
        said.lease.CopyFrom(self._task.lease)
        said.claim_next, said.worker = wants_next, self._calls.worker
        try:
            following = await self._calls.commit(said, self._held)
        except (LeaseLost, AccessDenied):
            raise
        except SwathError as problem:
            await self.fail(refused(problem))
            return None
        self.tell("committed", bytes=len(said.data), pieces=len(said.pieces))
        return following

    async def fail(self, failure: pb.FailRequest, traceback: str | None = None) -> None:
        """End the attempt without success; `traceback` is for the log alone."""
        failure.lease.CopyFrom(self._task.lease)
        try:
            await self._calls.fail(failure, self._held)
        except (LeaseLost, AccessDenied):
            raise
        except SwathError as problem:  # the lease ends by itself
            self.tell("not_told", problem=str(problem))
            return
        said = {"kind": pb.FailRequest.Kind.Name(failure.kind), "reason": failure.error.reason}
        blame = {} if traceback is None else {"traceback": traceback}
        self.tell("failed", **said, problem=failure.error.message, **blame)

    async def release(self, timeout_s: float) -> None:
        """Give the job back; where that fails, the lease ends by itself."""
        try:
            await self._calls.release(self._task.lease, timeout_s)
        except SwathError as problem:
            self.tell("not_released", problem=str(problem))
        else:
            self.tell("released")

    async def was_cancelled(self) -> bool:
        """Whether a refusal came because the cancellation of the job was asked for."""
        try:
            directive = await self._calls.heartbeat(self._held)
        except SwathError:
            return False
        return directive == pb.HeartbeatResponse.DIRECTIVE_CANCEL
