"""A thread that does the same act again and again until it is told to stop."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from threading import Event, Thread

Act = Callable[[Event], None]
"""One act; the event is set when it should come to an end."""


class Loop:
    """Runs an act in a thread of its own."""

    def __init__(self, name: str, act: Act) -> None:
        self.stopping = Event()
        self.fault: BaseException | None = None
        """What the act raised, which it never should."""
        self._act = act
        self._thread = Thread(target=self._run, name=name, daemon=True)

    def start(self) -> None:
        """Begin."""
        self._thread.start()

    def end(self) -> None:
        """Return when the act in progress has ended; raise what one raised."""
        self.stopping.set()
        self._thread.join()
        if self.fault is not None:
            raise self.fault

    def _run(self) -> None:
        try:
            while not self.stopping.is_set():
                self._act(self.stopping)
        except BaseException as fault:  # noqa: BLE001 - whoever ends the loop raises it
            self.fault = fault


def end_all(loops: Sequence[Loop]) -> None:
    """End loops: all are told before the first is waited for."""
    for loop in loops:
        loop.stopping.set()
    for loop in loops:
        loop.end()
