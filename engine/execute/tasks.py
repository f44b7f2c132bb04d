"""Runs the tasks of a plan in one window."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any, Protocol

import numpy as np
from numpy.typing import NDArray

from engine.evaluate.budget import Budget
from engine.evaluate.deferred import Deferred
from engine.evaluate.plane import (
    FoldPlane,
    Plane,
    ReadPlane,
    ReducePlane,
    ScalarPlane,
    StackPlane,
    TakePlane,
)
from engine.execute.reading import Reading
from engine.execute.tier import Tier
from engine.geo.resolve import GeoContext
from engine.geo.stack import Stack
from engine.plan.plan import Plan
from engine.plan.schedule import together
from engine.plan.segment import Compute, Schedule, Stream, Task, outputs_of
from swath.grid import Grid, Window


class Outside(Protocol):
    """What tells which pixels a geocontext's geometry leaves out."""

    def __call__(self, where: GeoContext, window: Window) -> NDArray[np.uint8] | None:
        """(y, x), 1 = outside; None: nothing is."""


@dataclass(eq=False)
class Execution:
    """What all windows of a request share."""

    where: GeoContext
    outside: Outside
    tier: Tier
    budget: Budget
    numbers: Mapping[int, Any]
    """Values of the Deferreds that scalar planes use, by identity."""
    reading: Reading
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
        for tasks, done in together(schedule):
            self.budget.check()
            started = self.budget.now()
            made = self._run_tasks(tasks, grid, window, held)
            outputs = [plane for task in tasks for plane in outputs_of(task)]
            for plane, stack in zip(outputs, made, strict=True):
                held[id(plane)] = stack
            for plane in done:
                held.pop(id(plane), None)
            if isinstance(tasks[0], Stream):
                continue  # its parts have taken their times
            stage = "read" if isinstance(tasks[0], ReadPlane) else "compute"
            spent = self.budget.now() - started
            self.seconds[stage] = self.seconds.get(stage, 0.0) + spent
        return [held[id(p)] for p in schedule.wanted]

    def _run_tasks(
        self, tasks: Sequence[Task], grid: Grid, window: Window, held: Mapping[int, Stack]
    ) -> list[Stack]:
        reads = [task for task in tasks if isinstance(task, ReadPlane)]
        if not reads:
            return self._run_task(tasks[0], grid, window, held)
        return self.reading.stacks(reads, grid, window, self.outside(self.where, window))

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
        assert not isinstance(task, ReadPlane), "reads are done together"
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
