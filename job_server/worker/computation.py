"""The seam between a child and what it computes: an assignment in, pieces and a result out.

A child imports a factory by name, calls it once, and then calls the `Computation` that it gave for
each task. The worker's side of the seam does not know what is computed.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Protocol

from swath.job import Stage
from swath.worker.v1.worker_pb2 import Assignment


@dataclass(frozen=True, slots=True)
class Span:
    """Bytes that lie in a file."""

    path: Path
    offset: int
    size_bytes: int


Content = bytes | Span


@dataclass(frozen=True, slots=True)
class Result:
    """What a job gave."""

    format: str
    """Name of the format of the bytes."""
    data: bytes | None = None
    """All of it, where it is small; absent: it is the pieces."""
    pieces: tuple[str, ...] = ()
    """Names of stored pieces, in order."""


class MissingPiece(Exception):
    """A piece that was stored is damaged or gone, and will be at the next attempt too."""


class Exchange(Protocol):
    """What a computation may ask of its worker. Each method may raise.

    Raises:
        Cancelled: the task is not wanted any more. LeaseLost: nobody will hear of its end.
    """

    @property
    def room(self) -> Path:
        """An empty folder on scratch disk, emptied after the task."""
        ...

    def is_cancelled(self) -> bool:
        """Whether the task is not wanted any more; asked often. It does not raise."""
        ...

    def stage(self, stage: Stage, steps_done: int | None = None) -> None:
        """Tell what the task does now. Returns at once."""
        ...

    def pin(self, plan: bytes, engine_version: str, steps_total: int) -> None:
        """Store the resolved plan for later attempts. Returns when it is stored."""
        ...

    def put(self, name: str, content: Content, steps_done: int | None = None) -> None:
        """Store a piece. Returns when it is stored; one of that name stays as it was."""
        ...

    def fetch(self, name: str) -> Iterator[bytes]:
        """The bytes of a piece that is stored; read to the end, before anything else is asked.

        Raises:
            MissingPiece: it cannot be had; what came of it does not count.
        """
        ...


class Computation(Protocol):
    """Runs tasks, one at a time, in the process that made it."""

    def __call__(self, task: Assignment, exchange: Exchange) -> Result:
        """What the job gives.

        It asks `exchange.is_cancelled()` at least every half second of work; a worker that waits
        longer for it to stop kills the process.

        Raises:
            SwathError: there is no result. MemoryError.
        """
        ...


Factory = Callable[[Mapping[str, Any]], Computation]
"""Makes the computation of one child from the worker's settings (JSON values).

It does all the slow things (imports, kernels, caches), so that a child that is ready begins its
first task as fast as any other.
"""


def parts_of(content: Content, size_bytes: int) -> Iterable[bytes | memoryview]:
    """The bytes in parts of at most `size_bytes`; none for no bytes.

    Raises:
        OSError: the file cannot be read.
    """
    if isinstance(content, bytes):
        whole = memoryview(content)
        return (whole[at : at + size_bytes] for at in range(0, len(whole), size_bytes))
    return _read(content, size_bytes)


def _read(span: Span, size_bytes: int) -> Iterator[bytes]:
    with span.path.open("rb") as file:
        file.seek(span.offset)
        left = span.size_bytes
        while left:
            part = file.read(min(size_bytes, left))
            if not part:
                raise OSError(f"{span.path.name} is shorter than it was")
            left -= len(part)
            yield part
