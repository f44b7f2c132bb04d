"""Ctrl-C in the midst of gRPC: the call is cancelled, and then it is raised."""

from __future__ import annotations

import signal
import threading
from collections.abc import Iterator
from contextlib import closing
from typing import Any

import pytest

from swath.client import call, channel
from swath.client.interrupt import interruptible
from swath.wire import job_request as asked
from tests.unit.swath.client.jobs import hang_after


@pytest.fixture(autouse=True)
def usual_handler() -> Iterator[None]:
    """Python's own, which a shell that starts the tests in the background has put aside."""
    before = signal.signal(signal.SIGINT, signal.default_int_handler)
    yield
    signal.signal(signal.SIGINT, before)


def interrupt() -> None:
    """What Ctrl-C does."""
    signal.raise_signal(signal.SIGINT)


class Waiting:
    """A call that is waited for when Ctrl-C comes."""

    def __init__(self) -> None:
        self.cancelled = threading.Event()
        self.has_returned = False

    def __next__(self) -> bytes:
        interrupt()
        assert self.cancelled.wait(10), "it is cancelled while it is waited for"
        self.has_returned = True
        raise StopIteration

    def cancel(self) -> None:
        self.cancelled.set()


class Interrupted:
    """A channel whose calls are interrupted just as they open."""

    def __init__(self, real: Any) -> None:
        self._real = real
        self.opened: list[Any] = []

    def unary_stream(self, method: str) -> Any:
        return self._opening(self._real.unary_stream(method))

    def unary_unary(self, method: str) -> Any:
        self.future = self._opening(self._real.unary_unary(method).future)
        return self

    def _opening(self, stub: Any) -> Any:
        def opened(*args: Any, **options: Any) -> Any:
            self.opened.append(stub(*args, **options))
            interrupt()
            return self.opened[-1]

        return opened


@pytest.mark.parametrize("way", [call.ask, lambda *asked: list(call.stream(*asked))])
def test_ctrl_c_while_a_call_is_opened_cancels_it(
    server: Any, monkeypatch: pytest.MonkeyPatch, way: Any
) -> None:
    server.answers[asked.WATCH_JOB] = hang_after()
    interrupted = Interrupted(channel.channel(server.address))
    monkeypatch.setattr(call, "channel", lambda address: interrupted)
    with pytest.raises(KeyboardInterrupt):
        way(server.address, asked.WATCH_JOB, b"", 30)
    assert [one.cancelled() for one in interrupted.opened] == [True]


def test_ctrl_c_while_a_call_is_waited_for_is_raised_when_grpc_has_let_go() -> None:
    waiting = Waiting()
    with pytest.raises(KeyboardInterrupt):
        list(interruptible(lambda: waiting))
    assert waiting.has_returned


def test_ctrl_c_between_two_messages_is_raised_where_it_comes_and_cancels_the_call() -> None:
    class Messages(Waiting):
        def __next__(self) -> bytes:
            return b"message"

    messages = Messages()
    found: Any = interruptible(lambda: messages)
    next(found)
    with pytest.raises(KeyboardInterrupt), closing(found):
        interrupt()
    assert messages.cancelled.is_set()


def test_a_handler_of_the_programs_own_is_called_as_ever() -> None:
    heard: list[int] = []

    class Once(Waiting):
        def __next__(self) -> bytes:
            interrupt()
            raise StopIteration

    before = signal.signal(signal.SIGINT, lambda number, frame: heard.append(number))
    try:
        assert list(interruptible(Once)) == []
    finally:
        signal.signal(signal.SIGINT, before)
    assert heard == [signal.SIGINT]


def test_the_usual_handler_is_back_afterwards_also_in_between() -> None:
    def messages() -> Iterator[bytes]:
        yield b"a"
        yield b"b"

    class Two(Waiting):
        def __init__(self) -> None:
            super().__init__()
            self._left = messages()

        def __next__(self) -> bytes:
            return next(self._left)

    usual = signal.getsignal(signal.SIGINT)
    assert [signal.getsignal(signal.SIGINT) for _ in interruptible(Two)] == [usual, usual]
    assert signal.getsignal(signal.SIGINT) is usual


def test_a_call_may_go_on_in_another_thread() -> None:
    class Three(Waiting):
        left = 3

        def __next__(self) -> bytes:
            self.left -= 1
            if self.left < 0:
                raise StopIteration
            return b"x"

    found = interruptible(Three)
    next(found)
    rest: list[bytes] = []
    thread = threading.Thread(target=lambda: rest.extend(found))
    thread.start()
    thread.join(10)
    assert rest == [b"x", b"x"]
