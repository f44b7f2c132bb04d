"""What a failed call tells a worker to do, and how long it waits before the next one."""

from __future__ import annotations

import random

import grpc
import pytest
from grpc import aio

from job_server.worker.calls import CORE_FAULT, LONGEST_PAUSE_S, Pause, told
from swath.errors import (
    BadRequest,
    InternalError,
    LeaseLost,
    RequestTooLarge,
    Unauthenticated,
    Unavailable,
)

Code = grpc.StatusCode


def ended(code: grpc.StatusCode, details: str) -> aio.AioRpcError:
    return aio.AioRpcError(code, aio.Metadata(), aio.Metadata(), details)


@pytest.mark.parametrize(
    ("code", "cls"),
    [
        (Code.ABORTED, LeaseLost),
        (Code.UNAVAILABLE, Unavailable),
        (Code.DEADLINE_EXCEEDED, Unavailable),
        (Code.CANCELLED, Unavailable),
        (Code.UNAUTHENTICATED, Unauthenticated),
        (Code.INVALID_ARGUMENT, BadRequest),
        (Code.RESOURCE_EXHAUSTED, RequestTooLarge),
        (Code.INTERNAL, InternalError),
        (Code.UNKNOWN, InternalError),
    ],
)
def test_each_code_tells_what_to_do(code, cls):
    error = told(ended(code, "Why."), "unix:/s")
    assert (type(error), error.problem) == (cls, "Why.")


def test_a_stream_that_the_server_ended_under_our_hands_is_sent_again():
    assert type(told(ended(Code.INTERNAL, CORE_FAULT), "unix:/s")) is Unavailable


def test_pauses_grow_up_to_a_longest_one_and_differ_between_workers():
    one, other = (Pause(random.Random(seed)) for seed in (1, 2))
    pauses = [one.next_s() for _ in range(50)]
    assert max(pauses) <= LONGEST_PAUSE_S
    assert max(pauses[:1]) <= 0.1 < max(pauses[6:])
    assert pauses != [other.next_s() for _ in range(50)]
