"""From start to end of a server: signals decide when, and how long it may take."""

from __future__ import annotations

import asyncio
import signal
from collections.abc import Callable
from typing import Protocol, TypeVar

from swath.errors import SwathError

INTERRUPTED = 130
"""Exit status where a second signal, or one during the start, cut things short."""


class Server(Protocol):
    """A server that can be started once and stopped once, in one event loop."""

    async def start(self) -> None:
        """Return when requests can be answered. Raises SwathError: why they cannot."""
        ...

    async def stop(self) -> None:
        """Refuse new calls, let those in progress finish for a while, end."""
        ...

    async def abort(self) -> None:
        """End now."""
        ...


_S = TypeVar("_S", bound=Server)


async def serve_until_signalled(server: _S, say_ready: Callable[[_S], None]) -> int:
    """Start, serve until SIGINT or SIGTERM, drain; the exit status of the process.

    A second signal ends the drain at once.

    Raises:
        SwathError: the server could not start; nothing is left running.
    """
    loop = asyncio.get_running_loop()
    signals: asyncio.Queue[None] = asyncio.Queue()
    for number in (signal.SIGINT, signal.SIGTERM):
        loop.add_signal_handler(number, signals.put_nowait, None)
    starting = asyncio.ensure_future(server.start())
    if not await _ended_before(starting, signals):
        starting.cancel()
        await asyncio.wait((starting,))
        await server.abort()
        return INTERRUPTED
    try:
        starting.result()
    except SwathError:
        await server.abort()
        raise
    say_ready(server)
    await signals.get()
    stopping = asyncio.ensure_future(server.stop())
    if not await _ended_before(stopping, signals):
        await server.abort()
        return INTERRUPTED
    stopping.result()
    return 0


async def _ended_before(work: asyncio.Future[None], signals: asyncio.Queue[None]) -> bool:
    """Wait for work or a signal; whether the work ended first."""
    signalled = asyncio.ensure_future(signals.get())
    await asyncio.wait((work, signalled), return_when=asyncio.FIRST_COMPLETED)
    signalled.cancel()
    return work.done()
