"""A connection in between that can be made to lose every answer."""

from __future__ import annotations

import socket
from collections.abc import Callable
from contextlib import suppress
from threading import Event, Thread

PART_BYTES = 65536


class Proxy:
    """Listens on loopback and passes bytes on; while `loses_answers` is set, only requests."""

    def __init__(self, connect: Callable[[], socket.socket]) -> None:
        """`connect` gives a new connection to whoever answers."""
        self.loses_answers = Event()
        self._connect = connect
        self._listener = socket.create_server(("127.0.0.1", 0))
        self.address = f"127.0.0.1:{self._listener.getsockname()[1]}"
        Thread(target=self._accept, daemon=True).start()

    def close(self) -> None:
        """Take no more connections."""
        with suppress(OSError):
            self._listener.shutdown(socket.SHUT_RDWR)
        self._listener.close()

    def _accept(self) -> None:
        with suppress(OSError):  # it is closed
            while True:
                caller, _ = self._listener.accept()
                Thread(target=self._join, args=(caller,), daemon=True).start()

    def _join(self, caller: socket.socket) -> None:
        try:
            server = self._connect()
        except OSError:
            caller.close()
            return
        back = Thread(target=_pump, args=(server, caller, self.loses_answers), daemon=True)
        back.start()
        _pump(caller, server, Event())
        back.join()
        caller.close()
        server.close()


def _pump(source: socket.socket, target: socket.socket, is_cut: Event) -> None:
    """Pass bytes on until one side ends; then the other one ends too."""
    with suppress(OSError):
        while data := source.recv(PART_BYTES):
            if not is_cut.is_set():
                target.sendall(data)
    for end in (source, target):
        with suppress(OSError):
            end.shutdown(socket.SHUT_RDWR)


def over_tcp(port: int) -> Callable[[], socket.socket]:
    """Connections to a port of loopback."""
    return lambda: socket.create_connection(("127.0.0.1", port))


def over_unix(path: str) -> Callable[[], socket.socket]:
    """Connections to a Unix socket."""

    def connect() -> socket.socket:
        connection = socket.socket(socket.AF_UNIX)
        try:
            connection.connect(path)
        except OSError:
            connection.close()
            raise
        return connection

    return connect
