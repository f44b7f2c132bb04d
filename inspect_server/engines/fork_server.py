"""The process from which engine processes are forked: it loads once what all of them need.

To load the engine takes a core for a second; a fork has it after some milliseconds, and shares its
memory. This process does nothing else, and has one thread: a fork with more would be a gamble.

The server sends orders, of which a FORK carries the two file descriptors of `child.main`; each
process that ends is reported. When the server closes the socket, all end.
"""

from __future__ import annotations

import enum
import gc
import os
import select
import signal
import socket
import struct
import traceback
from contextlib import suppress
from typing import Final, NoReturn

from inspect_server.engines.child import main as be_engine
from swath.serving.child import die_with_parent, ignore_terminal, load

ORDER = struct.Struct("<BQ")
"""What to do, and to which process, by the number that the server gave it."""
REPORT = struct.Struct("<QIi")
"""Which process ended, its pid, and its exit status; less than 0: the signal that ended it."""
LOADED = 0
"""Number of the first report: what engine processes need is loaded, and orders are heard."""
NOT_FORKED = 71
"""Exit status (EX_OSERR of sysexits.h) of a process that the system did not give us."""


class Order(enum.IntEnum):
    """What the server wants."""

    FORK = 1
    KILL = 2


class ForkServer:
    """Forks, kills and buries, until the server closes the socket."""

    def __init__(self, control: socket.socket) -> None:
        self._control: Final = control
        self._pids: dict[int, int] = {}
        """Of the processes that live, by number."""
        self._wake, self._woken = os.pipe()
        for end in (self._wake, self._woken):
            os.set_blocking(end, False)

    def serve(self) -> NoReturn:
        """Do what the server orders.

        Raises:
            EOFError: it closed the socket.
        """
        signal.signal(signal.SIGCHLD, lambda *_: None)  # the byte that it writes is what counts
        signal.set_wakeup_fd(self._woken, warn_on_full_buffer=False)
        control = self._control.fileno()
        poll = select.poll()  # and not `select`: a busy server gives it a number over 1023
        for fd in (control, self._wake):
            poll.register(fd, select.POLLIN)
        self._report(LOADED, os.getpid(), 0)
        while True:
            ready = [fd for fd, _ in poll.poll()]
            if self._wake in ready:
                with suppress(BlockingIOError):
                    os.read(self._wake, 4096)
                self._bury()
            if control in ready:
                self._obey()

    def _obey(self) -> None:
        message, fds, _, _ = socket.recv_fds(self._control, ORDER.size, 2)
        if not message:
            raise EOFError("the server is gone")
        order, number = ORDER.unpack(message)
        if order == Order.KILL:
            if number in self._pids:
                os.kill(self._pids[number], signal.SIGKILL)
            return
        try:
            self._fork(number, *fds)
        except OSError:
            traceback.print_exc()
            self._report(number, 0, NOT_FORKED)
        finally:
            for fd in fds:
                os.close(fd)

    def _fork(self, number: int, control_fd: int, board_fd: int) -> None:
        pid = os.fork()
        if pid:
            self._pids[number] = pid
            return
        try:
            signal.set_wakeup_fd(-1)
            signal.signal(signal.SIGCHLD, signal.SIG_DFL)
            for fd in (self._wake, self._woken, self._control.detach()):
                os.close(fd)
            be_engine(control_fd, board_fd)
        finally:  # by a fault: nothing may go on as a second fork server
            traceback.print_exc()
            os._exit(1)

    def _bury(self) -> None:
        for number, pid in tuple(self._pids.items()):
            gone, status = os.waitpid(pid, os.WNOHANG)
            if gone:
                del self._pids[number]
                self._report(number, pid, os.waitstatus_to_exitcode(status))

    def _report(self, number: int, pid: int, status: int) -> None:
        self._control.sendall(REPORT.pack(number, pid, status))


def main(control_fd: int, computation: str, preload: str) -> NoReturn:
    """Be the fork server on an inherited file descriptor; for the names see `EngineSpec`."""
    ignore_terminal()
    die_with_parent("swath-fork")
    with suppress(Exception):  # each engine process meets it again, and tells
        load(computation)
        if preload:
            load(preload)()
    gc.collect()
    gc.freeze()  # pages that the collector does not touch stay shared
    with suppress(EOFError, ConnectionError):
        ForkServer(socket.socket(fileno=control_fd)).serve()
    os._exit(0)
