"""The server's side of one engine process: start it, give it requests, see it end."""

from __future__ import annotations

import asyncio
import enum
import json
import os
import signal
import socket
import struct
from collections.abc import Callable, Mapping
from contextlib import ExitStack
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from inspect_server.engines.board import Board, BoardShape, open_memory
from inspect_server.engines.forks import Forks
from inspect_server.engines.frames import (
    PART,
    PID,
    SLOT,
    Frame,
    FrameReader,
    Kind,
    RunBody,
    decode_error,
    pack,
)
from inspect_server.engines.run import Run, Task
from swath.errors import EngineCrashed, InternalError, SwathError

RECEIVE_BYTES = 64 * 1024
PAGE_BYTES = os.sysconf("SC_PAGE_SIZE")


@dataclass(frozen=True, slots=True)
class EngineSpec:
    """What an engine process is, the same for all processes of a pool."""

    computation: str
    """`module:factory` of the `Computation`."""
    preload: str = ""
    """`module:function` that is called once for all processes, before any is made; empty: none."""
    settings: Mapping[str, Any] = field(default_factory=dict)
    """JSON values for the factory."""
    memory_bytes: int = 2 << 30
    """Most private memory of the process; over it, it is killed."""
    pixels_bytes: int = 512 << 20
    """Most bytes of pixels that a request may hold, `Budget.memory_bytes`."""
    board: BoardShape = field(default_factory=BoardShape)
    """Memory shared with the server."""


class State(enum.Enum):
    """Life of an engine process."""

    STARTING = "starting"
    IDLE = "idle"
    BUSY = "busy"
    GONE = "gone"


class EngineProcess:
    """One engine process. All methods belong to the event loop that made it."""

    def __init__(
        self, spec: EngineSpec, forks: Forks, changed: Callable[[EngineProcess], None]
    ) -> None:
        """Raises OSError: the system has no memory or no file to give."""
        self.state = State.STARTING
        self.pid = 0
        """Known when it is ready, or gone; 0 before."""
        self.run: Run | None = None
        self.is_guilty = False
        """Whether it ended by a fault of its own while it computed: a crash or a hang."""
        self.last_sources: tuple[str, ...] = ()
        """What it was reading when it ended."""
        self.start_error: SwathError | None = None
        """Why it could not start, when it said so."""
        self.how_it_ended = ""
        """`SIGSEGV`, `exit status 1`, or why it was killed."""
        self.buried = asyncio.Event()
        """Set when it is gone and reaped."""
        self._spec = spec
        self._changed = changed
        self._loop = asyncio.get_running_loop()
        self._reader = FrameReader()
        self._fate: SwathError | None = None
        self._last_run = 0
        self._sending: asyncio.Task[None] | None = None
        self._quarantine: tuple[str, ...] = ()
        self._socket, theirs = socket.socketpair()
        with theirs, ExitStack() as undo:
            undo.callback(self._socket.close)
            self._board = Board(open_memory(spec.board.size_bytes), spec.board)
            undo.pop_all()
            self._fork = forks.fork(theirs.fileno(), self._board.fd)
        self._setup()

    def start(self, task: Task, quarantine: tuple[str, ...] = ()) -> Run:
        """Give an idle process a request; its messages come out of the run."""
        assert self.state is State.IDLE, self.state
        self._last_run += 1
        self.run = Run(self._last_run, task, self)
        body = RunBody(task.method, task.deadline_s, self._spec.pixels_bytes, task.request)
        frame = pack(Kind.RUN, self._last_run, body.encode())
        if quarantine != self._quarantine:
            self._quarantine = quarantine
            frame = pack(Kind.QUARANTINE, 0, json.dumps(quarantine).encode()) + frame
        self._become(State.BUSY)
        self._send(frame)
        return self.run

    def kill(self, error: SwathError, *, is_guilty: bool = False) -> None:
        """End the process now; its request, if any, gets `error`."""
        self._fate = self._fate or error
        self.is_guilty = self.is_guilty or is_guilty
        self._fork.kill()

    @property
    def is_idle(self) -> bool:
        """Whether it can be given a request: not where it is gone and its socket open yet."""
        return self.state is State.IDLE and not self._fork.ended.done()

    def memory_bytes(self) -> int:
        """Private memory that it uses now; 0 where the system does not tell."""
        try:
            resident, shared = Path(f"/proc/{self.pid}/statm").read_text().split()[1:3]
        except (OSError, ValueError):
            return 0
        return (int(resident) - int(shared)) * PAGE_BYTES

    def lower_priority(self, nice: int) -> None:
        """Let everything that is less nice go first, for all threads that it has now."""
        try:
            threads = [int(entry.name) for entry in Path(f"/proc/{self.pid}/task").iterdir()]
        except OSError:  # the system does not tell, or not now
            threads = [self.pid]
        for thread in threads:
            try:
                os.setpriority(os.PRIO_PROCESS, thread, nice)
            except OSError:  # the thread ended, or it is nicer already
                continue

    @property
    def count(self) -> int:
        """See `Slots.count`."""
        return self._spec.board.slots

    def take(self, slot: int, length: int) -> bytes:
        """See `Slots.take`."""
        part = self._board.read(slot, length)
        self._send(pack(Kind.FREE, 0, SLOT.pack(slot)))
        return part

    def stop(self, run: Run) -> None:
        """See `Slots.stop`."""
        if self.state is not State.GONE:
            self._board.cancel(run.number)

    def finished(self, run: Run) -> None:
        """See `Slots.finished`."""
        if self.run is run:
            self.run = None
            if self.state is State.BUSY:
                self._become(State.IDLE)

    def _setup(self) -> None:
        shape = self._spec.board
        setup = {
            "computation": self._spec.computation,
            "settings": dict(self._spec.settings),
            "memory_bytes": self._spec.memory_bytes,
            "slots": shape.slots,
            "slot_bytes": shape.slot_bytes,
        }
        self._socket.setblocking(False)
        self._loop.add_reader(self._socket.fileno(), self._readable)
        self._send(pack(Kind.SETUP, 0, json.dumps(setup).encode()))

    def _send(self, frame: bytes) -> None:
        """Send at once what the socket takes, the rest when it can; frames stay in order."""
        sent = 0
        if self._sending is None or self._sending.done():
            try:
                sent = self._socket.send(frame)
            except BlockingIOError:
                sent = 0
            except OSError:
                return  # the process is gone; its end of the socket says so
            if sent == len(frame):
                return
        self._sending = self._loop.create_task(self._send_rest(self._sending, frame[sent:]))

    async def _send_rest(self, before: asyncio.Task[None] | None, rest: bytes) -> None:
        if before is not None:
            await before
        try:
            await self._loop.sock_sendall(self._socket, rest)
        except OSError:
            return

    def _readable(self) -> None:
        try:
            data = self._socket.recv(RECEIVE_BYTES)
        except (BlockingIOError, InterruptedError):
            return
        except OSError:
            data = b""
        if not data:
            self._hung_up()
            return
        try:
            for frame in self._reader.feed(data):
                self._receive(frame)
        except (ValueError, KeyError, TypeError, struct.error):
            self.kill(InternalError("The engine process sent a message that makes no sense."))

    def _receive(self, frame: Frame) -> None:
        run = self.run if self.run is not None and frame.run == self.run.number else None
        if frame.kind is Kind.READY and self.state is State.STARTING:
            (self.pid,) = PID.unpack(frame.body)
            self._become(State.IDLE)
        elif frame.kind is Kind.PART and run is not None:
            slot, length, has_more = PART.unpack(frame.body)
            run.part(slot, length, bool(has_more))
        elif frame.kind is Kind.END and run is not None:
            run.end()
        elif frame.kind is Kind.ERROR:
            self._failed(run, frame.body)

    def _failed(self, run: Run | None, body: bytes) -> None:
        error, trace = decode_error(body)
        if trace is not None:
            error.add_note(trace)
        if run is not None:
            run.end(error)
        elif self.state is State.STARTING:
            self.start_error = error

    def _hung_up(self) -> None:
        self._loop.remove_reader(self._socket.fileno())
        self.state = State.GONE
        self._fork.kill()
        self._burial = self._loop.create_task(self._bury())

    async def _bury(self) -> None:
        status = await self._fork.ended
        self.pid = self.pid or self._fork.pid
        if self._sending is not None:
            self._sending.cancel()
        self._socket.close()
        self.last_sources = self._board.sources()
        self.how_it_ended = self._fate.problem if self._fate else _exit_name(status)
        run = self.run
        if run is not None:
            self.is_guilty = self.is_guilty or status in CRASHES
            run.abandon(self._fate or self._crash())
        self._board.close()
        self.buried.set()
        self._changed(self)

    def _crash(self) -> EngineCrashed:
        error = EngineCrashed(
            f"The process that computed this request died ({self.how_it_ended});"
            " other requests were not affected. Trying again may help."
        )
        return error.at(source=Path(self.last_sources[0]).name) if self.last_sources else error

    def _become(self, state: State) -> None:
        self.state = state
        self._changed(self)


def _exit_name(status: int) -> str:
    return signal.Signals(-status).name if status < 0 else f"exit status {status}"


CRASHES = tuple(
    -number
    for number in (signal.SIGSEGV, signal.SIGBUS, signal.SIGABRT, signal.SIGILL, signal.SIGFPE)
)
"""Exit statuses that speak of a fault in native code. SIGKILL is not one: it comes from outside."""
