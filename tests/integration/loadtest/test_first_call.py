"""A server that refuses what a load needs before it can begin."""

from __future__ import annotations

from concurrent.futures import ThreadPoolExecutor

import grpc
import pytest

from loadtest.link import Address
from loadtest.pace import Phase
from loadtest.run import run
from loadtest.scenario import Part, Scenario, Work
from loadtest.target import Target
from swath.errors import SwathError


def test_what_it_answered_is_said_in_one_line():
    server = grpc.server(ThreadPoolExecutor(1))  # which serves nothing, so no job can be made
    address = f"127.0.0.1:{server.add_insecure_port('127.0.0.1:0')}"
    server.start()
    part = Part("one", "jobs", (Work("get"),), (Phase(0.2, 10.0, 10.0),))
    with pytest.raises(SwathError, match="UNIMPLEMENTED") as refused:
        run(Scenario("x", "", (part,), (), needs=("jobs",)), Target(Address("", address)), print)
    server.stop(None)
    assert str(refused.value).strip().count("\n") == 0
