"""Reads the planes of sources in a window, two files at a time.

GDAL decodes without holding the interpreter, so that two files of one question take little longer
than one where a core is idle. More at a time would take the cores of other questions.
"""

from __future__ import annotations

import threading
from collections.abc import Callable, Sequence
from concurrent.futures import ThreadPoolExecutor
from contextlib import AbstractContextManager
from dataclasses import dataclass, field
from functools import partial
from typing import Any, Protocol

import numpy as np
from numpy.typing import NDArray

from engine.catalog.asset import Asset, Identity
from engine.evaluate.budget import Budget
from engine.evaluate.located import Place
from engine.evaluate.plane import ReadPlane
from engine.geo.stack import Mask, Stack
from engine.plan.schedule import READERS
from swath.errors import SwathError
from swath.grid import Grid, Window

REMOTE = ("http://", "https://", "s3://")

_others = ThreadPoolExecutor(READERS - 1, thread_name_prefix="reader")
"""Threads start with the first work; whoever reads works too, so nobody waits for them."""


class Reads(Protocol):
    """What gives the pixels of sources; `engine.sources.Reader`."""

    def read(
        self, asset: Any, grid: Grid, window: Window, resampling: str, budget: Budget
    ) -> tuple[NDArray[Any], NDArray[np.uint8] | None]:
        """Physical values (y, x) and mask (None: nothing masked) of a window of a grid."""


@dataclass(eq=False)
class Reading:
    """The reads of one request, and what they took."""

    reader: Reads
    budget: Budget
    announce: Callable[[str], AbstractContextManager[None]]
    """Entered around each read, with the source's name."""
    sources: dict[str, Identity | None]
    """Files and addresses that were read, with what tells whether they change."""
    pixels: int = 0
    bytes: int = 0
    _lock: threading.Lock = field(default_factory=threading.Lock)

    def stacks(
        self, planes: Sequence[ReadPlane], grid: Grid, window: Window, outside: Mask | None
    ) -> list[Stack]:
        """The pixels of `planes` in a window; those of `outside` are masked.

        Raises: errors of sources, naming image and window; DeadlineExceeded; Cancelled.
        """
        targets = [_Target(plane, window, outside) for plane in planes]
        share(
            [
                partial(self._read, target, index, source, grid)
                for target in targets
                for index, source in enumerate(target.plane.sources)
                if source is not None
            ]
        )
        return [target.stack() for target in targets]

    def _read(self, target: _Target, index: int, source: Any, grid: Grid) -> None:
        self.budget.check()
        plane, window = target.plane, target.window
        try:
            with self.announce(getattr(source, "href", "")):
                values, mask = self.reader.read(source, grid, window, plane.resampling, self.budget)
        except SwathError as error:
            origin = plane.origin or Place(None, None, None)
            raise error.at(
                node=origin.node, op=origin.op, line=origin.line, window=str(window)
            ) from None
        target.take(index, values, mask)
        self._count(source, values)

    def _count(self, source: Any, values: NDArray[Any]) -> None:
        with self._lock:
            if isinstance(source, Asset):
                is_local = not source.href.startswith(REMOTE)
                self.sources[source.href] = source.identity if is_local else None
            self.pixels += values.size
            self.bytes += values.nbytes


class _Target:
    """A plane that is being read; each image of it is taken once, by any thread."""

    def __init__(self, plane: ReadPlane, window: Window, outside: Mask | None) -> None:
        self.plane = plane
        self.window = window
        self._outside = outside
        self._stack: Stack | None = None
        if outside is not None or plane.count > 1 or plane.sources[0] is None:
            shape = (plane.count, window.rows, window.cols)
            self._values = np.zeros(shape, dtype=plane.dtype)
            self._mask = np.zeros(shape, dtype=np.uint8)
            missing = [i for i, source in enumerate(plane.sources) if source is None]
            self._mask[missing] = 1
            self._alone = False
        else:
            self._alone = True

    def take(self, index: int, values: NDArray[Any], mask: NDArray[np.uint8] | None) -> None:
        """Put in what was read of an image."""
        if self._alone:
            kept = values.astype(self.plane.dtype, copy=False)  # nobody else has what was read
            self._stack = Stack(kept[None], mask[None] if mask is not None and mask.any() else None)
            return
        self._values[index] = values
        if mask is not None:
            self._mask[index] = mask

    def stack(self) -> Stack:
        """All images, once all were taken."""
        if self._alone:
            assert self._stack is not None, "every source of a plane is read"
            return self._stack
        if self._outside is not None:
            self._mask |= self._outside
        return Stack(self._values, self._mask if self._mask.any() else None)


def share(works: Sequence[Callable[[], None]]) -> None:
    """Do all of `works`, here and in other threads that are free.

    Raises: what the first of those that failed raised; then the rest was not begun. No work is in
    progress after this.
    """
    left = iter(enumerate(works))
    lock = threading.Lock()
    failures: dict[int, BaseException] = {}

    def run() -> None:
        while not failures:
            with lock:
                index, work = next(left, (0, None))
            if work is None:
                return
            try:
                work()
            except BaseException as failure:  # noqa: BLE001 - raised below, in the caller's thread
                failures[index] = failure

    helpers = [_others.submit(run) for _ in range(min(len(works), READERS) - 1)]
    run()
    for helper in helpers:
        if not helper.cancel():
            helper.result()
    if failures:
        raise failures[min(failures)]
