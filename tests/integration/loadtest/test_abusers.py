"""What abusers send follows from the seed of the round, as all that is left to chance does."""

from __future__ import annotations

import random
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from contextlib import contextmanager
from typing import Any

import grpc

from loadtest.beside.abusers import MALFORMED_BYTES
from loadtest.link import Address
from loadtest.pace import Phase
from loadtest.run import run
from loadtest.scenario import Part, Scenario, Work
from loadtest.target import Target
from swath.wire.inspect import INSPECT


@contextmanager
def server_that_notes(requests: set[bytes]) -> Iterator[str]:
    """The address of a server that answers everything."""

    def answer(request: bytes, context: Any) -> Iterator[bytes]:
        requests.add(request)
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


def first_malformed(seed: int) -> bytes:
    dice = random.Random(seed)
    return dice.randbytes(dice.randrange(MALFORMED_BYTES))


def test_each_round_has_abuse_of_its_own_which_its_seed_says():
    beside = Part(
        "one", "inspect", (Work("constant"),), (Phase(0.2, 0.0, 0.0),), 1, beside=("abusers",)
    )
    requests: set[bytes] = set()
    with server_that_notes(requests) as address:
        run(Scenario("x", "", (beside,), (), rounds=2, seed=7), Target(Address(address)), print)
    assert {first_malformed(7), first_malformed(8)} <= requests
    assert first_malformed(1) not in requests
