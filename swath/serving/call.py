"""One call of an rpc, from its bytes to its status: what every rpc of both servers goes through.

Handlers take raw bytes and give raw bytes, so that our own limits and errors answer, not gRPC's.
Here callers are told apart, errors become statuses, deadlines are capped, and each call ends as one
event.
"""

from __future__ import annotations

import asyncio
import time
import traceback
from collections.abc import AsyncGenerator, AsyncIterator, Awaitable, Callable, Iterable, Mapping
from dataclasses import dataclass, field
from typing import Any, cast

import grpc
from grpc import aio

from swath import errors, status
from swath.serving.events import Instrument
from swath.serving.tokens import LOCAL

Context = aio.ServicerContext[bytes, bytes]
MAX_TRACE = 8000
SMALL_BYTES = 16 * 1024
STALL_S = 60.0
"""A client that takes no data for so long has given up, whatever it says."""
AUTHORIZATION = "authorization"
"""Key of the metadata that tells who calls."""
Who = Callable[["str | None"], str]
"""Who sent a header `authorization`; None: there was none. Raises Unauthenticated."""
OK: Mapping[str, Any] = {"code": "OK"}
CANCELLED: Mapping[str, Any] = {"code": "CANCELLED", "reason": errors.Cancelled.REASON}


@dataclass(slots=True)
class Call:
    """A call in progress."""

    request: bytes
    """Empty where the client streams: see `requests`."""
    began_s: float
    """On the monotonic clock."""
    deadline_s: float
    """On the same: the caller's own, or the server's longest, whichever is sooner."""
    context: Context
    is_stream: bool = True
    """Whether messages go to the client at once; otherwise the last one is the reply."""
    owner: str = LOCAL
    """Who calls."""
    incoming: AsyncIterator[bytes] | None = None
    """What the client streams; absent: it does not."""
    request_bytes: int = 0
    reply: bytes = b""
    lane: str = "loop"
    """Where it was computed, for the log."""
    response_bytes: int = 0
    messages: int = 0
    notes: dict[str, Any] = field(default_factory=dict)
    """Further fields of its event."""

    async def requests(self) -> AsyncGenerator[bytes, None]:
        """The messages that the client streams, each taken from the network when it is asked for.

        Raises:
            DeadlineExceeded: the next one did not come for a minute, or until the deadline.
        """
        assert self.incoming is not None, "an rpc whose client streams"
        while True:
            try:
                async with asyncio.timeout_at(min(self.deadline_s, time.monotonic() + STALL_S)):
                    message = await anext(self.incoming)
            except StopAsyncIteration:
                return
            except TimeoutError:
                raise errors.DeadlineExceeded("The client did not go on in time.") from None
            self.request_bytes += len(message)
            yield message

    async def send(self, message: bytes) -> None:
        """Write a message when the client has room for it.

        Raises:
            DeadlineExceeded: the client took nothing for a minute, or until the deadline.
            Cancelled: the client is gone.
        """
        if not self.is_stream:
            self.reply = message
        elif self.messages == 0 and len(message) < SMALL_BYTES:
            await self._write(message)  # the first few bytes find room in any client
        else:
            await self._write_in_time(message)
        self.messages += 1
        self.response_bytes += len(message)

    async def _write(self, message: bytes) -> None:
        try:
            await self.context.write(message)
        except aio.BaseError:
            raise errors.Cancelled("The client is gone.") from None

    async def _write_in_time(self, message: bytes) -> None:
        try:
            async with asyncio.timeout_at(min(self.deadline_s, time.monotonic() + STALL_S)):
                await self._write(message)
        except TimeoutError:
            raise errors.DeadlineExceeded("The client did not take the answer in time.") from None


Verb = Callable[[Call], Awaitable[None]]
"""Answers a call by sending messages: exactly one where the rpc is not a stream.

Raises:
    SwathError: there is no (further) answer.
"""


@dataclass(frozen=True, slots=True)
class Rpc:
    """A method of a service."""

    name: str
    """As in the contract, such as `Inspect`."""
    event: str
    """Verb of its events, such as `inspect`."""
    answer: Verb
    is_stream: bool = False
    """Whether the answer is any number of messages."""
    takes_stream: bool = False
    """Whether the request is; its answer then is one message."""
    longest_s: float | None = None
    """Caps every deadline of it; absent: as for all calls."""


class Calls:
    """Runs calls and knows which are in progress."""

    def __init__(
        self, instrument: Instrument, longest_s: float, who: Who = lambda header: LOCAL
    ) -> None:
        """`longest_s` caps every deadline, also where the caller set none; `who` tells callers."""
        self._instrument = instrument
        self._longest_s = longest_s
        self._who = who
        self._idle = asyncio.Event()
        self._idle.set()
        self.in_flight = 0

    async def finished(self) -> None:
        """Return when no call is in progress."""
        await self._idle.wait()

    def service(self, name: str, rpcs: tuple[Rpc, ...]) -> grpc.GenericRpcHandler:
        """The handler of a service, for `server.add_generic_rpc_handlers`."""
        methods = {rpc.name: self._method(rpc) for rpc in rpcs}
        return grpc.method_handlers_generic_handler(name, methods)

    def _method(self, rpc: Rpc) -> grpc.RpcMethodHandler[bytes, bytes]:
        if rpc.takes_stream:
            return self._upload(rpc)
        return self._stream(rpc) if rpc.is_stream else self._unary(rpc)

    def _stream(self, rpc: Rpc) -> grpc.RpcMethodHandler[bytes, bytes]:
        async def respond(request: bytes, context: Context) -> None:
            await self._run(rpc, self._call(rpc, request, context))

        return grpc.unary_stream_rpc_method_handler(respond)

    def _unary(self, rpc: Rpc) -> grpc.RpcMethodHandler[bytes, bytes]:
        async def respond(request: bytes, context: Context) -> bytes:
            call = self._call(rpc, request, context)
            await self._run(rpc, call)
            return call.reply

        return grpc.unary_unary_rpc_method_handler(respond)

    def _upload(self, rpc: Rpc) -> grpc.RpcMethodHandler[bytes, bytes]:
        async def respond(requests: AsyncIterator[bytes], context: Context) -> bytes:
            call = self._call(rpc, b"", context)
            call.incoming = aiter(requests)
            await self._run(rpc, call)
            return call.reply

        return grpc.stream_unary_rpc_method_handler(respond)

    def _call(self, rpc: Rpc, request: bytes, context: Context) -> Call:
        left_s = cast("float | None", context.time_remaining())  # None: the caller set none
        longest_s = self._longest_s if rpc.longest_s is None else rpc.longest_s
        longest_s = longest_s if left_s is None else min(left_s, longest_s)
        began_s = time.monotonic()
        call = Call(request, began_s, began_s + longest_s, context, rpc.is_stream)
        call.request_bytes = len(request)
        return call

    async def _run(self, rpc: Rpc, call: Call) -> None:
        self._enter()
        try:
            call.owner = self._who(_authorization(call.context.invocation_metadata()))
            await rpc.answer(call)
        except asyncio.CancelledError:
            self._tell(rpc, call, CANCELLED)
            raise
        except Exception as fault:  # noqa: BLE001 - whatever it is, the caller gets a status
            told = status.known(fault)
            self._tell(rpc, call, _blame(told, fault))
            await _abort(call.context, told)
        else:
            # The status is on its way first: whoever waits for it does not wait for the log.
            asyncio.get_running_loop().call_soon(self._tell, rpc, call, OK)
        finally:
            self._leave()

    def _enter(self) -> None:
        self.in_flight += 1
        self._idle.clear()

    def _leave(self) -> None:
        self.in_flight -= 1
        if not self.in_flight:
            self._idle.set()

    def _tell(self, rpc: Rpc, call: Call, end: Mapping[str, Any]) -> None:
        fields = {
            "lane": call.lane,
            "seconds": round(time.monotonic() - call.began_s, 6),
            "request_bytes": call.request_bytes,
            "response_bytes": call.response_bytes,
            "messages": call.messages,
            "peer": call.context.peer(),
            "owner": call.owner,
            **call.notes,
            **end,
        }
        self._instrument.emit(rpc.event, fields)


def _authorization(metadata: Iterable[tuple[str, str | bytes]] | None) -> str | None:
    for key, value in metadata or ():
        if key == AUTHORIZATION:
            return value if isinstance(value, str) else value.decode("utf-8", "replace")
    return None


def _blame(told: errors.SwathError, problem: Exception) -> dict[str, Any]:
    code = next(status.CODES[c] for c in type(told).__mro__ if c in status.CODES)
    fields = {"code": code.name, "reason": told.REASON, "problem": str(told)}
    if isinstance(told, errors.InternalError):
        trace = "".join((*traceback.format_exception(problem), *getattr(told, "__notes__", ())))
        fields |= {"error_id": told.error_id, "traceback": trace[-MAX_TRACE:]}
    return fields


async def _abort(context: Context, problem: errors.SwathError) -> None:
    code, text, trailers = status.to_status(problem)
    try:
        await context.abort(code, text, trailers)
    except aio.AbortError:
        raise
    except aio.BaseError:
        return  # the client is gone, so nobody is there to be told
