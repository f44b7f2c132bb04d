"""A server that answers every question with the same byte, and tells a test what it was asked."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from concurrent.futures import ThreadPoolExecutor
from contextlib import contextmanager
from typing import Any

import grpc

from swath.wire.inspect import INSPECT


@contextmanager
def answering(heard: Callable[[bytes], object]) -> Iterator[str]:
    """Its address. `heard` is called with each request, in one of several threads."""

    def answer(request: bytes, context: Any) -> Iterator[bytes]:
        heard(request)
        yield b"x"

    service, method = INSPECT.strip("/").split("/")
    server = grpc.server(ThreadPoolExecutor(4))
    handler: Any = grpc.unary_stream_rpc_method_handler(answer)
    server.add_generic_rpc_handlers(
        (grpc.method_handlers_generic_handler(service, {method: handler}),)
    )
    port = server.add_insecure_port("127.0.0.1:0")
    server.start()
    try:
        yield f"127.0.0.1:{port}"
    finally:
        server.stop(None).wait()
