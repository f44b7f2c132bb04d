"""Ctrl-C in the midst of a part: no more is sent, and what was measured until then is kept."""

from __future__ import annotations

import os
import signal
import threading
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import grpc
import pytest

from loadtest.link import Address
from loadtest.pace import Phase
from loadtest.run import run
from loadtest.scenario import Part, Scenario, Work
from loadtest.target import Target
from swath.wire.inspect import INSPECT

AFTER = 20
"""Requests that are answered before it comes."""


@contextmanager
def server_that_interrupts() -> Iterator[str]:
    """The address of a server that sends this process SIGINT when it was asked so many times."""
    lock, count = threading.Lock(), 0

    def answer(request: bytes, context: Any) -> Iterator[bytes]:
        nonlocal count
        with lock:
            count += 1
            if count == AFTER:
                os.kill(os.getpid(), signal.SIGINT)
        yield b"x"

    service, method = INSPECT.strip("/").split("/")
    server = grpc.server(ThreadPoolExecutor(4))
    handler: Any = grpc.unary_stream_rpc_method_handler(answer)
    server.add_generic_rpc_handlers(
        (grpc.method_handlers_generic_handler(service, {method: handler}),)
    )
    port = server.add_insecure_port("127.0.0.1:0")
    server.start()
    try:
        yield f"127.0.0.1:{port}"
    finally:
        server.stop(None).wait()


@pytest.mark.parametrize("processes", [1, 2])
def test_what_was_sent_until_ctrl_c_is_measured(processes, tmp_path: Path):
    part = Part(
        "one", "inspect", (Work("constant"),), (Phase(600.0, 50.0, 50.0),), processes=processes
    )
    never = Part("two", "inspect", (Work("constant"),), (Phase(1.0, 50.0, 50.0),))
    said: list[str] = []
    with server_that_interrupts() as address:
        outcome = run(Scenario("x", "", (part, never), ()), Target(Address(address)), said.append)
    assert not outcome.is_whole
    assert [result.part.name for result in outcome.results] == ["one"]
    records = outcome.results[0].records
    assert records.count_by_code() == {"OK": len(records)}
    assert AFTER <= len(records) < 30000
    assert said == ["one, round 1 of 1"]
