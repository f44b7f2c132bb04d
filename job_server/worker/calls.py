"""Calls of a worker to the job server, with errors as classes of the tree: those of `told`.

An error's class says what to do: Unavailable: try again; StorageUnavailable: likewise, for a
while; LeaseLost: stop; AccessDenied: the secret is wrong; any other: the server does not take what
was sent.
"""

from __future__ import annotations

import asyncio
import random
from collections.abc import Awaitable, Callable
from typing import Any, TypeVar

from grpc import aio

from job_server.worker.lease import HeldLease
from job_server.worker.told import told
from swath.errors import InternalError, StorageUnavailable, Unavailable
from swath.worker.v1 import worker_pb2 as pb
from swath.worker.v1.worker_pb2_grpc import WorkerServiceStub

ANSWER_S = 30.0
"""Longest time for the answer to a small request."""
SLOWEST_BYTES_PER_S = 1 << 20
"""A piece that goes more slowly than that is sent again."""
STOP_WAIT_S = 25.0
"""How long the server may hold back its answer to whether a job is to be stopped."""
HEARTBEAT_S = 5.0
"""Longest time for a heartbeat, or half a lease where that is shorter: then another one is sent."""
OPTIONS = (
    ("grpc.max_receive_message_length", -1),
    ("grpc.max_send_message_length", -1),
    ("grpc.enable_http_proxy", 0),
    # A server that has just been started is found soon.
    ("grpc.initial_reconnect_backoff_ms", 100),
    ("grpc.max_reconnect_backoff_ms", 2000),
    # A connection that died silently is replaced before a lease of a minute ends; the server
    # takes a ping every 20 s.
    ("grpc.keepalive_time_ms", 25_000),
    ("grpc.keepalive_timeout_ms", 5_000),
)
FIRST_PAUSE_S = 0.1
LONGEST_PAUSE_S = 5.0

_T = TypeVar("_T")


class Pause:
    """Times to wait between attempts: exponential, with full jitter, up to 5 s."""

    def __init__(self, rng: random.Random) -> None:
        self._rng = rng
        self._most_s = FIRST_PAUSE_S

    def next_s(self) -> float:
        """The next time to wait."""
        most_s = self._most_s
        self._most_s = min(2 * most_s, LONGEST_PAUSE_S)
        return self._rng.uniform(most_s / 10, most_s)


class Calls:
    """The rpcs of WorkerService, by one worker. All methods belong to one event loop."""

    def __init__(
        self,
        address: str,
        secret: str,
        worker: str,
        rng: random.Random,
        clock: Callable[[], float],
        storage_wait_s: float,
    ) -> None:
        """Open a channel; it connects with the first call.

        Args:
            worker: this process' identity.
            clock: monotonic, in seconds.
            storage_wait_s: how long what the server has no room for is sent again.
        """
        self.worker = worker
        self.address = address
        self._rng = rng
        self._clock = clock
        self._storage_wait_s = storage_wait_s
        self._channel = aio.insecure_channel(address, options=OPTIONS)
        self._stub: Any = WorkerServiceStub(self._channel)  # type: ignore[no-untyped-call]
        self._metadata = (("authorization", f"Bearer {secret}"),) if secret else ()

    async def close(self) -> None:
        """End all calls."""
        await self._channel.close()

    def pause(self) -> Pause:
        """Times to wait between attempts, from the shortest on."""
        return Pause(self._rng)

    async def claim(self, wait_s: float) -> pb.Assignment | None:
        """A job, or None where none came in time. Raises SwathError, as the module says."""
        request = pb.ClaimRequest(worker=self.worker, wait_s=wait_s)
        answer = await self._ask(self._stub.Claim, request, wait_s + ANSWER_S)
        return answer.assignment if answer.HasField("assignment") else None

    async def heartbeat(self, held: HeldLease) -> pb.HeartbeatResponse.Directive:
        """Renew a lease; what to do about its job. Raises SwathError, as the module says."""
        beat, sent_s = held.beat(), self._clock()
        request = pb.HeartbeatRequest(worker=self.worker, beats=[beat])
        timeout_s = min(HEARTBEAT_S, held.length_s / 2)
        answer = await self._ask(self._stub.Heartbeat, request, timeout_s)
        if len(answer.directives) != 1:
            raise InternalError("The answer to a heartbeat speaks of another number of jobs.")
        directive: pb.HeartbeatResponse.Directive = answer.directives[0]
        held.heard(directive, beat, sent_s, self._clock())
        return directive

    async def await_stop(self, held: HeldLease) -> pb.HeartbeatResponse.Directive:
        """What to do about a job: CANCEL as soon as the server wants it, CONTINUE after a while.

        Raises:
            LeaseLost: the lease is over. SwathError: as the module says.
        """
        request = pb.AwaitStopRequest(lease=held.lease, wait_s=STOP_WAIT_S)
        answer = await self._ask(self._stub.AwaitStop, request, STOP_WAIT_S + ANSWER_S)
        directive: pb.HeartbeatResponse.Directive = answer.directive
        return directive

    async def pin(self, request: pb.PinRequest, held: HeldLease) -> None:
        """Store a plan. Raises as `insist`."""
        await self.insist(held, lambda: self._ask(self._stub.Pin, request))

    async def commit(self, request: pb.CommitRequest, held: HeldLease) -> pb.Assignment | None:
        """End a job with success; the next job, if there is one. Raises as `insist`."""
        answer = await self.insist(held, lambda: self._ask(self._stub.Commit, request))
        return answer.next if answer.HasField("next") else None

    async def fail(self, request: pb.FailRequest, held: HeldLease) -> None:
        """End an attempt without success, however long that takes. Raises as `insist`."""
        await self.insist(held, lambda: self._ask(self._stub.Fail, request), float("inf"))

    async def release(self, lease: pb.Lease, timeout_s: float) -> None:
        """Give a job back, once. Raises SwathError, as the module says."""
        await self._ask(self._stub.Release, pb.ReleaseRequest(lease=lease), timeout_s)

    def put(self, size_bytes: int) -> aio.StreamUnaryCall[pb.PutPieceRequest, pb.PutPieceResponse]:
        """A call that takes the messages of a piece; `told` gives its errors."""
        timeout_s = ANSWER_S + size_bytes / SLOWEST_BYTES_PER_S
        call: aio.StreamUnaryCall[pb.PutPieceRequest, pb.PutPieceResponse] = self._stub.PutPiece(
            timeout=timeout_s, metadata=self._metadata
        )
        return call

    def get(
        self, request: pb.GetPieceRequest
    ) -> aio.UnaryStreamCall[pb.GetPieceRequest, pb.GetPieceResponse]:
        """A call that gives the messages of a piece; `told` gives its errors."""
        call: aio.UnaryStreamCall[pb.GetPieceRequest, pb.GetPieceResponse] = self._stub.GetPiece(
            request, metadata=self._metadata
        )
        return call

    async def insist(
        self,
        held: HeldLease,
        call: Callable[[], Awaitable[_T]],
        storage_wait_s: float | None = None,
    ) -> _T:
        """The answer to a call that is repeated while the server is away and the lease lives.

        Args:
            storage_wait_s: how long it is repeated where the server says that it has no room;
                absent: as long as this worker waits for room.

        Raises:
            LeaseLost: the server said so, or the time of the lease is over. StorageUnavailable: the
            server has had no room for too long. SwathError: any other error than Unavailable, as
            the module says.
        """
        pause, until_s = self.pause(), None
        longest_s = self._storage_wait_s if storage_wait_s is None else storage_wait_s
        while True:
            held.require(self._clock())
            try:
                return await call()
            except StorageUnavailable:
                now_s = self._clock()
                until_s = now_s + longest_s if until_s is None else until_s
                if now_s >= until_s:
                    raise
            except Unavailable:
                pass  # whether there is room now is not known
            await asyncio.sleep(pause.next_s())

    async def _ask(self, method: Any, request: Any, timeout_s: float = ANSWER_S) -> Any:
        try:
            return await method(request, timeout=timeout_s, metadata=self._metadata)
        except aio.AioRpcError as error:
            raise told(error, self.address) from None
