"""The server's side of the fork server: orders go out, ends of engine processes come back."""

from __future__ import annotations

import asyncio
import json
import signal
import socket
import subprocess
import sys
from contextlib import ExitStack
from typing import Final

from inspect_server.engines.fork_server import LOADED, NOT_FORKED, ORDER, REPORT, Order

BOOT = (
    "import json, sys; control, computation, preload, sys.path[:] = json.loads(sys.argv[1]);"
    " from inspect_server.engines.fork_server import main; main(control, computation, preload)"
)
STDERR = 2


class Fork:
    """One process that the fork server was told to make."""

    def __init__(self, forks: Forks, number: int) -> None:
        self.pid = 0
        """Known when it has ended; it tells its own when it is ready."""
        self.ended: Final = asyncio.get_running_loop().create_future()
        """Its exit status, once it is gone; less than 0: the signal that ended it."""
        self._forks = forks
        self._number = number
        self._is_killed = False

    def kill(self) -> None:
        """End it now, if it has not ended."""
        if not self.ended.done() and not self._is_killed:
            self._is_killed = True
            self._forks.kill(self._number)

    def end(self, pid: int, status: int) -> None:
        """It is gone."""
        if not self.ended.done():
            self.pid = pid
            self.ended.set_result(status)


class Forks:
    """Makes processes. All methods belong to one event loop.

    The fork server is started when it is needed. Where it dies its processes die with it, and the
    next order starts another.
    """

    def __init__(self, computation: str, preload: str) -> None:
        """For the names see `EngineSpec`."""
        self._names = computation, preload
        self._forks: dict[int, Fork] = {}
        self._last = 0
        self._reports = bytearray()
        self._control: socket.socket | None = None
        """Absent: no fork server runs."""
        self._is_loaded = False
        """Whether it does what it is told by now."""
        self._graves: set[asyncio.Task[int]] = set()

    def fork(self, *fds: int) -> Fork:
        """A process that will be made; it gets copies of the file descriptors.

        Where the system gives no process now, it has ended already.
        """
        self._last += 1
        fork = self._forks[self._last] = Fork(self, self._last)
        try:
            self._order(self._control or self._open(), Order.FORK, self._last, *fds)
        except OSError:
            self._forks.pop(self._last).end(0, NOT_FORKED)
        return fork

    def kill(self, number: int) -> None:
        """End a process that has not ended."""
        if not self._is_loaded:
            self._readable()  # it may have said so just now
        if self._control is not None and self._is_loaded:
            self._order(self._control, Order.KILL, number)
        else:
            self._lost()  # it has made none yet, and what it loads may take for ever

    async def close(self) -> None:
        """End the fork server, and all processes with it."""
        self._lost()
        await asyncio.gather(*self._graves)

    def _order(self, control: socket.socket, order: Order, number: int, *fds: int) -> None:
        """Have something done. So little is ever on its way that the socket takes it at once."""
        try:
            socket.send_fds(control, [ORDER.pack(order, number)], fds)
        except ConnectionError:
            return  # it is gone, which is about to be noticed

    def _open(self) -> socket.socket:
        """The socket of a fork server that has just been started. Raises OSError: it was not."""
        control, theirs = socket.socketpair()
        with theirs, ExitStack() as undo:
            undo.callback(control.close)
            self._popen = self._started(theirs.fileno())
            undo.pop_all()
        self._control, self._is_loaded = control, False
        asyncio.get_running_loop().add_reader(control.fileno(), self._readable)
        return control

    def _started(self, control_fd: int) -> subprocess.Popen[bytes]:
        return subprocess.Popen(  # noqa: S603 - our own interpreter and module
            [sys.executable, "-P", "-c", BOOT, json.dumps([control_fd, *self._names, sys.path])],
            pass_fds=(control_fd,),
            stdin=subprocess.DEVNULL,
            stdout=STDERR,  # the server's standard output is one line
            process_group=0,  # a terminal's Ctrl-C is for the server alone
        )

    def _readable(self) -> None:
        assert self._control is not None, "a reader of a socket that is open"
        try:
            data = self._control.recv(4096, socket.MSG_DONTWAIT)
        except BlockingIOError:
            return
        except ConnectionError:
            data = b""
        if not data:
            self._lost()
            return
        self._reports += data
        while len(self._reports) >= REPORT.size:
            number, pid, status = REPORT.unpack_from(self._reports)
            del self._reports[: REPORT.size]
            if number == LOADED:
                self._is_loaded = True
            else:
                self._forks.pop(number).end(pid, status)

    def _lost(self) -> None:
        """The fork server is gone or not wanted any more, and its processes go with it."""
        if self._control is None:
            return
        loop = asyncio.get_running_loop()
        loop.remove_reader(self._control.fileno())
        self._control.close()
        self._control = None
        self._reports.clear()
        self._popen.kill()
        grave = loop.create_task(asyncio.to_thread(self._popen.wait))
        self._graves.add(grave)
        grave.add_done_callback(self._graves.discard)
        forks, self._forks = self._forks, {}
        for fork in forks.values():
            fork.end(0, -signal.SIGKILL)
