"""A bare grpc.aio server: what any answer of that size costs on this machine, whatever computes it.

`python -m loadtest.echo BYTES` prints its port, answers each request with one message of that many
bytes, unary or streaming, and ends when its standard input does.
"""

from __future__ import annotations

import asyncio
import sys
from collections.abc import AsyncIterator, Iterator
from contextlib import contextmanager
from typing import Any

import grpc
from grpc import aio

from loadtest.program import running

SERVICE = "swath.loadtest.Echo"
STREAM = f"/{SERVICE}/Stream"
UNARY = f"/{SERVICE}/Unary"


async def serve(reply: bytes) -> None:
    """Answer until standard input is closed."""

    async def stream(request: bytes, context: Any) -> AsyncIterator[bytes]:
        yield reply

    async def unary(request: bytes, context: Any) -> bytes:
        return reply

    methods: dict[str, Any] = {
        "Stream": grpc.unary_stream_rpc_method_handler(stream),
        "Unary": grpc.unary_unary_rpc_method_handler(unary),
    }
    server = aio.server(options=(("grpc.max_receive_message_length", -1),))
    server.add_generic_rpc_handlers((grpc.method_handlers_generic_handler(SERVICE, methods),))
    port = server.add_insecure_port("127.0.0.1:0")
    await server.start()
    print(port, flush=True)
    await asyncio.to_thread(sys.stdin.read)
    await server.stop(0)


@contextmanager
def echoing(reply_bytes: int) -> Iterator[str]:
    """The address of such a server, in a process of its own, while the block runs."""
    with running("-m", "loadtest.echo", str(reply_bytes)) as program:
        yield f"127.0.0.1:{int(program.begun)}"


if __name__ == "__main__":
    asyncio.run(serve(bytes(int(sys.argv[1]))))
