"""What rpcs share: checks in a few threads."""

from __future__ import annotations

import asyncio
import threading
from types import SimpleNamespace
from typing import Any

import pytest

from job_server.config import JobConfig
from job_server.service.jobs import CHECKS, Jobs


def jobs() -> Jobs:
    """Jobs without anything but threads for checks."""
    writer: Any = SimpleNamespace(run=None)
    no: Any = None
    return Jobs(JobConfig(), writer, no, no, no, no, no, no, b"a key")


def test_a_check_gives_what_the_function_gives():
    assert asyncio.run(jobs().check(divmod, 7, 2)) == (3, 1)


def test_a_call_that_ends_before_its_turn_takes_its_check_along():
    begun: list[str] = []
    may_end = threading.Event()

    async def scene() -> None:
        shared = jobs()
        held = [asyncio.ensure_future(shared.check(may_end.wait, 10)) for _ in range(CHECKS)]
        waits = asyncio.ensure_future(shared.check(begun.append, "a check"))
        await asyncio.sleep(0)
        waits.cancel()
        with pytest.raises(asyncio.CancelledError):
            await waits
        may_end.set()
        await asyncio.gather(*held)
        await shared.check(begun.append, "another check")

    asyncio.run(scene())
    assert begun == ["another check"]
