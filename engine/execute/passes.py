"""How a stage walks over its pixels: once for all images, or for some of them at a time.

Sums go cell by cell (R4). Where a cell of all images does not fit, a walk takes fewer images rather
than strips of cells: what it holds then does not grow with their number. Strips are left for what
does not fit either, as one image of very many bands.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, replace

from engine.evaluate.deferred import Fold
from engine.evaluate.plane import Plane, Planes
from engine.execute.tasks import Execution
from engine.plan.plan import Plan, plan_for
from engine.plan.schedule import held_bytes
from engine.plan.window import CELL
from swath.grid import Shape2d

SAMPLE_BYTES = 8
"""A sample of a median, as float64."""
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
    kept = _median_bytes(folds, execution.where.grid.shape)
    left = max(memory_bytes - kept, memory_bytes // 4)

    def plan(wanted: Sequence[Plane]) -> Plan:
        found = plan_for(wanted, execution.where.grid, left, True, execution.tier.begin is not None)
        return replace(found, kept_bytes=kept + _strip_bytes(found))

    whole = Pass(plan(planes), planes, 0)
    if not has_strips(whole.plan):
        return [whole]
    maker = Planes()
    passes: list[Pass] = []
    for count in dict.fromkeys(p.count for p in planes):
        group = tuple(p for p in planes if p.count == count)
        at_once = count
        now = plan(group)
        while has_strips(now) and at_once > 1:
            fewer = plan([maker.take(p, tuple(range(at_once // 2))) for p in group])
            if fewer.schedule.pixel_bytes > LEAST_GAIN * now.schedule.pixel_bytes:
                break
            now, at_once = fewer, at_once // 2
        for start in range(0, count, at_once):
            images = tuple(range(start, min(start + at_once, count)))
            passes.append(Pass(plan([maker.take(p, images) for p in group]), group, start))
    return passes


def has_strips(plan: Plan) -> bool:
    """Whether its windows are lower than cells."""
    return plan.window.y < min(CELL, plan.grid.shape.y)


def _strip_bytes(plan: Plan) -> int:
    """Strips wait until their cell is whole; then one plane after another is put together."""
    if not has_strips(plan):
        return 0
    sizes = [held_bytes(p) for p in plan.wanted]
    rows, cols = (min(CELL, side) for side in plan.grid.shape)
    return rows * cols * (sum(sizes) + max(sizes))


def _median_bytes(folds: Sequence[Fold], shape: Shape2d) -> int:
    """All samples of medians are kept, and those of one group put together to be ranked."""
    medians = [f for f in folds if f.kind == "median"]
    planes = dict.fromkeys(p for f in medians for p in f.planes)
    images = sum(p.count for p in planes)
    together = max((sum(p.count for p in f.planes) // f.size for f in medians), default=0)
    return SAMPLE_BYTES * shape.y * shape.x * (images + together)
