"""The child's end of the socket to its worker."""

from __future__ import annotations

import os
import select
import socket
import threading
import time

from job_server.worker.frames import HEAD, Frame, Kind, pack, sizes, unpack
from swath.errors import Cancelled, LeaseLost

LOOK_EVERY_S = 0.02
"""How often a computation that asks whether it is cancelled looks at the socket: 2 µs each time."""


class Link:
    """Sends and receives frames. The thread that computes uses it; any may ask `is_cancelled`."""

    def __init__(self, control: socket.socket) -> None:
        self._socket = control
        self._poll = select.poll()
        self._poll.register(control, select.POLLIN)
        self._reading = threading.Lock()
        self._look_at_s = 0.0
        self._is_cancelled = False
        self._early: list[Frame] = []

    def begin(self) -> None:
        """A task begins: a cancellation that came before was not for it."""
        self._is_cancelled = False

    def send(self, kind: Kind, data: bytes | memoryview = b"", **head: object) -> None:
        """Send a frame; it waits while the worker does not read."""
        self._socket.sendall(pack(kind, data, **head))

    def receive(self, *wanted: Kind) -> Frame:
        """The next frame, which must be of one of these kinds.

        Raises:
            EOFError: the worker closed the socket. Cancelled, LeaseLost: it said so instead.
        """
        while True:
            with self._reading:
                frame = self._early.pop(0) if self._early else self._read()
            if frame.kind in wanted:
                return frame
            if Kind.TASK in wanted:
                continue  # it came too late for the task before
            if frame.kind is Kind.REFUSED:
                raise LeaseLost("The worker does not want the task any more.")
            assert frame.kind is Kind.CANCEL, f"{frame.kind} where {wanted} was to come"
            self._is_cancelled = True
            raise Cancelled("The cancellation of the job was asked for.")

    def is_cancelled(self) -> bool:
        """Whether the task is not wanted any more."""
        if self._is_cancelled:
            return True
        now_s = time.monotonic()
        if now_s < self._look_at_s or not self._reading.acquire(blocking=False):
            return False
        try:
            self._look_at_s = now_s + LOOK_EVERY_S
            while self._poll.poll(0):
                self._note(self._read())
        except (EOFError, ConnectionError):
            os._exit(0)
        finally:
            self._reading.release()
        return self._is_cancelled

    def _note(self, frame: Frame) -> None:
        if frame.kind is Kind.CANCEL:
            self._is_cancelled = True
        else:
            self._early.append(frame)

    def _read(self) -> Frame:
        kind, said, data = sizes(self._exactly(HEAD.size))
        return unpack(kind, self._exactly(said), self._exactly(data))

    def _exactly(self, size: int) -> bytes:
        if size == 0:
            return b""
        data = self._socket.recv(size, socket.MSG_WAITALL)
        while len(data) < size:
            more = self._socket.recv(size - len(data), socket.MSG_WAITALL)
            if not more:
                raise EOFError("the worker is gone")
            data += more
        return data
