"""A constant through the whole system, against a bare gRPC echo of the same sizes."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from typing import Any

import grpc

import swath as wf
from loadtest.echo import STREAM, echoing
from swath.client import call, channel
from swath.client.inspect import InspectClient
from swath.client.question import question
from swath.wire.inspect import INSPECT, encode_question
from tests.bench.figure import Figure
from tests.bench.rounds import Subject, in_turns, ms
from tests.bench.server import Server

ROUNDS, CALLS = 15, 200


def measure(server: Server) -> list[Figure]:
    """Row 1."""
    client = InspectClient(server.address)

    def ours() -> None:
        assert (wf.Int(1) + 1).inspect(client=client) == 2

    request = encode_question(question(wf.Int(1) + 1))
    (reply,) = call.stream(server.address, INSPECT, request, 10.0)
    local = ("grpc.enable_http_proxy", 0)
    with echoing(len(reply)) as address:
        subjects: dict[str, Subject] = {"ours": ours}
        with (
            _echo(address, request, [local]) as plain,
            _echo(address, request, channel.options(address)) as tuned,
        ):
            subjects |= {"echo": plain, "echo with the options of our client": tuned}
            times = in_turns(subjects, ROUNDS, CALLS, warm_up=CALLS)
    mine = times.pop("ours")
    fastest = min(times, key=lambda name: times[name].p50().median)
    ratio = mine.over(times[fastest])
    told = ", ".join(f"{name} {ms(t.p50().median)}" for name, t in times.items())
    what = "(wf.Int(1)+1).inspect()"
    return [
        Figure(
            f"{what}: p50 over {fastest}, {len(request)} B there, {len(reply)} B back",
            f"{ratio.shown()}; {ms(mine.p50().median)}, {told}",
            "≤ 1.5",
            ratio.median <= 1.5,
        ),
        Figure(f"{what}: p99", ms(mine.percentile(99)), "≤ 10 ms", mine.percentile(99) <= 0.010),
    ]


@contextmanager
def _echo(address: str, request: bytes, options: Sequence[tuple[str, Any]]) -> Iterator[Subject]:
    with grpc.insecure_channel(address, options=list(options)) as opened:
        stub: grpc.UnaryStreamMultiCallable[bytes, bytes] = opened.unary_stream(STREAM)

        def ask() -> None:
            for _ in stub(request, timeout=10.0):
                continue

        yield ask
