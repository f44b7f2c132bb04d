"""A server that is as slow as it is told, and keeps a log of its own.

`python -m tests.integration.loadtest.slow_server ORDERS LOG`: ORDERS is JSON of `delays_s`, used in
turns, and `stall`: [request at which it stands still, for so many seconds]. It prints its port and
ends when its standard input does; then LOG has when each request ended, on the monotonic clock, in
the order in which they came.
"""

from __future__ import annotations

import asyncio
import json
import sys
import time
from pathlib import Path
from typing import Any

import grpc
from grpc import aio

from loadtest.echo import SERVICE


async def serve(delays_s: list[float], stall: tuple[int, float]) -> list[float]:
    """Answer until standard input is closed; when each request ended."""
    ended_s: list[float] = []

    async def stream(request: bytes, context: Any) -> Any:
        number = len(ended_s)
        ended_s.append(0.0)
        if number == stall[0]:
            time.sleep(stall[1])
        await asyncio.sleep(delays_s[number % len(delays_s)])
        yield bytes(64)
        ended_s[number] = time.monotonic()

    server = aio.server()
    methods: dict[str, Any] = {"Stream": grpc.unary_stream_rpc_method_handler(stream)}
    server.add_generic_rpc_handlers((grpc.method_handlers_generic_handler(SERVICE, methods),))
    port = server.add_insecure_port("127.0.0.1:0")
    await server.start()
    print(port, flush=True)
    await asyncio.to_thread(sys.stdin.read)
    await server.stop(0)
    return ended_s


def main() -> None:
    """Serve, then write the log."""
    orders = json.loads(sys.argv[1])
    ended_s = asyncio.run(serve(orders["delays_s"], tuple(orders["stall"])))
    Path(sys.argv[2]).write_text(json.dumps(ended_s))


if __name__ == "__main__":
    main()
