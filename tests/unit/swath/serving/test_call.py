"""Calls through a real gRPC server: errors, deadlines, events, drain, health."""

from __future__ import annotations

import asyncio
from collections.abc import Awaitable, Callable
from typing import Any

import grpc
import pytest
from grpc import aio
from grpc_health.v1 import health_pb2, health_pb2_grpc

from swath.errors import (
    DeadlineExceeded,
    InternalError,
    InvalidArgument,
    SwathError,
    Unauthenticated,
)
from swath.serving.call import Call, Calls, Rpc
from swath.serving.drain import drain
from swath.serving.events import Event, Instrument
from swath.serving.standard import Health
from swath.status import from_status


async def _echo(call: Call) -> None:
    await call.send(call.request)


async def _twice(call: Call) -> None:
    await call.send(call.request)
    await call.send(call.request)


async def _refuse(call: Call) -> None:
    raise InvalidArgument("No.").at(argument="x")


async def _fail(call: Call) -> None:
    raise KeyError("a secret")


async def _left(call: Call) -> None:
    await call.send(str(call.deadline_s - call.began_s).encode())


async def _forever(call: Call) -> None:
    await call.send(b"begun")
    await asyncio.Event().wait()


async def _whose(call: Call) -> None:
    await call.send(call.owner.encode())


async def _sizes(call: Call) -> None:
    sizes = [len(message) async for message in call.requests()]
    await call.send(str(sizes).encode())


def _who(header: str | None) -> str:
    if header == "Bearer bad":
        raise Unauthenticated("No.")
    return header or "local"


RPCS = (
    Rpc("Whose", "whose", _whose),
    Rpc("Sizes", "sizes", _sizes, takes_stream=True),
    Rpc("Long", "long", _left, longest_s=3600),
    Rpc("Echo", "echo", _echo),
    Rpc("Twice", "twice", _twice, is_stream=True),
    Rpc("Refuse", "refuse", _refuse),
    Rpc("Fail", "fail", _fail, is_stream=True),
    Rpc("Left", "left", _left),
    Rpc("Forever", "forever", _forever, is_stream=True),
)


class Stage:
    """A running server of `RPCS`, and a channel to it."""

    def __init__(self, server: aio.Server, channel: aio.Channel, calls: Calls, health: Health):
        self.server, self.channel, self.calls, self.health = server, channel, calls, health

    async def ask(self, name: str, request: bytes = b"", timeout: float | None = 5) -> bytes:
        rpc: Any = self.channel.unary_unary(f"/test.Test/{name}")
        reply: bytes = await rpc(request, timeout=timeout)
        return reply

    async def whose(self, header: str) -> bytes:
        rpc: Any = self.channel.unary_unary("/test.Test/Whose")
        reply: bytes = await rpc(b"", metadata=(("authorization", header),))
        return reply

    def upload(self, messages: Any) -> Any:
        rpc: Any = self.channel.stream_unary("/test.Test/Sizes")
        return rpc(messages)

    def stream(self, name: str, request: bytes = b"", timeout: float | None = 5) -> Any:
        rpc: Any = self.channel.unary_stream(f"/test.Test/{name}")
        return rpc(request, timeout=timeout)


@pytest.fixture
def play():
    """Runs a coroutine on such a server; gives the events."""

    def play(scene: Callable[[Stage], Awaitable[None]], longest_s: float = 60) -> list[Event]:
        events: list[Event] = []
        instrument = Instrument(events.append)
        asyncio.run(_play(scene, instrument, longest_s))
        instrument.close()
        return events

    return play


async def _play(scene, instrument: Instrument, longest_s: float) -> None:
    server = aio.server()
    calls = Calls(instrument, longest_s, _who)
    server.add_generic_rpc_handlers((calls.service("test.Test", RPCS),))
    health = Health(server, ("test.Test",))
    port = server.add_insecure_port("127.0.0.1:0")
    await server.start()
    await health.open()
    try:
        async with aio.insecure_channel(f"127.0.0.1:{port}") as channel:
            await scene(Stage(server, channel, calls, health))
    finally:
        await server.stop(0)


async def error_of(call: Awaitable[Any]) -> SwathError:
    with pytest.raises(aio.AioRpcError) as caught:
        await call
    error = caught.value
    return from_status(error.code(), error.details(), tuple(error.trailing_metadata()))


def test_bytes_go_in_and_come_out(play):
    async def scene(stage):
        assert await stage.ask("Echo", b"\xff\x00") == b"\xff\x00"
        assert [m async for m in stage.stream("Twice", b"a")] == [b"a", b"a"]

    events = play(scene)
    assert [event.verb for event in events] == ["echo", "twice"]
    assert events[1].fields["messages"] == 2
    assert events[1].fields["response_bytes"] == 2


def test_an_error_of_ours_keeps_its_class_and_place(play):
    async def scene(stage):
        error = await error_of(stage.ask("Refuse"))
        assert isinstance(error, InvalidArgument)
        assert error.where.argument == "x"

    (event,) = play(scene)
    assert event.fields["code"] == "INVALID_ARGUMENT"
    assert event.fields["reason"] == "INVALID_ARGUMENT"


def test_another_exception_is_internal_and_its_text_stays_in_the_log(play):
    ids = []

    async def scene(stage):
        error = await error_of(stage.stream("Fail").read())
        assert isinstance(error, InternalError)
        assert "secret" not in str(error)
        ids.append(error.error_id)

    (event,) = play(scene)
    assert event.fields["error_id"] == ids[0]
    assert "a secret" in event.fields["traceback"]


def test_the_sooner_of_both_deadlines_counts(play):
    async def scene(stage):
        assert float(await stage.ask("Left", timeout=None)) == 10
        assert float(await stage.ask("Left", timeout=100)) == 10
        assert 2 < float(await stage.ask("Left", timeout=3)) < 3.2

    play(scene, longest_s=10)


def test_a_client_that_does_not_read_is_given_up_at_the_deadline(play):
    async def scene(stage):
        class Stuck:
            async def write(self, message: bytes) -> None:
                await asyncio.Event().wait()

        now_s = asyncio.get_running_loop().time()
        call = Call(b"", now_s, now_s + 0.05, Stuck())  # type: ignore[arg-type]
        with pytest.raises(DeadlineExceeded):
            await call.send(b"x" * 100_000)

    play(scene)


def test_a_cancelled_call_is_told_as_such(play):
    async def scene(stage):
        call = stage.stream("Forever")
        await call.read()
        call.cancel()
        await asyncio.wait_for(stage.calls.finished(), 5)

    (event,) = play(scene)
    assert event.fields["code"] == "CANCELLED"


def test_drain_lets_calls_finish_and_refuses_new_ones(play):
    async def scene(stage):
        call = stage.stream("Forever")
        await call.read()
        draining = asyncio.ensure_future(drain(stage.server, stage.health, stage.calls, 5))
        await asyncio.sleep(0.1)
        error = await error_of(stage.ask("Echo"))
        assert error.REASON == "UNAVAILABLE"
        assert not draining.done()
        call.cancel()
        assert await asyncio.wait_for(draining, 3) is True

    play(scene)


def test_drain_cancels_calls_that_take_too_long(play):
    async def scene(stage):
        call = stage.stream("Forever")
        await call.read()
        assert (
            await asyncio.wait_for(drain(stage.server, stage.health, stage.calls, 0.2), 5) is False
        )
        assert await call.code() is not grpc.StatusCode.OK

    play(scene)


def test_health_answers_by_service(play):
    async def scene(stage):
        stub = health_pb2_grpc.HealthStub(stage.channel)
        request = health_pb2.HealthCheckRequest(service="test.Test")
        reply = await stub.Check(request)
        assert reply.status == health_pb2.HealthCheckResponse.SERVING
        await stage.health.close()
        reply = await stub.Check(request)
        assert reply.status == health_pb2.HealthCheckResponse.NOT_SERVING

    play(scene)


def test_the_metadata_tell_who_calls(play):
    async def scene(stage):
        assert await stage.whose("Bearer x") == b"Bearer x"
        assert await stage.ask("Whose") == b"local"

    events = play(scene)
    assert [event.fields["owner"] for event in events] == ["Bearer x", "local"]


def test_a_caller_who_is_refused_reaches_no_verb(play):
    async def scene(stage):
        assert isinstance(await error_of(stage.whose("Bearer bad")), Unauthenticated)

    (event,) = play(scene)
    assert (event.fields["code"], event.fields["messages"]) == ("UNAUTHENTICATED", 0)


def test_messages_that_a_client_streams_are_taken_one_by_one(play):
    async def scene(stage):
        assert await stage.upload(iter([b"a", b"", b"bcd"])) == b"[1, 0, 3]"

    (event,) = play(scene)
    assert event.fields["request_bytes"] == 4


def test_a_client_that_stops_streaming_is_waited_for_until_the_deadline(play):
    async def stuck():
        yield b"a"
        await asyncio.Event().wait()

    async def scene(stage):
        assert isinstance(await error_of(stage.upload(stuck())), DeadlineExceeded)

    play(scene, longest_s=0.2)


def test_an_rpc_may_have_a_longest_time_of_its_own(play):
    async def scene(stage):
        assert float(await stage.ask("Long", timeout=None)) == pytest.approx(3600)
        assert float(await stage.ask("Left", timeout=None)) == 60

    play(scene)
