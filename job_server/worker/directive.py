"""What the server wants done about a job: told in answer to heartbeats, and as soon as it is known.

Heartbeats renew the lease, and every server answers them with what it wants. A server that can
hold back an answer until a job is to be stopped is asked for that as well, once the attempt has
lasted a little: so a cancellation is heard at once, and short jobs cost nothing more.
"""

from __future__ import annotations

import asyncio
from collections.abc import Callable
from contextlib import suppress

from job_server.worker.calls import Calls
from job_server.worker.lease import HeldLease
from swath.errors import LeaseLost, SwathError, Unavailable
from swath.worker.v1 import worker_pb2 as pb

_CANCEL = pb.HeartbeatResponse.DIRECTIVE_CANCEL

Stop = Callable[[], None]
"""Stops the attempt for one reason; called again, it does nothing."""


async def beat(
    calls: Calls, held: HeldLease, longest_s: float, is_due: asyncio.Event, cancel: Stop
) -> None:
    """Renew the lease until cancelled, whatever the child does, and hear what the server wants.

    Args:
        longest_s: longest time between two heartbeats; a quarter of the lease, if that is shorter.
        is_due: set where the next one must not wait.
    """
    every_s = min(held.length_s / 4, longest_s)
    wait_s = every_s
    while True:
        with suppress(TimeoutError):
            await asyncio.wait_for(is_due.wait(), wait_s)
        is_due.clear()
        try:
            directive = await calls.heartbeat(held)
            wait_s = every_s
        except SwathError:  # the server is away: try more often, for as long as the lease lives
            wait_s = every_s / 4
            continue
        if directive == _CANCEL:
            cancel()


async def hear(calls: Calls, held: HeldLease, after_s: float, cancel: Stop, lose: Stop) -> None:
    """Stop the attempt as soon as the server wants it; return then, or where it cannot tell.

    Args:
        after_s: an attempt that lasts no longer asks nothing.
    """
    await asyncio.sleep(after_s)
    pause = calls.pause()
    while True:
        try:
            directive = await calls.await_stop(held)
            pause = calls.pause()
        except Unavailable:  # it is away, or stops
            directive = pb.HeartbeatResponse.DIRECTIVE_CONTINUE
        except LeaseLost:
            lose()
            return
        except SwathError:  # an older server: heartbeats have to do
            return
        if directive == _CANCEL:
            cancel()
            return
        await asyncio.sleep(pause.next_s())
