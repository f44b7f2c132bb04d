"""A pixel plan: the schedule of one window, the windows, and what it costs.

Written once, run for every window. What it projects is what admission looks at and what the
execution keeps to.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

from engine.evaluate.plane import Plane, ReadPlane
from engine.plan.cover import covered_pixels
from engine.plan.schedule import itemsize, reads_of, schedule
from engine.plan.segment import Schedule
from engine.plan.window import cut, window_shape
from swath.grid import Grid, Shape2d, Window


@dataclass(frozen=True, slots=True)
class Plan:
    """How to make some planes on one grid."""

    schedule: Schedule
    grid: Grid
    window: Shape2d
    """Rows and columns of a window; those at the edge are smaller."""
    kept_bytes: int = 0
    """Most bytes that stay from window to window: samples of medians, sums of cells."""

    @property
    def wanted(self) -> tuple[Plane, ...]:
        """The planes that it makes."""
        return self.schedule.wanted

    @property
    def projected_bytes(self) -> int:
        """Most bytes of pixels held at once."""
        rows, cols = (min(a, b) for a, b in zip(self.window, self.grid.shape, strict=True))
        return self.schedule.pixel_bytes * rows * cols + self.kept_bytes

    @property
    def reads(self) -> list[ReadPlane]:
        """The reading tasks."""
        return reads_of(self.schedule)

    @property
    def projected_pixels(self) -> int:
        """Pixels that sources give, all bands and images, on this grid."""
        sources = (s for r in self.reads for s in r.sources if s is not None)
        return sum(covered_pixels(s.grid, self.grid) for s in sources)

    @property
    def result_bytes(self) -> int:
        """Bytes of the wanted planes over the whole grid, packed masks included."""
        pixels = self.grid.shape.y * self.grid.shape.x
        return sum(p.count * (itemsize(p) * pixels + pixels // 8) for p in self.wanted)


def plan_for(
    wanted: Sequence[Plane],
    grid: Grid,
    memory_bytes: int,
    is_folded: bool,
    is_streaming: bool = True,
) -> Plan:
    """The plan that makes `wanted` on `grid` within `memory_bytes` of held pixels.

    `is_folded`: the planes are reduced over the grid, so windows are unions of 256² cells.
    `is_streaming`: reductions of many images are fed part by part.
    """
    found = schedule(wanted, is_streaming)
    pixels = memory_bytes // max(found.pixel_bytes, 1)
    return Plan(found, grid, window_shape(grid.shape, pixels, is_folded))


def windows_of(plan: Plan, within: Window | None = None) -> list[Window]:
    """All windows, row by row.

    `within`: only those of a tile; absent: of the whole grid.
    """
    return cut(within or plan.grid.whole, plan.window)
