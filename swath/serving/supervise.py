"""Keeps the processes of `swath serve` running: starts them in order, starts again what ended.

Each part is a program of its own that says in one line on its standard output when it is ready.
The supervisor computes nothing and imports neither server; when it is killed, its parts end too.
"""

from __future__ import annotations

import asyncio
import os
import re
import signal
import sys
from collections.abc import Callable, Mapping, Sequence
from contextlib import suppress
from dataclasses import dataclass
from typing import Any

from swath.serving.follow import SUPERVISOR, is_orphan
from swath.serving.lifetime import INTERRUPTED, ended_before

PAUSE_S, LONGEST_PAUSE_S = 0.2, 30.0
"""Before a part that ended is started again; twice as long each time."""
STEADY_S = 60.0
"""A part that ran for so long is started again at once."""
ORPHAN_S = 2.0
"""For parts to stop where what started the supervisor is gone; then they are hurried, for nobody
waits for what they would finish."""
PORT = re.compile(r"ready on \S*?:(\d+)\b")

Emit = Callable[[str, Mapping[str, Any]], None]
Say = Callable[[str], None]


@dataclass(frozen=True, slots=True)
class PartSpec:
    """A program to keep running."""

    name: str
    """Such as `job server`."""
    module: str
    """What `python -m` runs."""
    flags: tuple[str, ...]
    port_flag: str = ""
    """Flag of the port, which a restarted part gets again. Empty: it has none."""
    stops_last: bool = False
    """Whether other parts need it while they stop."""


class Part:
    """One program, and what is known of it. All methods belong to one event loop."""

    def __init__(self, spec: PartSpec, say: Say, emit: Emit) -> None:
        self.spec = spec
        self._say = say
        self._emit = emit
        self._process: asyncio.subprocess.Process | None = None
        self._keeping: asyncio.Task[int] | None = None
        self._port = ""
        self._began_s = 0.0
        self._is_stopping = False

    async def start(self) -> bool:
        """Start it and wait until it is ready; False: it ended before, and has said why."""
        self._began_s = asyncio.get_running_loop().time()
        process = self._process = await asyncio.create_subprocess_exec(
            *self._command(),
            env={**os.environ, SUPERVISOR: str(os.getpid())},
            stdin=asyncio.subprocess.DEVNULL,
            stdout=asyncio.subprocess.PIPE,
            process_group=0,  # a terminal's Ctrl-C is for the supervisor alone
        )
        if self._is_stopping:
            self.ask()
        assert process.stdout is not None
        line = (await process.stdout.readline()).decode(errors="replace").rstrip()
        if not line:
            return False
        found = PORT.search(line)
        self._port = found[1] if found and self.spec.port_flag else ""
        self._say(line)
        return True

    def keep(self) -> None:
        """From now on start it whenever it does not run, until `close`."""
        self._keeping = asyncio.ensure_future(self._keep())

    async def close(self) -> int:
        """Ask it to stop and wait until it has; its exit status. Not while it starts."""
        self.stop()
        if self._keeping is not None:
            return await self._keeping
        return 0 if self._process is None else await self._ended(self._process)

    def stop(self) -> None:
        """Ask it to stop, as soon as it runs where it does not yet; it is not started again."""
        self._is_stopping = True
        self.ask()

    def ask(self) -> None:
        """Ask it to stop, if it runs; asked a second time, it hurries."""
        if self._process is not None and self._process.returncode is None:
            # Not `terminate`, which may take the exit status that asyncio then waits for in vain.
            with suppress(ProcessLookupError):
                os.kill(self._process.pid, signal.SIGTERM)

    async def _keep(self) -> int:
        pause_s = 0.0
        while True:
            status = await self._run()
            if self._is_stopping:
                return status
            ran_s = asyncio.get_running_loop().time() - self._began_s
            fields = {"part": self.spec.name, "status": status, "seconds": round(ran_s, 3)}
            self._emit("part_lost", fields)
            pause_s = 0.0 if ran_s >= STEADY_S else min(max(2 * pause_s, PAUSE_S), LONGEST_PAUSE_S)
            await asyncio.sleep(pause_s)
            if self._is_stopping:
                return status
            self._process = None

    async def _run(self) -> int:
        """Start it where it does not run, and wait until it has ended; its exit status."""
        if self._process is None:
            try:
                await self.start()
            except OSError as problem:  # such as no memory for one more process just now
                fields = {"part": self.spec.name, "problem": problem.strerror}
                self._emit("part_not_started", fields)
                return 1
        assert self._process is not None, "it was started"
        return await self._ended(self._process)

    async def _ended(self, process: asyncio.subprocess.Process) -> int:
        assert process.stdout is not None
        while line := await process.stdout.readline():
            self._say(line.decode(errors="replace").rstrip())
        return await process.wait()

    def _command(self) -> list[str]:
        flags = list(self.spec.flags)
        if self._port:
            flags[flags.index(self.spec.port_flag) + 1] = self._port
        return [sys.executable, "-m", self.spec.module, *flags]


async def supervise(
    first: Sequence[PartSpec], rest: Sequence[PartSpec], say: Say, emit: Emit
) -> int:
    """Run parts until SIGINT or SIGTERM; the exit status of the process.

    Args:
        first: started one after the other, each when the one before is ready.
        rest: started together after those.
        say: gets the lines that parts say, such as that they are ready.
        emit: gets events.

    Gives 0 when all parts stopped well, 130 when signals hurried them or came while they started,
    1 when one of `first` did not start.
    """
    loop = asyncio.get_running_loop()
    signals: asyncio.Queue[None] = asyncio.Queue()
    for number in (signal.SIGINT, signal.SIGTERM):
        loop.add_signal_handler(number, signals.put_nowait, None)
    parts = [Part(spec, say, emit) for spec in (*first, *rest)]
    status = await _start(parts[: len(first)], signals)
    if status == 0:
        for part in parts:
            part.keep()
        await signals.get()
    if is_orphan(os.environ):
        loop.call_later(ORPHAN_S, signals.put_nowait, None)
    statuses, is_hurried = await _stop(parts, signals)
    if status:
        return status
    return INTERRUPTED if is_hurried else max(statuses)


async def _start(parts: Sequence[Part], signals: asyncio.Queue[None]) -> int:
    """Start parts one after the other; 0, or the exit status where that did not end well."""
    for part in parts:
        starting = asyncio.ensure_future(part.start())
        if not await ended_before(starting, signals):
            part.stop()
            await starting
            return INTERRUPTED
        if not starting.result():
            return 1
    return 0


async def _stop(parts: Sequence[Part], signals: asyncio.Queue[None]) -> tuple[list[int], bool]:
    """Stop all parts, those that others need last; their statuses, and whether a signal hurried."""
    statuses: list[int] = []
    is_hurried = False
    for is_last in (False, True):
        group = [part for part in parts if part.spec.stops_last == is_last]
        closing = asyncio.gather(*(part.close() for part in group))
        while not await ended_before(closing, signals):
            is_hurried = True
            for part in group:
                part.ask()
        statuses += closing.result()
    return statuses, is_hurried
