"""Small real computations that engine processes of these tests run."""

from __future__ import annotations

import os
import signal
import time
from collections.abc import Iterator, Mapping
from pathlib import Path
from typing import Any

from engine.evaluate.budget import Budget
from inspect_server.engines import Computation, Reading
from swath.errors import ProductNotFound


def load_for_ever() -> None:
    """What all processes need, on a disk that does not answer."""
    signal.pause()


def factory(settings: Mapping[str, Any], reading: Reading) -> Computation:
    """A computation whose methods are the functions below."""
    if settings.get("start") == "fails":
        raise ProductNotFound("No such thing.", product="x")
    if settings.get("start") == "dies" or Path(settings.get("dies_while", "/nowhere")).exists():
        os.kill(os.getpid(), signal.SIGKILL)

    def compute(method: str, request: bytes, budget: Budget) -> Iterator[bytes]:
        return METHODS[method](request, budget, reading)

    return compute


def _echo(request, budget, reading):
    yield request


def _pid(request, budget, reading):
    yield str(os.getpid()).encode()


def _count(request, budget, reading):
    """`n,size`: n messages of that size, each filled with its number."""
    n, size = map(int, request.split(b","))
    for i in range(n):
        budget.check()
        yield bytes([i % 256]) * size


def _work(request, budget, reading):
    """Burns CPU until it is told to stop; its first message says that it works."""
    yield str(os.getpid()).encode()
    while True:
        sum(range(1000))
        budget.check()


def _stuck(request, budget, reading):
    """Never looks at its budget."""
    yield str(os.getpid()).encode()
    while True:
        time.sleep(60)


def _crash(request, budget, reading):
    yield b"about to die"
    os.kill(os.getpid(), int(request))
    yield b"still here"


def _read_and_crash(request, budget, reading):
    with reading(request.decode()):
        os.kill(os.getpid(), signal.SIGSEGV)
        yield b""


def _read(request, budget, reading):
    with reading(request.decode()):
        yield b"read"


def _fault(request, budget, reading):
    raise KeyError("secret detail")
    yield b""


def _missing(request, budget, reading):
    raise ProductNotFound("No product 'a'.", product="a", similar=["b"]).at(node=3)
    yield b""


def _hog(request, budget, reading):
    held = []
    while True:
        held.append(bytearray(os.urandom(1 << 20)) * 4)
        budget.check()
    yield b""


METHODS = {
    "echo": _echo,
    "pid": _pid,
    "count": _count,
    "work": _work,
    "stuck": _stuck,
    "crash": _crash,
    "read_and_crash": _read_and_crash,
    "read": _read,
    "fault": _fault,
    "missing": _missing,
    "hog": _hog,
}
