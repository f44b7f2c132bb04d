"""A WorkerService that keeps its jobs in memory, checks the contract, and does as a test says."""

from __future__ import annotations

import asyncio
import zlib
from collections import deque
from collections.abc import Awaitable, Callable
from dataclasses import dataclass, field
from typing import Any

import grpc
from grpc import aio

from swath.errors import StorageUnavailable
from swath.status import to_status
from swath.v1 import jobs_pb2
from swath.worker.v1 import worker_pb2 as pb
from swath.worker.v1 import worker_pb2_grpc

SECRET = "open sesame"
FULL = "Results cannot be written now: No space left on device. Free space under the data folder."


@dataclass
class Heard:
    """What workers said, in order: (rpc, request)."""

    calls: list[tuple[str, Any]] = field(default_factory=list)
    news: asyncio.Condition = field(default_factory=asyncio.Condition)

    def of(self, rpc: str) -> list[Any]:
        """The requests of one rpc."""
        return [request for name, request in self.calls if name == rpc]

    async def add(self, rpc: str, request: Any) -> None:
        async with self.news:
            self.calls.append((rpc, request))
            self.news.notify_all()

    async def wait(self, rpc: str, count: int = 1, limit_s: float = 20) -> Any:
        """The request of that rpc that came as number `count`, when it has come."""
        async with asyncio.timeout(limit_s), self.news:
            await self.news.wait_for(lambda: len(self.of(rpc)) >= count)
        return self.of(rpc)[count - 1]


class ScriptedService(worker_pb2_grpc.WorkerServiceServicer):
    """Hands out what is in `queue`; refuses every fence that is not the job's present one."""

    def __init__(self) -> None:
        self.queue: deque[pb.Assignment] = deque()
        self.heard = Heard()
        self.fences: dict[str, int] = {}
        self.pieces: dict[tuple[str, str], bytes] = {}
        self.directive = pb.HeartbeatResponse.DIRECTIVE_CONTINUE
        self.failing: dict[str, int] = {}
        """How many calls of an rpc are answered with UNAVAILABLE, before they do anything."""
        self.breaking: dict[str, int] = {}
        """Likewise, after they have done it: the answer is lost."""
        self.full: dict[str, int] = {}
        """How many calls of an rpc are answered with what a full disk gives."""
        self.refusing: dict[str, grpc.StatusCode] = {}
        """Code with which an rpc is answered."""
        self.on: dict[str, Callable[[], Awaitable[None]]] = {}
        """What is done before an rpc is answered."""

    def add(self, act: str, **fields: Any) -> pb.Assignment:
        """Queue a job whose child does what `rehearsal` says of `act`."""
        job = fields.pop("job", f"{len(self.fences):032x}")
        self.fences[job] = self.fences.get(job, 0) + 1
        fields = {"attempt": 1, "lease_s": 4.0, "timeout_s": 60.0} | fields
        task = pb.Assignment(lease=pb.Lease(job=job, fence=self.fences[job]), **fields)
        task.spec.format.name = act
        self.queue.append(task)
        return task

    def hand_on(self, task: pb.Assignment) -> None:
        """Give the job to nobody in particular: whoever has it has lost it."""
        self.fences[task.lease.job] += 1

    async def _begin(self, rpc: str, request: Any, context: Any) -> None:
        await self.heard.add(rpc, request)
        if ("authorization", f"Bearer {SECRET}") not in context.invocation_metadata():
            await context.abort(grpc.StatusCode.UNAUTHENTICATED, "This is not the secret.")
        if self.failing.get(rpc, 0) > 0:
            self.failing[rpc] -= 1
            await context.abort(grpc.StatusCode.UNAVAILABLE, "The database does not answer.")
        if self.full.get(rpc, 0) > 0:
            self.full[rpc] -= 1
            await context.abort(*to_status(StorageUnavailable(FULL)))
        if rpc in self.refusing:
            await context.abort(self.refusing[rpc], "No.")
        if rpc in self.on:
            await self.on[rpc]()

    async def _fenced(self, lease: pb.Lease, context: Any) -> None:
        if self.fences.get(lease.job) != lease.fence:
            await context.abort(grpc.StatusCode.ABORTED, "LEASE_LOST")

    async def _finish(self, rpc: str, context: Any) -> None:
        if self.breaking.get(rpc, 0) > 0:
            self.breaking[rpc] -= 1
            await context.abort(grpc.StatusCode.UNAVAILABLE, "The answer was lost.")

    async def Claim(self, request, context):
        await self._begin("Claim", request, context)
        until_s = asyncio.get_running_loop().time() + request.wait_s
        while not self.queue:
            if asyncio.get_running_loop().time() >= until_s:
                return pb.ClaimResponse()
            await asyncio.sleep(0.005)
        return pb.ClaimResponse(assignment=self.queue.popleft())

    async def Heartbeat(self, request, context):
        await self._begin("Heartbeat", request, context)
        return pb.HeartbeatResponse(directives=[self._directive(b) for b in request.beats])

    async def AwaitStop(self, request, context):
        await self._begin("AwaitStop", request, context)
        until_s = asyncio.get_running_loop().time() + request.wait_s
        while asyncio.get_running_loop().time() < until_s:
            await self._fenced(request.lease, context)
            if self.directive != pb.HeartbeatResponse.DIRECTIVE_CONTINUE:
                break
            await asyncio.sleep(0.005)
        return pb.AwaitStopResponse(directive=self.directive)

    def _directive(self, beat: pb.Beat) -> pb.HeartbeatResponse.Directive:
        is_held = self.fences.get(beat.lease.job) == beat.lease.fence
        return self.directive if is_held else pb.HeartbeatResponse.DIRECTIVE_LEASE_LOST

    async def Pin(self, request, context):
        await self._begin("Pin", request, context)
        await self._fenced(request.lease, context)
        return pb.PinResponse()

    async def PutPiece(self, requests, context):
        head, data = None, bytearray()
        async for request in requests:
            if head is None:
                head = request.head
                await self._begin("PutPiece", head, context)
                await self._fenced(head.lease, context)
            assert len(request.data) <= 1 << 20
            data += request.data
        assert head is not None
        assert (head.size_bytes, head.crc32) == (len(data), zlib.crc32(data))
        self.pieces.setdefault((head.lease.job, head.name), bytes(data))
        await self._finish("PutPiece", context)
        return pb.PutPieceResponse()

    async def GetPiece(self, request, context):
        await self._begin("GetPiece", request, context)
        await self._fenced(request.lease, context)
        data = self.pieces[request.lease.job, request.name]
        for at in range(0, len(data), 1 << 20):
            yield pb.GetPieceResponse(data=data[at : at + (1 << 20)])
            await self._finish("GetPiece", context)

    async def Commit(self, request, context):
        await self._begin("Commit", request, context)
        await self._fenced(request.lease, context)
        await self._finish("Commit", context)
        answer = pb.CommitResponse()
        if request.claim_next and self.queue:
            answer.next.CopyFrom(self.queue.popleft())
        return answer

    async def Fail(self, request, context):
        await self._begin("Fail", request, context)
        await self._fenced(request.lease, context)
        return pb.FailResponse()

    async def Release(self, request, context):
        await self._begin("Release", request, context)
        await self._fenced(request.lease, context)
        return pb.ReleaseResponse()

    def result(self, commit: pb.CommitRequest) -> bytes:
        """All bytes of a result that was committed."""
        if commit.HasField("data"):
            return commit.data
        return b"".join(self.pieces[commit.lease.job, name] for name in commit.pieces)

    def stages(self) -> list[str]:
        """The stages that heartbeats told of."""
        beats = [beat for request in self.heard.of("Heartbeat") for beat in request.beats]
        return [jobs_pb2.Stage.Name(beat.stage) for beat in beats]


class ScriptedServer:
    """The service on a Unix socket; it can go away and come back."""

    def __init__(self, service: ScriptedService, address: str) -> None:
        self.service = service
        self.address = address
        self._server: aio.Server | None = None

    async def open(self) -> None:
        """Answer calls."""
        self._server = aio.server()
        worker_pb2_grpc.add_WorkerServiceServicer_to_server(self.service, self._server)
        self._server.add_insecure_port(self.address)
        await self._server.start()

    async def close(self) -> None:
        """Answer none any more; those in progress break off."""
        assert self._server is not None
        await self._server.stop(0)
