"""A server in this process that answers as each test says."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass, field
from threading import Event
from typing import Any

import grpc
import pytest

from swath.client import channel
from swath.status import to_status

Answer = Callable[[bytes, Event], Iterable[bytes]]


@dataclass
class Rehearsed:
    """What the server was asked, and what it answers: `answer(request, over)`.

    `over` is set when the call has ended, as by its caller's leaving.
    """

    address: str = ""
    answers: dict[str, Answer] = field(default_factory=dict)
    asked: list[bytes] = field(default_factory=list)
    called: list[str] = field(default_factory=list)
    """Paths of the calls, in order."""
    metadata: list[dict[str, Any]] = field(default_factory=list)
    """What came with each call."""
    cancelled: Event = field(default_factory=Event)
    """Set when any call is over."""

    def service(self, details: grpc.HandlerCallDetails) -> Any:
        """The handler of a call."""
        answer = self.answers[details.method]

        def handle(request: bytes, context: grpc.ServicerContext) -> Iterator[bytes]:
            self.called.append(details.method)
            self.metadata.append(dict(details.invocation_metadata))
            self.asked.append(request)
            over = Event()
            context.add_callback(over.set)
            context.add_callback(self.cancelled.set)
            try:
                yield from answer(request, over)
            except Exception as error:  # noqa: BLE001  as a server does
                code, text, metadata = to_status(error)
                context.set_trailing_metadata(metadata)
                context.abort(code, text)

        return grpc.unary_stream_rpc_method_handler(handle)


class _Handler(grpc.GenericRpcHandler):
    def __init__(self, rehearsed: Rehearsed) -> None:
        self.rehearsed = rehearsed

    def service(self, details: grpc.HandlerCallDetails) -> Any:
        return self.rehearsed.service(details)


@pytest.fixture
def server() -> Iterator[Rehearsed]:
    """The rehearsed server, at `server.address`."""
    rehearsed = Rehearsed()
    pool = ThreadPoolExecutor(4)
    running = grpc.server(pool)
    running.add_generic_rpc_handlers((_Handler(rehearsed),))
    rehearsed.address = f"127.0.0.1:{running.add_insecure_port('127.0.0.1:0')}"
    running.start()
    yield rehearsed
    channel.close(rehearsed.address)
    running.stop(None).wait()
    pool.shutdown()
