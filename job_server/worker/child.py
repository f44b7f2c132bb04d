"""The main loop of a child: one task at a time, until the worker closes the socket."""

from __future__ import annotations

import gc
import os
import socket
from collections.abc import Mapping
from contextlib import suppress
from pathlib import Path
from typing import Any, NoReturn

from job_server.worker.computation import Computation
from job_server.worker.exchange import ChildExchange
from job_server.worker.failure import Failed, failed
from job_server.worker.frames import Kind
from job_server.worker.link import Link
from job_server.worker.scratch import empty
from swath.serving.child import die_with, ignore_terminal, limit_memory, load
from swath.worker.v1.worker_pb2 import Assignment

OOM_SCORE = 800
"""Of 1,000: a child goes before its worker and before servers of the same machine."""
LOWEST_PRIORITY = 19


def main(control_fd: int) -> NoReturn:
    """Be a child on an inherited file descriptor."""
    ignore_terminal()
    control = socket.socket(fileno=control_fd)
    die_with(control, "swath-child")
    _be_idle()
    link = Link(control)
    with suppress(EOFError, ConnectionError):
        _serve(link, dict(link.receive(Kind.SETUP).head))
    os._exit(0)  # threads of native libraries may never end by themselves


def _serve(link: Link, setup: Mapping[str, Any]) -> NoReturn:
    room = Path(setup["room"])
    limit_memory(setup["memory_bytes"], OOM_SCORE)
    try:
        computation: Computation = load(setup["computation"])(setup["settings"])
    except EOFError:
        raise
    except Exception as fault:
        _say(link, failed(fault, room))
        raise EOFError from fault
    gc.collect()
    gc.freeze()  # what lives as long as the process is not looked through again and again
    link.send(Kind.READY)
    while True:
        task = Assignment.FromString(link.receive(Kind.TASK).data)
        _run(link, computation, task, room)


def _run(link: Link, computation: Computation, task: Assignment, room: Path) -> None:
    link.begin()
    exchange = ChildExchange(link, room)
    try:
        empty(room)
        result = computation(task, exchange)
        exchange.check()
    except (EOFError, ConnectionError):
        raise
    except BaseException as fault:  # noqa: BLE001 - whatever it is, the worker hears of it
        end = failed(fault, room)
        del fault  # with what its frames hold: pixels, and files in the room
        _tidy(room)
        _say(link, end)
    else:
        _tidy(room)
        data = b"" if result.data is None else result.data
        is_whole = result.data is not None
        link.send(Kind.RESULT, data, format=result.format, pieces=result.pieces, is_whole=is_whole)


def _tidy(room: Path) -> None:
    with suppress(OSError):  # the next task meets it, and tells of it
        empty(room)


def _say(link: Link, end: Failed) -> None:
    said = {"reason": end.reason, "problem": end.problem, "traceback": end.traceback}
    link.send(Kind.FAILED, end.error, failure=end.kind, **said)


def _be_idle() -> None:
    """Let everything else on the machine go first; threads that are started later inherit it."""
    with suppress(OSError, AttributeError):
        os.sched_setscheduler(0, os.SCHED_IDLE, os.sched_param(0))
    with suppress(OSError):
        os.setpriority(os.PRIO_PROCESS, 0, LOWEST_PRIORITY)
