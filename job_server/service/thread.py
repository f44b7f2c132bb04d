"""Work in a thread that is never left alone: a cancelled call waits until its thread has ended.

Otherwise an upload could be closed while a thread still writes to its file descriptor, and the
thread would write into whatever file got that number next.
"""

from __future__ import annotations

import asyncio
from collections.abc import Callable
from contextlib import suppress
from functools import partial
from typing import Any, TypeVar

_T = TypeVar("_T")


async def in_thread(function: Callable[..., _T], *args: Any) -> _T:
    """What `function` gives; it may block."""
    loop = asyncio.get_running_loop()
    work = loop.run_in_executor(None, partial(function, *args))
    try:
        return await asyncio.shield(work)
    except asyncio.CancelledError:
        while not work.done():
            with suppress(asyncio.CancelledError):
                await asyncio.wait((work,))
        if not work.cancelled():
            work.exception()  # taken, or it would be reported as lost
        raise
