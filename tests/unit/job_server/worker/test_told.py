"""What a failed call tells a worker to do."""

from __future__ import annotations

import grpc
import pytest
from grpc import aio

from job_server.worker.told import CORE_FAULT, told
from swath.errors import (
    BadRequest,
    InternalError,
    LeaseLost,
    RequestTooLarge,
    StorageUnavailable,
    Unauthenticated,
    Unavailable,
)
from swath.status import DETAILS_KEY, to_status

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


def test_a_server_without_room_is_told_from_one_that_is_away():
    code, text, trailers = to_status(StorageUnavailable("The disk is full: make room."))
    error = told(aio.AioRpcError(code, aio.Metadata(), aio.Metadata(*trailers), text), "unix:/s")
    assert (type(error), error.problem) == (StorageUnavailable, "The disk is full: make room.")


def test_details_that_make_no_sense_say_no_more_than_their_code():
    trailers = aio.Metadata((DETAILS_KEY, b"\xff\xff"))
    error = told(aio.AioRpcError(Code.UNAVAILABLE, aio.Metadata(), trailers, "No."), "unix:/s")
    assert type(error) is Unavailable


def test_a_server_that_knows_no_workers_is_told_as_the_wrong_address():
    error = told(ended(Code.UNIMPLEMENTED, "Method not found!"), "host:7072")
    assert type(error) is InternalError
    assert "host:7072" in error.problem
    assert "listens for workers" in error.problem


def test_a_stream_that_the_server_ended_under_our_hands_is_sent_again():
    assert type(told(ended(Code.INTERNAL, CORE_FAULT), "unix:/s")) is Unavailable
