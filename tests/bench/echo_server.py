"""A bare grpc.aio server in a process of its own: one message of a given size for each request.

`python -m tests.bench.echo_server BYTES` prints its port, and ends when its standard input does.
"""

from __future__ import annotations

import asyncio
import sys
from collections.abc import AsyncIterator
from typing import Any

import grpc
from grpc import aio

METHOD = "/bench.Echo/Echo"


async def serve(reply: bytes) -> None:
    """Answer until standard input is closed."""

    async def echo(request: bytes, context: Any) -> AsyncIterator[bytes]:
        yield reply

    server = aio.server()
    handlers: dict[str, Any] = {"Echo": grpc.unary_stream_rpc_method_handler(echo)}
    server.add_generic_rpc_handlers((grpc.method_handlers_generic_handler("bench.Echo", handlers),))
    port = server.add_insecure_port("127.0.0.1:0")
    await server.start()
    print(port, flush=True)
    await asyncio.to_thread(sys.stdin.read)
    await server.stop(0)


if __name__ == "__main__":
    asyncio.run(serve(bytes(int(sys.argv[1]))))
