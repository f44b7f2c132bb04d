"""Runs the tasks of a plan in one window."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from contextlib import AbstractContextManager
from dataclasses import dataclass, field
from typing import Any, Protocol

import numpy as np
from numpy.typing import NDArray

from engine.catalog.asset import Asset, Identity
from engine.evaluate.budget import Budget
from engine.evaluate.deferred import Deferred
from engine.evaluate.located import Place
from engine.evaluate.plane import (
    FoldPlane,
    Plane,
    ReadPlane,
    ReducePlane,
    ScalarPlane,
    StackPlane,
    TakePlane,
)
from engine.execute.tier import Tier
from engine.geo.resolve import GeoContext
from engine.geo.stack import Mask, Stack
from engine.plan.plan import Plan
from engine.plan.segment import Compute, Schedule, Stream, Task, outputs_of
from swath.errors import SwathError
from swath.grid import Grid, Window

REMOTE = ("http://", "https://", "s3://")


class Reads(Protocol):
    """What gives the pixels of sources; `engine.sources.Reader`."""

    def read(
        self, asset: Any, grid: Grid, window: Window, resampling: str, budget: Budget
    ) -> tuple[NDArray[Any], NDArray[np.uint8] | None]:
        """Physical values (y, x) and mask (None: nothing masked) of a window of a grid."""


class Outside(Protocol):
    """What tells which pixels a geocontext's geometry leaves out."""

    def __call__(self, where: GeoContext, window: Window) -> NDArray[np.uint8] | None:
        """(y, x), 1 = outside; None: nothing is."""


@dataclass(eq=False)
class Execution:
    """What all windows of a request share."""

    where: GeoContext
    reader: Reads
    outside: Outside
    tier: Tier
    budget: Budget
    numbers: Mapping[int, Any]
    """Values of the Deferreds that scalar planes use, by identity."""
    reading: Callable[[str], AbstractContextManager[None]]
    """Entered around each read, with the source's name."""
    sources: dict[str, Identity | None]
    """Files and addresses that were read, with what tells whether they change."""
    pixels_read: int = 0
    bytes_read: int = 0
    seconds: dict[str, float] = field(default_factory=dict)

    def run(self, plan: Plan, window: Window) -> list[Stack]:
        """The wanted planes of `plan` in `window`.

        Raises: errors of sources, naming image and window; DeadlineExceeded; Cancelled.
        """
        return self._run_schedule(plan.schedule, plan.grid, window, {})

    def _run_schedule(
        self, schedule: Schedule, grid: Grid, window: Window, given: Mapping[int, Stack]
    ) -> list[Stack]:
        held = dict(given)
        for task, done in zip(schedule.tasks, schedule.forget, strict=True):
            self.budget.check()
            started = self.budget.now()
            made = self._run_task(task, grid, window, held)
            for plane, stack in zip(outputs_of(task), made, strict=True):
                held[id(plane)] = stack
            for plane in done:
                held.pop(id(plane), None)
            if isinstance(task, Stream):
                continue  # its parts have taken their times
            stage = "read" if isinstance(task, ReadPlane) else "compute"
            spent = self.budget.now() - started
            self.seconds[stage] = self.seconds.get(stage, 0.0) + spent
        return [held[id(p)] for p in schedule.wanted]

    def _run_task(
        self, task: Task, grid: Grid, window: Window, held: Mapping[int, Stack]
    ) -> list[Stack]:
        if isinstance(task, Compute):
            inputs = [held[id(p)] for p in task.inputs]
            dtypes = task.program.scalars
            pairs = zip(task.scalars, dtypes, strict=True)
            scalars = [self._scalar(plane, dtype) for plane, dtype in pairs]
            return self.tier.run(task.program, inputs, scalars)
        if isinstance(task, Stream):
            return self._run_stream(task, grid, window, held)
        if isinstance(task, ReadPlane):
            return [self._read(task, grid, window)]
        args = [held[id(p)] for p in task.args]
        if isinstance(task, ReducePlane):
            return [self.tier.over_stack(task.kind, _alike(task.args, args))]
        if isinstance(task, FoldPlane):
            return [self.tier.over_bands(task.kind, _spread(args, task.count))]
        if isinstance(task, StackPlane):
            return [_joined(args)]
        assert isinstance(task, TakePlane)
        return [_taken(args[0], task.indices)]

    def _run_stream(
        self, task: Stream, grid: Grid, window: Window, held: Mapping[int, Stack]
    ) -> list[Stack]:
        assert self.tier.begin is not None, "only tiers that can be fed are planned so"
        shape = (window.rows, window.cols)
        totals = [self.tier.begin(r.kind, np.dtype(r.args[0].dtype), shape) for r in task.outputs]
        given = {id(p): held[id(p)] for p in task.inputs}
        for part in task.parts:
            made = self._run_schedule(part, grid, window, given)[::-1]
            for reduction, total in zip(task.outputs, totals, strict=True):
                total.feed([made.pop() for _ in reduction.args])
        return [total.finish() for total in totals]

    def _scalar(self, plane: ScalarPlane, dtype: str) -> NDArray[Any]:
        numbers = [self.numbers[id(n)] if isinstance(n, Deferred) else n for n in plane.numbers]
        # No value is nan, which the step masks: it is not finite (N5, M2).
        known = [np.nan if n is None else n for n in numbers]
        return np.asarray(known, dtype=dtype)

    def _read(self, plane: ReadPlane, grid: Grid, window: Window) -> Stack:
        outside = self.outside(self.where, window)
        if outside is not None or plane.count > 1 or plane.sources[0] is None:
            return self._read_all(plane, grid, window, outside)
        values, mask = self._read_one(plane, plane.sources[0], grid, window)
        alone = values.astype(plane.dtype, copy=False)  # what was read is ours: nobody else has it
        return Stack(alone[None], mask[None] if mask is not None and mask.any() else None)

    def _read_all(
        self, plane: ReadPlane, grid: Grid, window: Window, outside: Mask | None
    ) -> Stack:
        shape = (plane.count, window.rows, window.cols)
        values = np.zeros(shape, dtype=plane.dtype)
        mask = np.zeros(shape, dtype=np.uint8)
        for index, source in enumerate(plane.sources):
            self.budget.check()
            if source is None:
                mask[index] = 1
            else:
                found, invalid = self._read_one(plane, source, grid, window)
                values[index] = found
                if invalid is not None:
                    mask[index] = invalid
            if outside is not None:
                mask[index] |= outside
        return Stack(values, mask if mask.any() else None)

    def _read_one(
        self, plane: ReadPlane, source: Any, grid: Grid, window: Window
    ) -> tuple[NDArray[Any], Mask | None]:
        self.budget.check()
        try:
            with self.reading(getattr(source, "href", "")):
                values, mask = self.reader.read(source, grid, window, plane.resampling, self.budget)
        except SwathError as error:
            origin = plane.origin or Place(None, None, None)
            raise error.at(
                node=origin.node, op=origin.op, line=origin.line, window=str(window)
            ) from None
        if isinstance(source, Asset):
            is_local = not source.href.startswith(REMOTE)
            self.sources[source.href] = source.identity if is_local else None
        self.pixels_read += values.size
        self.bytes_read += values.nbytes
        return values, mask


def _alike(planes: Sequence[Plane], stacks: Sequence[Stack]) -> list[Stack]:
    return _spread(stacks, max(p.count for p in planes))


def _spread(stacks: Sequence[Stack], count: int) -> list[Stack]:
    """Stacks of one image as views of `count` equal ones."""
    return [s if s.count == count else _repeated(s, count) for s in stacks]


def _repeated(stack: Stack, count: int) -> Stack:
    shape = (count, *stack.values.shape[1:])
    mask = None if stack.mask is None else np.ascontiguousarray(np.broadcast_to(stack.mask, shape))
    return Stack(np.ascontiguousarray(np.broadcast_to(stack.values, shape)), mask)


def _joined(stacks: Sequence[Stack]) -> Stack:
    values = np.concatenate([s.values for s in stacks])
    if all(s.mask is None for s in stacks):
        return Stack(values, None)
    masks = [np.zeros(s.values.shape, np.uint8) if s.mask is None else s.mask for s in stacks]
    return Stack(values, np.concatenate(masks))


def _taken(stack: Stack, indices: tuple[int, ...]) -> Stack:
    chosen = list(indices)
    return Stack(stack.values[chosen], None if stack.mask is None else stack.mask[chosen])
