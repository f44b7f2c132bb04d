"""How a stage walks over its pixels: once for all images, or for some of them at a time.

Sums go cell by cell (R4), so that a window is never less than a cell. Where a cell of all images
does not fit, a walk takes fewer images: what it holds then does not grow with their number.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass, replace

from engine.evaluate.deferred import Fold
from engine.evaluate.plane import Plane, Planes
from engine.execute.tasks import Execution
from engine.plan.plan import Plan, plan_for
from engine.plan.window import CELL
from swath.grid import Shape2d

SAMPLE_BYTES = 8
"""A sample of a median, as float64."""
PARTIAL_BYTES = 24
"""Of a cell of an image, for the other reductions: three float64."""
LEAST_GAIN = 0.8
"""Half of the images must need no more than this of the bytes; else they share what is large."""


@dataclass(frozen=True, slots=True)
class Pass:
    """One walk over the windows."""

    plan: Plan
    planes: tuple[Plane, ...]
    """What each wanted plane of `plan` is, or is a part of."""
    start: int
    """Its first image among those of `planes`."""


def fold_passes(folds: Sequence[Fold], execution: Execution, memory_bytes: int) -> list[Pass]:
    """The walks that give the samples of all folds, one after another."""
    planes = tuple(dict.fromkeys(p for f in folds for p in f.planes))
    grid, is_streaming = execution.where.grid, execution.tier.begin is not None
    kept = _median_bytes(folds, grid.shape) + _partial_bytes(folds, grid.shape)
    left = max(memory_bytes - kept, memory_bytes // 4)

    def plan(wanted: Sequence[Plane]) -> Plan:
        return plan_for(wanted, grid, left, True, is_streaming)

    whole = plan(planes)
    if whole.projected_bytes <= left:
        return [Pass(replace(whole, kept_bytes=kept), planes, 0)]
    counts = dict.fromkeys(p.count for p in planes)
    groups = [tuple(p for p in planes if p.count == count) for count in counts]
    passes = [p for group in groups for p in _in_parts(group, plan, left)]
    return [replace(p, plan=replace(p.plan, kept_bytes=kept)) for p in passes]


def _in_parts(
    planes: tuple[Plane, ...], plan: Callable[[Sequence[Plane]], Plan], most_bytes: int
) -> list[Pass]:
    """Walks over so many images of `planes`, which have equally many, that a cell of them fits."""
    maker, count = Planes(), planes[0].count
    at_once, now = count, plan(planes)
    while now.projected_bytes > most_bytes and at_once > 1:
        fewer = plan([maker.take(p, tuple(range(at_once // 2))) for p in planes])
        if fewer.schedule.pixel_bytes > LEAST_GAIN * now.schedule.pixel_bytes:
            break
        at_once, now = at_once // 2, fewer
    ranges = [tuple(range(s, min(s + at_once, count))) for s in range(0, count, at_once)]
    return [Pass(plan([maker.take(p, r) for p in planes]), planes, r[0]) for r in ranges]


def _median_bytes(folds: Sequence[Fold], shape: Shape2d) -> int:
    """All samples of medians are kept, and those of one group put together to be ranked."""
    medians = [f for f in folds if f.kind == "median"]
    planes = dict.fromkeys(p for f in medians for p in f.planes)
    images = sum(p.count for p in planes)
    together = max((sum(p.count for p in f.planes) // f.size for f in medians), default=0)
    return SAMPLE_BYTES * shape.y * shape.x * (images + together)


def _partial_bytes(folds: Sequence[Fold], shape: Shape2d) -> int:
    """What is known of each cell, kept for the other reductions; all of it is put together once."""
    kinds = {(f.kind, id(p)): p.count for f in folds if f.kind != "median" for p in f.planes}
    cells = -(-shape.y // CELL) * -(-shape.x // CELL)
    return 2 * PARTIAL_BYTES * cells * sum(kinds.values())
