"""Thousands of calls at once are answered, each with a status that says why."""

from __future__ import annotations

import asyncio
from collections import Counter
from collections.abc import Callable
from typing import Any

from grpc import aio

import swath as wf
from swath.client.spec import specification
from swath.wire.job_request import CREATE_JOB, CreateJob, encode_create
from tests.integration.jobs.running import RunningJobServer

CALLS, QUOTA = 2000, 50


def test_a_burst_is_accepted_up_to_the_quota_and_refused_beyond_none_is_cut_off(
    launch: Callable[..., RunningJobServer],
) -> None:
    server = launch(outstanding_limit=QUOTA)
    ends = asyncio.run(burst(server.address))
    assert ends == {"OK": QUOTA, "RESOURCE_EXHAUSTED": CALLS - QUOTA}
    assert server.user().quota().outstanding == QUOTA


async def burst(address: str) -> Counter[str]:
    """How calls ended that were all made at once."""
    request = encode_create(CreateJob(specification(wf.Int(1) + 1)))
    async with aio.insecure_channel(address) as channel:
        create: Any = channel.unary_unary(CREATE_JOB)
        calls = [create(request, timeout=60) for _ in range(CALLS)]
        return Counter([(await call.code()).name for call in calls])
