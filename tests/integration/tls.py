"""A proxy that does TLS before a server, as the one of a deployment does."""

from __future__ import annotations

import asyncio
import ssl
import threading
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from queue import SimpleQueue

import trustme

CHUNK_BYTES = 1 << 16
Started = SimpleQueue[tuple[int, Callable[[], object]]]
"""Gets the port, and what stops it, called from any thread."""


@contextmanager
def tls_before(address: str, authority: trustme.CA) -> Iterator[str]:
    """`host:port` where the server at `address` is reached by TLS alone, for `localhost`."""
    started: Started = SimpleQueue()
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    authority.issue_cert("localhost").configure_cert(context)
    context.set_alpn_protocols(["h2"])
    thread = threading.Thread(target=lambda: asyncio.run(_proxy(address, context, started)))
    thread.start()
    port, stop = started.get(timeout=10)
    try:
        yield f"localhost:{port}"
    finally:
        stop()
        thread.join()


async def _proxy(
    address: str,
    context: ssl.SSLContext,
    started: Started,
) -> None:
    """Pass on every connection until asked to stop."""
    over = asyncio.Event()
    loop = asyncio.get_running_loop()
    host, _, port = address.rpartition(":")
    connections: set[asyncio.Task[None]] = set()

    async def connected(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        task = asyncio.current_task()
        assert task is not None
        connections.add(task)
        ends = [writer]
        try:
            await writer.start_tls(context)
            there, back = await asyncio.open_connection(host, int(port))
            ends.append(back)
            await asyncio.gather(_pass_on(reader, back), _pass_on(there, writer))
        except (OSError, asyncio.CancelledError):
            pass  # whoever called is gone, or does no TLS; or the proxy stops
        finally:
            for end in ends:
                end.transport.abort()

    server = await asyncio.start_server(connected, "127.0.0.1", 0)
    own = server.sockets[0].getsockname()[1]
    started.put((own, lambda: loop.call_soon_threadsafe(over.set)))
    await over.wait()
    server.close()
    for task in connections:
        task.cancel()
    await asyncio.gather(*connections)


async def _pass_on(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
    while data := await reader.read(CHUNK_BYTES):
        writer.write(data)
        await writer.drain()
    writer.close()
