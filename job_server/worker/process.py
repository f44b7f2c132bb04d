"""The worker's side of one child: start it, exchange frames, end it, know how it ended."""

from __future__ import annotations

import asyncio
import json
import os
import signal
import socket
import sys
from collections.abc import Mapping
from contextlib import suppress
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from job_server.worker.frames import HEAD, PART_BYTES, Frame, Kind, pack, sizes, unpack
from job_server.worker.oom import KillCount, kill_count, private_bytes
from swath.errors import EngineCrashed

BOOT = (
    "import json, sys; control, sys.path[:] = json.loads(sys.argv[1]);"
    " from job_server.worker.child import main; main(control)"
)
STDERR = 2


@dataclass(frozen=True, slots=True)
class ChildSpec:
    """What a child is, the same for all children of a worker."""

    computation: str
    """`module:factory` of the `Computation`."""
    settings: Mapping[str, Any] = field(default_factory=dict)
    """JSON values for the factory."""
    memory_bytes: int = 2 << 30
    """Most private memory of the process; over it, it is killed."""


class Child:
    """One child process. Make one with `start`; all methods belong to that event loop."""

    def __init__(
        self,
        spec: ChildSpec,
        room: Path,
        process: asyncio.subprocess.Process,
        streams: tuple[asyncio.StreamReader, asyncio.StreamWriter],
    ) -> None:
        self.spec = spec
        self.room = room
        self.pid = process.pid
        self.memory_bytes = 0
        """Private memory when it was looked at last."""
        self.was_killed = False
        """Whether the worker killed it."""
        self._process = process
        self._reader, self._writer = streams
        self._head: tuple[Kind, int, int] | None = None
        """Of the frame of which the rest is to come; absent: a head is next."""
        self._kills_before: KillCount = kill_count()

    @classmethod
    async def start(cls, spec: ChildSpec, room: Path) -> Child:
        """A process that is starting; it is ready when READY is received.

        Args:
            room: an empty folder for its scratch files.
        """
        ours, theirs = socket.socketpair()
        try:
            with theirs:
                process = await _spawn(theirs.fileno(), room)
            streams = await asyncio.open_unix_connection(sock=ours, limit=PART_BYTES)
        except BaseException:
            ours.close()  # a process that was begun ends when it finds its worker gone
            raise
        child = cls(spec, room, process, streams)
        setup: dict[str, Any] = {
            "computation": spec.computation,
            "settings": dict(spec.settings),
            "memory_bytes": spec.memory_bytes,
            "room": str(room),
        }
        child.send(Kind.SETUP, **setup)
        return child

    @property
    def is_alive(self) -> bool:
        """Whether it is not known to have ended."""
        return self._process.returncode is None

    @property
    def how_it_ended(self) -> str:
        """`SIGSEGV`, `exit status 1`, or that it has not."""
        code = self._process.returncode
        if code is None:
            return "it has not ended"
        return signal.Signals(-code).name if code < 0 else f"exit status {code}"

    def send(self, kind: Kind, data: bytes = b"", **head: Any) -> None:
        """Send a small frame, or the first of some; it is on its way when the child reads."""
        with suppress(ConnectionError):  # the end of the stream says so
            self._writer.write(pack(kind, data, **head))

    async def sent(self) -> None:
        """Return when the child has taken most of what was sent.

        Raises:
            EngineCrashed: it is gone.
        """
        try:
            await self._writer.drain()
        except ConnectionError:
            raise EngineCrashed("The process that computed this job died.") from None

    async def receive(self) -> Frame:
        """The next frame. Whoever is cancelled in it misses nothing: the next call gives it.

        Raises:
            EngineCrashed: it is gone, or sent what makes no sense and was killed.
        """
        try:
            if self._head is None:
                self._head = sizes(await self._reader.readexactly(HEAD.size))
            kind, said, data = self._head
            rest = await self._reader.readexactly(said + data)
            self._head = None
            return unpack(kind, rest[:said], rest[said:])
        except ValueError:
            self.kill()
            raise EngineCrashed("The process that computed this job lost its mind.") from None
        except (asyncio.IncompleteReadError, ConnectionError):
            self._end()  # where it only closed its socket
            await self.ended()
            raise EngineCrashed("The process that computed this job died.") from None

    def look(self) -> int:
        """Private memory that it uses now."""
        self.memory_bytes = private_bytes(self.pid) if self.is_alive else 0
        return self.memory_bytes

    def kill(self) -> None:
        """End it now, whatever it does."""
        if self.is_alive:
            self.was_killed = True
            self._end()

    def _end(self) -> None:
        # Not by the process' own `kill`, which may reap it before asyncio knows how it ended.
        if self.is_alive:
            with suppress(ProcessLookupError):
                os.kill(self.pid, signal.SIGKILL)

    async def ended(self) -> None:
        """Return when it is gone and reaped."""
        await self._process.wait()
        self._writer.close()

    def begin(self) -> None:
        """A task begins: what the kernel killed before has nothing to do with it."""
        self._kills_before = kill_count()

    def was_out_of_memory(self) -> bool:
        """Whether the kernel killed it for want of memory, as far as can be told; see `oom`."""
        if self.was_killed or self._process.returncode != -signal.SIGKILL:
            return False
        return self._kills_before.rose(kill_count(), self.memory_bytes, self.spec.memory_bytes)


async def _spawn(control_fd: int, room: Path) -> asyncio.subprocess.Process:
    return await asyncio.create_subprocess_exec(
        sys.executable,
        "-P",
        "-c",
        BOOT,
        json.dumps([control_fd, sys.path]),
        pass_fds=(control_fd,),
        env={**os.environ, "TMPDIR": str(room), "CPL_TMPDIR": str(room)},
        stdin=asyncio.subprocess.DEVNULL,
        stdout=STDERR,  # the worker's standard output is one line
        process_group=0,  # a terminal's Ctrl-C is for the worker alone
    )
