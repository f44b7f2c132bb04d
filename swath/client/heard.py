"""A call in a thread of its own, with a limit on the server's silence.

Ctrl-C raises in the main thread wherever that is. Inside of gRPC it may leave a lock of the channel
taken, and then no call of that channel ends any more: seen in 1 of 8 interrupts that came together
with a message (grpcio 1.85), so that a job that was interrupted could not be cancelled. Here the
main thread waits for a queue and nothing else.
"""

from __future__ import annotations

import threading
import time
from collections.abc import Callable, Iterator
from contextlib import suppress
from queue import Empty, SimpleQueue
from typing import Any

from swath.errors import Unavailable

SLICE_S = 0.1
"""Longest wait without looking for signals: one that comes just before a wait does not end it."""

_Given = SimpleQueue[bytes | BaseException | None]
"""Messages; an error where the call broke; None after the last."""


def heard(opened: Callable[[], Any], silence_s: float, address: str) -> Iterator[bytes]:
    """The messages of a call that `opened` opens, each read when it is asked for.

    Leaving off cancels the call. Only waiting counts as silence, not what the caller does between
    messages. Cost: some 50 µs for each message.

    Raises:
        Unavailable: no message came for `silence_s`. What `opened` and the call raise.
    """
    reader = _Reader(opened)
    threading.Thread(target=reader.run, daemon=True).start()
    try:
        while True:
            reader.wanted.put(True)
            one = _next(reader.given, silence_s, address)
            if one is None:
                return
            if isinstance(one, BaseException):
                raise one
            yield one
    finally:
        reader.leave()


def _next(given: _Given, silence_s: float, address: str) -> bytes | BaseException | None:
    end_s = time.monotonic() + silence_s
    while time.monotonic() < end_s:
        with suppress(Empty):
            return given.get(timeout=min(SLICE_S, silence_s))
    raise Unavailable(f"The server at {address} sent nothing for {silence_s:g} s.", address=address)


class _Reader:
    """The thread's side: reads a message for each that is wanted."""

    def __init__(self, opened: Callable[[], Any]) -> None:
        self.opened = opened
        self.wanted: SimpleQueue[bool] = SimpleQueue()
        self.given: _Given = SimpleQueue()
        self.call: Any = None
        self.left = False

    def run(self) -> None:
        try:
            self.call = self.opened()
            messages = iter(self.call)
            while self.wanted.get() and not self.left:
                self.given.put(next(messages, None))
        except Exception as error:  # noqa: BLE001  it is raised where it is waited for
            self.given.put(error)
        finally:
            if self.call is not None:
                self.call.cancel()

    def leave(self) -> None:
        """Nothing more is wanted."""
        self.left = True
        self.wanted.put(False)
        # Opened just now, it is cancelled by the thread, which sees that it was left.
        if self.call is not None:
            self.call.cancel()
