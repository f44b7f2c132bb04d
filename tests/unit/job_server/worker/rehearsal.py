"""Small real computations that children of these tests run, named by an attribute of the spec."""

from __future__ import annotations

import ctypes
import os
import signal
import time
from collections.abc import Mapping
from pathlib import Path
from typing import Any

from job_server.worker.computation import Computation, Exchange, MissingPiece, Result, Span
from job_server.worker.frames import Kind, pack
from swath.errors import Cancelled, ProductNotFound, SourceUnavailable
from swath.job import Stage
from swath.worker.v1.worker_pb2 import Assignment

ACT = "act"
"""Label under which a test puts the name of what is to happen: the name of the format."""


def factory(settings: Mapping[str, Any]) -> Computation:
    """A computation that does what the functions below say."""
    if settings.get("start") == "fails":
        raise ProductNotFound("No such thing.", product="x")
    if settings.get("start") == "dies":
        os.kill(os.getpid(), signal.SIGKILL)

    def compute(task: Assignment, exchange: Exchange) -> Result:
        return ACTS[task.spec.format.name](task, exchange)

    return compute


def _scalar(task, exchange):
    return Result("native", b"42")


def _pid(task, exchange):
    return Result("native", str(os.getpid()).encode())


def _tiles(task, exchange):
    """Three steps; those that are stored already are not computed again."""
    exchange.pin(b"plan", "engine-1", 3)
    for step in range(3):
        if f"tile-{step}" not in task.pieces:
            exchange.put(f"tile-{step}", bytes([step]) * 3_000_000, step + 1)
    exchange.stage(Stage.SAVING, 3)
    exchange.put("head", b"head")
    return Result("native", pieces=("head", "tile-0", "tile-1", "tile-2"))


def _die_after_a_tile(task, exchange):
    exchange.pin(b"plan", "engine-1", 3)
    exchange.put("tile-0", b"0", 1)
    if task.attempt == 1:
        os.kill(os.getpid(), signal.SIGKILL)
    return _tiles(task, exchange)


def _crash(task, exchange):
    os.kill(os.getpid(), signal.SIGSEGV)


def _exit(task, exchange):
    os._exit(3)


def _hog(task, exchange):
    """Takes memory, and uses it, until it is stopped."""
    held = []
    while True:
        held.append(bytearray(os.urandom(1 << 20)) * 4)
        time.sleep(0.002)


def _grab(task, exchange):
    """Asks for more memory at once than the kernel lets it have."""
    return Result("native", bytes(64 << 30))


def _work(task, exchange):
    """Works until it is told to stop."""
    exchange.pin(b"plan", "engine-1", 2)
    while not exchange.is_cancelled():
        sum(range(1000))
    raise Cancelled("It was asked for.")


def _halves(task, exchange):
    """Sends the frame of a part in two halves."""
    exchange.pin(b"plan", "engine-1", 2)
    link, frame = exchange._link, pack(Kind.PART, bytes(1_000_000))
    link.send(Kind.PIECE, name="slow", size_bytes=2_000_000, crc32=0, steps_done=None)
    link.receive(Kind.SEND)
    link._socket.sendall(frame[:500_000])
    time.sleep(1.0)
    link._socket.sendall(frame[500_000:])
    link.receive(Kind.DONE)


def _deaf(task, exchange):
    """Never looks whether it is wanted."""
    exchange.pin(b"plan", "engine-1", 2)
    while True:
        time.sleep(60)


def _hold_the_interpreter(task, exchange):
    """Native code that lets nothing else of Python run, not even a signal handler."""
    exchange.pin(b"plan", "engine-1", 2)
    ctypes.PyDLL(None).sleep(600)


def _babble(task, exchange):
    exchange._link._socket.sendall(b"\xff" * 64)
    time.sleep(60)


def _fault(task, exchange):
    raise KeyError("secret detail")


def _missing(task, exchange):
    raise ProductNotFound("No product 'a'.", product="a", similar=["b"]).at(node=3)


def _unreadable(task, exchange):
    raise SourceUnavailable("The store did not answer.").at(source="a.tif", window="0:0+10×10")


def _file(task, exchange):
    """A result on scratch disk, in two pieces."""
    path = exchange.room / "result"
    path.write_bytes(os.urandom(2_500_000))
    exchange.put("whole-0", Span(path, 0, 2_000_000))
    exchange.put("whole-1", Span(path, 2_000_000, 500_000))
    return Result("geotiff", pieces=("whole-0", "whole-1"))


def _full_disk(task, exchange):
    """Writes to a device that is always full."""
    (exchange.room / "left").write_bytes(b"behind")
    with Path("/dev/full").open("wb", buffering=0) as file:
        file.write(b"x")


def _fetch(task, exchange):
    return Result("native", b"".join(exchange.fetch("stored")))


def _fetch_or_do_without(task, exchange):
    try:
        return _fetch(task, exchange)
    except MissingPiece:
        return Result("native", b"done without")


def _empty_piece(task, exchange):
    exchange.put("nothing", b"")
    return Result("native", pieces=("nothing",))


ACTS = {
    "scalar": _scalar,
    "pid": _pid,
    "tiles": _tiles,
    "die_after_a_tile": _die_after_a_tile,
    "crash": _crash,
    "exit": _exit,
    "hog": _hog,
    "grab": _grab,
    "work": _work,
    "deaf": _deaf,
    "halves": _halves,
    "hold_the_interpreter": _hold_the_interpreter,
    "babble": _babble,
    "fault": _fault,
    "missing": _missing,
    "unreadable": _unreadable,
    "file": _file,
    "full_disk": _full_disk,
    "fetch": _fetch,
    "fetch_or_do_without": _fetch_or_do_without,
    "empty_piece": _empty_piece,
}
