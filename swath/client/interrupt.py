"""Ctrl-C that waits until gRPC has let go of a call.

Ctrl-C raises in the main thread wherever that is. In the midst of gRPC the call that is opened or
waited for may then go on at the server, and nobody can cancel it any more: seen after 255 of 400
interrupts in the first millisecond of a call, and after 10 of 60 later on (grpcio 1.85). Here it
cancels the call, and is raised when gRPC has returned.
"""

from __future__ import annotations

# `signal` itself gives numbers and handlers their names, which takes 3 µs each time.
import _signal  # type: ignore[import-not-found]
import signal
import threading
from collections.abc import Callable, Iterator
from types import FrameType
from typing import Any


def interruptible(opened: Callable[[], Any]) -> Iterator[bytes]:
    """The messages of a call that `opened` opens, each read when it is asked for.

    Leaving off cancels the call, and so does Ctrl-C. Cost: some 5 µs for an answer of one message.

    Raises:
        KeyboardInterrupt: the call is cancelled. What `opened` and the call raise.
    """
    held = Held()
    try:
        with held:
            held.open(opened)
            message = next(held.call, None)
        while message is not None:
            yield message
            with held:
                message = next(held.call, None)
    finally:
        held.leave()


class Held:
    """Ctrl-C inside of the context cancels `call` at once, and is raised when the context is left.

    Only what Ctrl-C usually does is put off: a handler of the program's own is left alone, and
    other threads than the main one are never interrupted.
    """

    def __init__(self) -> None:
        self.call: Any = None
        """What is cancelled; absent: nothing is open yet."""
        self._is_usual = _signal.getsignal(signal.SIGINT) is signal.default_int_handler
        self._before: Any = None
        """The handler that is put aside; absent: none is."""
        self._came = False

    def __enter__(self) -> None:
        if self._is_usual and threading.current_thread() is threading.main_thread():
            self._before = _signal.signal(signal.SIGINT, self._note)

    def __exit__(self, *raised: object) -> None:
        if self._before is None:
            return
        _signal.signal(signal.SIGINT, self._before)
        self._before = None
        if self._came:
            raise KeyboardInterrupt from None

    def open(self, opened: Callable[[], Any]) -> None:
        """Open the call.

        Raises:
            KeyboardInterrupt: Ctrl-C came meanwhile, when there was nothing to cancel yet.
        """
        self.call = opened()
        if self._came:
            raise KeyboardInterrupt

    def leave(self) -> None:
        """Nothing more is wanted of the call."""
        if self.call is not None:
            self.call.cancel()

    def _note(self, number: int, frame: FrameType | None) -> None:
        self._came = True
        # In a thread: gRPC, in whose midst this may be, may hold what a cancellation needs.
        threading.Thread(target=self.leave, daemon=True).start()
