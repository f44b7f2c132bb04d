"""The client processes of a part: started, begun at one moment once all are ready, and ended."""

from __future__ import annotations

import selectors
import subprocess
import time
from collections.abc import Iterator, Sequence
from contextlib import ExitStack, contextmanager, suppress
from dataclasses import dataclass

from loadtest.client import READY, Orders
from loadtest.pace import duration_s
from loadtest.program import Process, process
from loadtest.scenario import Part
from swath.errors import SwathError

READY_S = 60.0
"""Longest wait until all are ready: what they import, ask the target beforehand, connect to."""
SOON_S = 0.05
"""From when all are told to when the load begins: so that each knows before."""
LATE_S = 30.0
"""After their last deadline; then they are killed."""
STOP_S = 5.0
"""The same after Ctrl-C."""

Clients = Sequence[Process]


@dataclass(frozen=True, slots=True)
class Done:
    """What became of a part's clients."""

    start_s: float
    """When the part started, after its warm-up, on the monotonic clock."""
    is_whole: bool
    """Whether they were not interrupted."""


@contextmanager
def ready(orders: Sequence[Orders], within_s: float = READY_S) -> Iterator[Clients]:
    """Client processes that have their orders, have connected, and wait for the word.

    None outlives the block.

    Raises:
        SwathError: one was not ready in time, or ended, and what it said.
        KeyboardInterrupt: Ctrl-C.
    """
    with ExitStack() as running:
        clients = [running.enter_context(_client(one)) for one in orders]
        _wait(clients, time.monotonic() + within_s)
        yield clients


def work_off(part: Part, clients: Clients, stop_s: float = STOP_S) -> Done:
    """Have clients that are ready work off their orders; those that are late to end are killed.

    Ctrl-C lets them send no more; what is in the air is waited for until its deadline, and is in
    their files. A second one, or `stop_s` beyond that, kills them.

    Raises:
        SwathError: one ended in another way than it should, and what it said.
        KeyboardInterrupt: one had not begun, or the second.
    """
    start_s = time.monotonic() + SOON_S + duration_s(part.warm_up)
    limit_s = start_s + duration_s(part.phases) + part.timeout_s + LATE_S
    for client in clients:
        _write(client, f"{start_s!r}\n")
    try:
        ends, is_whole = _ends(clients, limit_s), True
    except KeyboardInterrupt:
        for client in clients:
            client.popen.terminate()
        ends, is_whole = _ends(clients, time.monotonic() + part.timeout_s + stop_s), False
    for client, end in zip(clients, ends, strict=True):
        if end and not is_whole:
            raise KeyboardInterrupt
        if end:
            raise _failed(client)
    return Done(start_s, is_whole)


@contextmanager
def _client(orders: Orders) -> Iterator[Process]:
    with process("-m", "loadtest.client") as client:
        _write(client, orders.encode())
        yield client


def _wait(clients: Clients, limit_s: float) -> None:
    """Return when each has said that it is ready."""
    with selectors.DefaultSelector() as waiting:
        for client in clients:
            assert client.popen.stdout is not None
            waiting.register(client.popen.stdout, selectors.EVENT_READ, client)
        while left := len(waiting.get_map()):
            heard = waiting.select(max(0.0, limit_s - time.monotonic()))
            if not heard:
                raise SwathError(f"{left} of {len(clients)} client processes did not get ready.")
            for key, _ in heard:
                if key.data.popen.stdout.readline() != READY:
                    raise _failed(key.data)
                waiting.unregister(key.fileobj)


def _write(client: Process, line: str) -> None:
    """Tell it something. Why one has ended that does not hear it is asked for later."""
    stdin = client.popen.stdin
    assert stdin is not None
    try:
        stdin.write(line)
        stdin.flush()
    except BrokenPipeError:
        with suppress(BrokenPipeError):
            stdin.close()  # here, for what it holds cannot be written at the end, either


def _failed(client: Process) -> SwathError:
    """What one that has ended, or is to, said at last."""
    client.popen.kill()
    client.popen.wait()
    return SwathError(f"A client process failed: {client.last_words()}")


def _ends(clients: Clients, limit_s: float) -> list[int]:
    """The exit status of each; those that are late are killed."""
    ends = []
    for popen in (client.popen for client in clients):
        try:
            ends.append(popen.wait(max(0.1, limit_s - time.monotonic())))
        except subprocess.TimeoutExpired:
            popen.kill()
            ends.append(popen.wait())
    return ends
