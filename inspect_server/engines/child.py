"""The main loop of an engine process: one request at a time, until the server closes the socket."""

from __future__ import annotations

import gc
import json
import os
import socket
import traceback
import uuid
from collections.abc import Iterator, Mapping
from contextlib import AbstractContextManager
from pathlib import Path
from typing import Any, NoReturn

from engine.evaluate.budget import Budget
from inspect_server.engines.allocator import keep_freed_memory
from inspect_server.engines.board import Board, BoardShape, clip
from inspect_server.engines.computation import Computation
from inspect_server.engines.frames import (
    PART,
    PID,
    SLOT,
    Frame,
    FrameReader,
    Kind,
    RunBody,
    encode_error,
    pack,
)
from swath.errors import InternalError, InvalidSource, ResultTooLarge, SwathError
from swath.serving.child import die_with, limit_memory, load

OOM_SCORE = 500
"""Of 1,000: an engine goes before its server."""
RECEIVE_BYTES = 256 * 1024
WAIT_S = 0.1
"""How often a process that waits for its client looks whether it is still wanted."""


class Link:
    """The engine process' end of the control socket."""

    def __init__(self, control: socket.socket) -> None:
        self._socket = control
        self._reader = FrameReader()
        self._frames: list[Frame] = []

    def send(self, kind: Kind, run: int, body: bytes = b"") -> None:
        """Send a frame; it waits while the server does not read."""
        self._socket.sendall(pack(kind, run, body))

    def receive(self, timeout_s: float | None = None) -> Frame | None:
        """The next frame; None when none came in time.

        Raises:
            EOFError: the server closed the socket.
        """
        self._socket.settimeout(timeout_s)
        try:
            while not self._frames:
                self._frames.extend(self._reader.feed(self._receive_bytes()))
        except TimeoutError:
            return None
        finally:
            self._socket.settimeout(None)
        return self._frames.pop(0)

    def _receive_bytes(self) -> bytes:
        data = self._socket.recv(RECEIVE_BYTES)
        if not data:
            raise EOFError("the server is gone")
        return data


class EngineChild:
    """Runs requests and writes their answers into free slots."""

    def __init__(self, link: Link, board: Board) -> None:
        self._link = link
        self._board = board
        self._free_slots = list(range(board.shape.slots))
        self._quarantine: frozenset[str] = frozenset()

    def reading(self, source: str) -> AbstractContextManager[None]:
        """See `inspect_server.engines.computation.Reading`."""
        if clip(source) in self._quarantine:
            raise InvalidSource(
                "The file is quarantined: reading it crashed the engine before."
                " Repair or replace it, and restart the server."
            ).at(source=Path(source).name)
        return self._board.reading(source)

    def serve(self, computation: Computation) -> NoReturn:
        """Answer requests until the server closes the socket.

        Raises:
            EOFError: it did.
        """
        self._link.send(Kind.READY, 0, PID.pack(os.getpid()))
        while True:
            frame = self._link.receive()
            assert frame is not None, "a receive without timeout gives a frame"
            if frame.kind is Kind.RUN:
                self._run(computation, frame.run, RunBody.decode(frame.body))
            else:
                self._note(frame)

    def _run(self, computation: Computation, run: int, task: RunBody) -> None:
        budget = Budget(
            deadline_s=task.deadline_s,
            is_cancelled=lambda: self._board.is_cancelled(run),
            memory_bytes=task.memory_bytes,
        )
        try:
            budget.check()
            self._answer(run, computation(task.method, task.request, budget), budget)
        except SwathError as error:
            self._fail(run, error)
        except MemoryError:
            self._fail(run, out_of_memory(task.memory_bytes))
        except EOFError:
            raise
        except Exception:  # noqa: BLE001 - a fault of ours must not end the process
            error_id = uuid.uuid4().hex
            problem = (
                f"Something went wrong inside the engine; please report it with id {error_id}."
            )
            self._fail(run, InternalError(problem, error_id=error_id), traceback.format_exc())
        else:
            self._link.send(Kind.END, run)

    def _fail(self, run: int, error: SwathError, trace: str | None = None) -> None:
        self._link.send(Kind.ERROR, run, encode_error(error, trace))

    def _answer(self, run: int, messages: Iterator[bytes], budget: Budget) -> None:
        try:
            for message in messages:
                self._deliver(run, message, budget)
        finally:
            close = getattr(messages, "close", None)
            if close is not None:
                close()

    def _deliver(self, run: int, message: bytes, budget: Budget) -> None:
        step = self._board.shape.slot_bytes
        whole = memoryview(message)
        for start in range(0, max(len(whole), 1), step):
            part = whole[start : start + step]
            slot = self._free_slot(budget)
            self._board.write(slot, part)
            has_more = start + step < len(whole)
            self._link.send(Kind.PART, run, PART.pack(slot, len(part), has_more))

    def _free_slot(self, budget: Budget) -> int:
        while not self._free_slots:
            budget.check()
            frame = self._link.receive(WAIT_S)
            if frame is not None:
                self._note(frame)
        return self._free_slots.pop()

    def _note(self, frame: Frame) -> None:
        if frame.kind is Kind.FREE:
            self._free_slots.append(SLOT.unpack(frame.body)[0])
        elif frame.kind is Kind.QUARANTINE:
            self._quarantine = frozenset(json.loads(frame.body))


def out_of_memory(limit_bytes: int) -> ResultTooLarge:
    """What a request gets that used more memory than its process may have."""
    return ResultTooLarge(
        f"The computation needed more memory than the {limit_bytes >> 20} MiB that inspect allows:"
        " ask for a smaller area, a coarser resolution or fewer images, or use compute.",
        limit_bytes=limit_bytes,
        use="compute",
    )


def main(control_fd: int, board_fd: int) -> NoReturn:
    """Be an engine process on these file descriptors."""
    keep_freed_memory()
    control = socket.socket(fileno=control_fd)
    die_with(control, "swath-engine")
    link = Link(control)
    try:
        setup = link.receive()
        assert setup is not None, "a receive without timeout gives a frame"
        _serve(link, board_fd, json.loads(setup.body))
    except (EOFError, ConnectionError):
        os._exit(0)  # threads of native libraries may never end by themselves


def _serve(link: Link, board_fd: int, setup: Mapping[str, Any]) -> NoReturn:
    shape = BoardShape(setup["slots"], setup["slot_bytes"])
    child = EngineChild(link, Board(board_fd, shape))
    limit_memory(setup["memory_bytes"], OOM_SCORE)
    try:
        computation: Computation = load(setup["computation"])(setup["settings"], child.reading)
    except EOFError:
        raise
    except Exception as fault:
        said = fault if isinstance(fault, SwathError) else InternalError(repr(fault))
        link.send(Kind.ERROR, 0, encode_error(said, traceback.format_exc()))
        raise EOFError from fault
    gc.collect()
    gc.freeze()  # what lives as long as the process is not looked through again and again
    child.serve(computation)
