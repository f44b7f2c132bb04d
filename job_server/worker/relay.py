"""What a child asks for, passed on to the server, and the answer passed back.

Bytes of pieces go through in parts: a part is taken from one side when the other has room, so no
more than a few of them are held. A call that breaks off is begun again from the first part.

Each raises LeaseLost, EngineCrashed (the child is gone), or what else `calls` says; KeyError,
TypeError and ValueError tell of a frame that makes no sense.
"""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator
from contextlib import suppress
from typing import Any, cast

from grpc import aio

from job_server.worker.calls import Calls
from job_server.worker.frames import Frame, Kind
from job_server.worker.lease import HeldLease
from job_server.worker.process import Child
from job_server.worker.told import told
from swath.errors import BadRequest
from swath.v1 import jobs_pb2
from swath.worker.v1 import worker_pb2 as pb


def note_stage(frame: Frame, held: HeldLease) -> None:
    """Keep what a child says of its progress for the next heartbeat."""
    held.stage = cast("jobs_pb2.Stage", jobs_pb2.Stage.Value(frame.head["stage"]))
    if frame.head["steps_done"] is not None:
        held.steps_done = int(frame.head["steps_done"])


async def pin(frame: Frame, held: HeldLease, calls: Calls, child: Child) -> None:
    """Store the plan of a job."""
    request = pb.PinRequest(
        lease=held.lease,
        plan=frame.data,
        engine_version=frame.head["engine_version"],
        steps_total=frame.head["steps_total"],
    )
    await calls.pin(request, held)
    held.stage = jobs_pb2.STAGE_UNSPECIFIED  # a heartbeat must not take it back to PREPARING
    child.send(Kind.DONE)


async def put(frame: Frame, held: HeldLease, calls: Calls, child: Child) -> None:
    """Store a piece."""
    head = pb.PieceHead(
        lease=held.lease,
        name=frame.head["name"],
        size_bytes=frame.head["size_bytes"],
        crc32=frame.head["crc32"],
        steps_done=frame.head["steps_done"],
    )
    await calls.insist(held, lambda: _put_once(head, calls, child))
    if frame.head["steps_done"] is not None:
        held.steps_done = None  # older news must not take it back
    child.send(Kind.DONE)


async def _put_once(head: pb.PieceHead, calls: Calls, child: Child) -> None:
    """Send a piece. Raises Unavailable where it broke off; the child then has sent all of it."""
    child.send(Kind.SEND)
    parts = _parts(head.size_bytes, child)
    call = calls.put(head.size_bytes)
    try:
        with suppress(asyncio.InvalidStateError):  # the server has answered before the end
            await call.write(pb.PutPieceRequest(head=head))
            async for part in parts:
                await call.write(pb.PutPieceRequest(data=part))
            await call.done_writing()
        await call
    except aio.AioRpcError as error:
        raise told(error, calls.address) from None
    finally:
        call.cancel()
        async for _ in parts:
            pass  # the child says nothing else before it has sent all


async def _parts(size_bytes: int, child: Child) -> AsyncIterator[bytes]:
    """The parts of a piece as the child sends them."""
    left = size_bytes
    while left > 0:
        frame = await child.receive()
        left -= len(frame.data)
        if frame.kind is not Kind.PART or left < 0:
            raise ValueError("something else than the next part of a piece")
        yield frame.data


async def fetch(frame: Frame, held: HeldLease, calls: Calls, child: Child) -> None:
    """Give the child a stored piece.

    A call that breaks off is begun again, and what the child has already is left out.
    """
    request = pb.GetPieceRequest(lease=held.lease, name=frame.head["name"])
    given = [0]
    try:
        await calls.insist(held, lambda: _fetch_once(request, calls, child, given))
    except BadRequest:  # damaged, or not there
        child.send(Kind.MISSING)
    else:
        child.send(Kind.DONE)


async def _fetch_once(
    request: pb.GetPieceRequest, calls: Calls, child: Child, given: list[int]
) -> None:
    call: Any = calls.get(request)
    skip = given[0]
    try:
        async for message in call:
            data = message.data[skip:]
            skip = max(skip - len(message.data), 0)
            if data:
                given[0] += len(data)
                child.send(Kind.PART, data)
                await child.sent()
    except aio.AioRpcError as error:
        raise told(error, calls.address) from None
    finally:
        call.cancel()
