"""What rpcs share: checks in a few threads."""

from __future__ import annotations

import asyncio
import threading
from types import SimpleNamespace
from typing import Any

import pytest

from job_server.config import JobConfig
from job_server.service.jobs import CHECKS, MOST_CHECKED_BYTES, Jobs
from swath.errors import ServerBusy


def jobs() -> Jobs:
    """Jobs without anything but threads for checks."""
    writer: Any = SimpleNamespace(run=None)
    no: Any = None
    return Jobs(JobConfig(), writer, no, no, no, no, no, no, b"a key")


def test_a_check_gives_what_the_function_gives():
    assert asyncio.run(jobs().check(1, divmod, 7, 2)) == (3, 1)


def test_a_call_that_ends_before_its_turn_takes_its_check_along():
    begun: list[str] = []
    may_end = threading.Event()

    async def scene() -> None:
        shared = jobs()
        held = [asyncio.ensure_future(shared.check(1, may_end.wait, 10)) for _ in range(CHECKS)]
        waits = asyncio.ensure_future(shared.check(1, begun.append, "a check"))
        await asyncio.sleep(0)
        waits.cancel()
        with pytest.raises(asyncio.CancelledError):
            await waits
        may_end.set()
        await asyncio.gather(*held)
        await shared.check(1, begun.append, "another check")

    asyncio.run(scene())
    assert begun == ["another check"]


def test_graphs_of_too_many_bytes_at_once_are_refused_and_there_is_room_again_afterwards():
    may_end = threading.Event()

    async def scene() -> None:
        shared = jobs()
        held = asyncio.ensure_future(shared.check(MOST_CHECKED_BYTES, may_end.wait, 10))
        await asyncio.sleep(0)
        with pytest.raises(ServerBusy):
            await shared.check(1, divmod, 7, 2)
        may_end.set()
        await held
        assert await shared.check(1, divmod, 7, 2) == (3, 1)

    asyncio.run(scene())
