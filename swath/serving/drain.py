"""The end of a server: no new calls, time for those in progress, then cancel."""

from __future__ import annotations

import asyncio

from grpc import aio

from swath.serving.call import Calls
from swath.serving.standard import Health

FLUSH_S = 2.0
"""Time for answers that are written to reach their clients; only streams without end, such as
those of health, use it up."""


async def drain(server: aio.Server, health: Health, calls: Calls, grace_s: float) -> bool:
    """Stop a server; whether every call could finish within `grace_s`.

    New calls are refused at once; health says NOT_SERVING first, so that balancers look elsewhere.
    """
    await health.close()
    stopping = asyncio.ensure_future(server.stop(grace_s))
    try:
        async with asyncio.timeout(grace_s):
            await calls.finished()
    except TimeoutError:
        has_finished = False
    else:
        has_finished = True
        await server.stop(FLUSH_S)
    await stopping
    return has_finished
