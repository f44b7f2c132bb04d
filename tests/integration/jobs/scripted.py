"""A worker that does what a test says: the service without the engine."""

from __future__ import annotations

import zlib
from collections.abc import Iterable, Iterator
from typing import Any

import grpc

from swath.status import from_status
from swath.v1 import jobs_pb2
from swath.worker.v1 import worker_pb2 as pb
from swath.worker.v1.worker_pb2_grpc import WorkerServiceStub

PART_BYTES = 1 << 20
OPTIONS = (
    ("grpc.use_local_subchannel_pool", 1),
    ("grpc.initial_reconnect_backoff_ms", 100),
    ("grpc.max_reconnect_backoff_ms", 500),
)


class ScriptedWorker:
    """Calls WorkerService; raises our errors."""

    def __init__(self, address: str, secret: str, name: str) -> None:
        self.name = name
        self._channel = grpc.insecure_channel(address, OPTIONS)
        self._stub: Any = WorkerServiceStub(self._channel)
        self._metadata = (("authorization", f"Bearer {secret}"),)
        self.handed: list[pb.Lease] = []
        """All leases that it got."""

    def close(self) -> None:
        """Close the connection."""
        self._channel.close()

    def waiting(self, wait_s: float = 20) -> Any:
        """A Claim in progress: a future of its answer."""
        request = pb.ClaimRequest(worker=self.name, wait_s=wait_s)
        return self._stub.Claim.future(request, timeout=30, metadata=self._metadata)

    def start_put(self, parts: Iterator[pb.PutPieceRequest]) -> Any:
        """A PutPiece in progress."""
        return self._stub.PutPiece.future(parts, timeout=30, metadata=self._metadata)

    def awaiting_stop(self, lease: pb.Lease, wait_s: float = 20) -> Any:
        """An AwaitStop in progress: a future of its answer."""
        request = pb.AwaitStopRequest(lease=lease, wait_s=wait_s)
        return self._stub.AwaitStop.future(request, timeout=30, metadata=self._metadata)

    def raw(self, method: str, request: bytes) -> bytes:
        """The answer to any bytes at all."""
        rpc: Any = self._channel.unary_unary(f"/swath.worker.v1.WorkerService/{method}")
        try:
            answer: bytes = rpc(request, timeout=20, metadata=self._metadata)
        except grpc.RpcError as error:
            raise _error_in(error) from None
        return answer

    def ask(self, method: str, request: Any, timeout_s: float = 20) -> Any:
        """The answer of an rpc, by its name."""
        try:
            return getattr(self._stub, method)(request, timeout=timeout_s, metadata=self._metadata)
        except grpc.RpcError as error:
            raise _error_in(error) from None

    def claim(self, wait_s: float = 5) -> pb.Assignment:
        """The next job, which must come in time."""
        assignment = self.try_claim(wait_s)
        assert assignment is not None, "no job came"
        return assignment

    def try_claim(self, wait_s: float = 0) -> pb.Assignment | None:
        """The next job, or None."""
        answer = self.ask("Claim", pb.ClaimRequest(worker=self.name, wait_s=wait_s))
        return self._noted(answer.assignment) if answer.HasField("assignment") else None

    def beat(
        self, lease: pb.Lease, stage: Any = 0, steps_done: int | None = None
    ) -> pb.HeartbeatResponse.Directive:
        """One heartbeat for one job; what to do about it."""
        beat = pb.Beat(lease=lease, stage=stage)
        if steps_done is not None:
            beat.steps_done = steps_done
        answer = self.ask("Heartbeat", pb.HeartbeatRequest(worker=self.name, beats=[beat]))
        directive: pb.HeartbeatResponse.Directive = answer.directives[0]
        return directive

    def await_stop(self, lease: pb.Lease, wait_s: float = 0) -> pb.HeartbeatResponse.Directive:
        """AwaitStop; what to do about a job."""
        request = pb.AwaitStopRequest(lease=lease, wait_s=wait_s)
        directive: pb.HeartbeatResponse.Directive = self.ask("AwaitStop", request, 30).directive
        return directive

    def pin(self, lease: pb.Lease, plan: bytes, version: str = "1", steps: int = 1) -> None:
        """Pin."""
        self.ask(
            "Pin", pb.PinRequest(lease=lease, plan=plan, engine_version=version, steps_total=steps)
        )

    def put(self, lease: pb.Lease, name: str, data: bytes, **head: Any) -> None:
        """PutPiece; `head` instead of what is true."""
        self.ask("PutPiece", parts_of(lease, name, data, **head))

    def get(self, lease: pb.Lease, name: str) -> bytes:
        """All bytes of GetPiece."""
        call = self._stub.GetPiece(
            pb.GetPieceRequest(lease=lease, name=name), timeout=20, metadata=self._metadata
        )
        try:
            return b"".join(message.data for message in call)
        except grpc.RpcError as error:
            raise _error_in(error) from None

    def commit(
        self,
        lease: pb.Lease,
        data: bytes | None = None,
        pieces: Iterable[str] = (),
        claim_next: bool = False,
        format: str = "native",
    ) -> pb.Assignment | None:
        """Commit; the next job, or None."""
        request = pb.CommitRequest(
            lease=lease, format=format, pieces=pieces, claim_next=claim_next, worker=self.name
        )
        if data is not None:
            request.data = data
        answer = self.ask("Commit", request)
        return self._noted(answer.next) if answer.HasField("next") else None

    def fail(self, lease: pb.Lease, kind: Any, reason: str = "", message: str = "") -> None:
        """Fail; without a reason: without an error."""
        request = pb.FailRequest(lease=lease, kind=kind)
        if reason:
            request.error.CopyFrom(jobs_pb2.JobError(code=3, reason=reason, message=message))
        self.ask("Fail", request)

    def release(self, lease: pb.Lease) -> None:
        """Release."""
        self.ask("Release", pb.ReleaseRequest(lease=lease))

    def _noted(self, assignment: pb.Assignment) -> pb.Assignment:
        self.handed.append(assignment.lease)
        return assignment


def parts_of(lease: pb.Lease, name: str, data: bytes, **head: Any) -> Iterator[pb.PutPieceRequest]:
    """The messages of a piece; `head` instead of what is true."""
    told = {"size_bytes": len(data), "crc32": zlib.crc32(data)} | head
    first = pb.PutPieceRequest(head=pb.PieceHead(lease=lease, name=name, **told))
    first.data = data[:PART_BYTES]
    yield first
    for begin in range(PART_BYTES, len(data), PART_BYTES):
        yield pb.PutPieceRequest(data=data[begin : begin + PART_BYTES])


def _error_in(end: Any) -> Exception:
    return from_status(end.code(), end.details(), end.trailing_metadata())
