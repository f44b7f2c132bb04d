"""Jobs for tests of clients, and what a rehearsed server answers about them."""

from __future__ import annotations

import threading
from collections.abc import Callable, Iterable, Iterator
from dataclasses import replace
from typing import Any

from swath.client import JobClient
from swath.client.retry import Pacing
from swath.graph.type import INT
from swath.job import JobInfo, Progress, Stage, Status

ID = "0123456789abcdef0123456789abcdef"
QUICK = Pacing(first_s=0.001, longest_s=0.002, quota_first_s=0.001, quota_longest_s=0.002)
"""Hardly waits."""

QUEUED = JobInfo(
    id=ID,
    owner="local",
    stage=Stage.QUEUED,
    status=Status.UNSPECIFIED,
    revision=1,
    progress=Progress(),
    attempt=0,
    created_us=1_000_000,
    updated_us=1_000_000,
    type=INT,
)
RUNNING = replace(
    QUEUED,
    stage=Stage.RUNNING,
    revision=2,
    progress=Progress(1, 4),
    attempt=1,
    started_us=2_000_000,
    updated_us=3_000_000,
)
DONE = replace(
    RUNNING,
    stage=Stage.DONE,
    status=Status.SUCCESS,
    revision=3,
    progress=Progress(4, 4),
    updated_us=5_000_000,
    finished_us=5_000_000,
    expires_us=9_000_000,
    result_bytes=3,
)


def client_of(server: Any, **options: Any) -> JobClient:
    """A client that hardly waits before it tries again."""
    return JobClient(server.address, pacing=QUICK, **options)


def script(server: Any, method: str, *turns: Iterable[bytes | Exception]) -> None:
    """Each call of a method gets the next turn: messages, and an error where it breaks off.

    The last turn is repeated.
    """
    left = list(turns)

    def answers(request: bytes, cancelled: threading.Event) -> Iterator[bytes]:
        turn = left.pop(0) if len(left) > 1 else left[0]
        for one in turn:
            if isinstance(one, Exception):
                raise one
            yield one

    server.answers[method] = answers


def hang_after(*messages: bytes) -> Callable[[bytes, threading.Event], Iterator[bytes]]:
    """Messages, and then nothing until the caller gives up."""

    def answers(request: bytes, cancelled: threading.Event) -> Iterator[bytes]:
        yield from messages
        cancelled.wait(30)

    return answers
