"""What a task says to its worker and gets from it, over the link."""

from __future__ import annotations

import zlib
from collections.abc import Iterator
from pathlib import Path

from job_server.worker.computation import Content, MissingPiece, Span, parts_of
from job_server.worker.frames import PART_BYTES, Kind
from job_server.worker.link import Link
from swath.errors import Cancelled
from swath.job import Stage


class ChildExchange:
    """The `Exchange` of one task."""

    def __init__(self, link: Link, room: Path) -> None:
        self.room = room
        self._link = link

    def is_cancelled(self) -> bool:
        """See `Exchange`."""
        return self._link.is_cancelled()

    def check(self) -> None:
        """Raise Cancelled if the task is not wanted any more."""
        if self.is_cancelled():
            raise Cancelled("The cancellation of the job was asked for.")

    def stage(self, stage: Stage, steps_done: int | None = None) -> None:
        """See `Exchange`."""
        self._link.send(Kind.STAGE, stage=stage, steps_done=steps_done)

    def pin(self, plan: bytes, engine_version: str, steps_total: int) -> None:
        """See `Exchange`."""
        self.check()
        head = {"engine_version": engine_version, "steps_total": steps_total}
        self._link.send(Kind.PIN, plan, **head)
        self._link.receive(Kind.DONE)

    def put(self, name: str, content: Content, steps_done: int | None = None) -> None:
        """See `Exchange`."""
        self.check()
        size = content.size_bytes if isinstance(content, Span) else len(content)
        crc32 = 0
        for part in parts_of(content, PART_BYTES):
            crc32 = zlib.crc32(part, crc32)
        self._link.send(Kind.PIECE, name=name, size_bytes=size, crc32=crc32, steps_done=steps_done)
        while self._link.receive(Kind.SEND, Kind.DONE).kind is Kind.SEND:
            for part in parts_of(content, PART_BYTES):
                self._link.send(Kind.PART, part)

    def fetch(self, name: str) -> Iterator[bytes]:
        """See `Exchange`."""
        self.check()
        self._link.send(Kind.FETCH, name=name)
        ends = (Kind.DONE, Kind.MISSING)
        while (frame := self._link.receive(Kind.PART, *ends)).kind is Kind.PART:
            yield frame.data
        if frame.kind is Kind.MISSING:
            raise MissingPiece(name)
