"""A pixel plan: tasks for one window, when each plane may be forgotten, and what it costs.

Written once, run for every window. What it projects is what admission looks at and what the
execution keeps to.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np

from engine.evaluate.plane import Plane, ReadPlane, ReducePlane
from engine.plan.segment import Task, inputs_of, outputs_of, tasks_for
from engine.plan.window import window_shape
from swath.grid import Grid, Shape2d, Window

MASK_BYTES = 1
READ_SCRATCH_BYTES = 24
"""Per pixel of the plane being read: coordinates, native values and mask, before they are held."""


@dataclass(frozen=True, slots=True)
class Plan:
    """How to make some planes on one grid."""

    wanted: tuple[Plane, ...]
    grid: Grid
    tasks: tuple[Task, ...]
    forget: tuple[tuple[Plane, ...], ...]
    """For each task, the held planes that nothing needs after it."""
    pixel_bytes: int
    """Most bytes held at once for each pixel of a window."""
    window: Shape2d
    """Rows and columns of a window; those at the edge are smaller."""

    @property
    def projected_bytes(self) -> int:
        """Most bytes of pixels held at once."""
        rows, cols = (min(a, b) for a, b in zip(self.window, self.grid.shape, strict=True))
        return self.pixel_bytes * rows * cols

    @property
    def reads(self) -> list[ReadPlane]:
        """The reading tasks."""
        return [t for t in self.tasks if isinstance(t, ReadPlane)]

    @property
    def projected_pixels(self) -> int:
        """Pixels that sources give, all bands and images, on this grid."""
        images = sum(sum(s is not None for s in r.sources) for r in self.reads)
        return images * self.grid.shape.y * self.grid.shape.x

    @property
    def result_bytes(self) -> int:
        """Bytes of the wanted planes over the whole grid, packed masks included."""
        pixels = self.grid.shape.y * self.grid.shape.x
        return sum(p.count * (_itemsize(p) * pixels + pixels // 8) for p in self.wanted)


def plan_for(wanted: Sequence[Plane], grid: Grid, memory_bytes: int, is_folded: bool) -> Plan:
    """The plan that makes `wanted` on `grid` within `memory_bytes` of held pixels.

    `is_folded`: the planes are reduced over the grid, so windows are unions of 256² cells.
    """
    tasks = tasks_for(wanted)
    forget = _last_uses(tasks, wanted)
    pixel_bytes = _most_held(tasks, forget)
    window = window_shape(grid.shape, memory_bytes // max(pixel_bytes, 1), is_folded)
    return Plan(tuple(wanted), grid, tuple(tasks), tuple(forget), pixel_bytes, window)


def _last_uses(tasks: Sequence[Task], wanted: Sequence[Plane]) -> list[tuple[Plane, ...]]:
    seen = {id(p) for p in wanted}
    forget: list[tuple[Plane, ...]] = []
    for task in reversed(tasks):
        done = []
        for plane in (*inputs_of(task), *outputs_of(task)):
            if id(plane) not in seen:
                seen.add(id(plane))
                done.append(plane)
        forget.append(tuple(done))
    return forget[::-1]


def _itemsize(plane: Plane) -> int:
    return np.dtype(plane.dtype).itemsize


def _held_bytes(plane: Plane) -> int:
    return plane.count * (_itemsize(plane) + MASK_BYTES)


def _most_held(tasks: Sequence[Task], forget: Sequence[tuple[Plane, ...]]) -> int:
    """The peak, per pixel, over the tasks."""
    now = most = 0
    for task, done in zip(tasks, forget, strict=True):
        now += sum(_held_bytes(p) for p in outputs_of(task))
        most = max(most, now + _scratch_bytes(task))
        now -= sum(_held_bytes(p) for p in done)
    return most


def _scratch_bytes(task: Task) -> int:
    if isinstance(task, ReadPlane):
        return READ_SCRATCH_BYTES
    if isinstance(task, ReducePlane):
        # A median gathers the samples once more; the others hold a float64 and a count.
        samples = sum(a.count * _itemsize(a) for a in task.args)
        return samples if task.kind == "median" else 24
    return 0


def windows_of(plan: Plan) -> list[Window]:
    """All windows, row by row."""
    rows, cols = plan.grid.shape
    height, width = plan.window
    return [
        Window(r, c, min(height, rows - r), min(width, cols - c))
        for r in range(0, rows, height)
        for c in range(0, cols, width)
    ]
