"""From an evaluated value to the events of a result: header, chunks, trailer."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any

import numpy as np

from engine.evaluate.budget import Budget
from engine.evaluate.context import Closure, Context
from engine.evaluate.deferred import Deferred
from engine.evaluate.lazy import LazyCollection, LazyGroups, LazyImage, PropertyTable
from engine.evaluate.plane import Plane
from engine.execute.tasks import Execution
from engine.geo.stack import Stack
from engine.kernels.masks import without_idle
from engine.plan.plan import Plan, plan_for, windows_of
from swath.errors import ResultTooLarge, TypeMismatch
from swath.grid import Grid, Window
from swath.stream import Chunk, RasterHeader, RasterRef, Trailer

MOST_VALUES = 5_000_000
"""Most numbers, strings and other leaves of a result that is not pixels."""
CHECKED_EVERY = 8192
"""Values between two looks at the budget: some 5 ms."""
DEEPEST = 64
"""Most levels of lists, tuples and dicts in a result."""
PLAIN = frozenset({type(None), bool, int, float, str, datetime, timedelta})
"""Nothing is in these: to look into a list of them item by item took 6 ms for 10,000 dates."""
CHUNK_BYTES = 1024 * 1024
"""Most bytes of pixels in one chunk."""


@dataclass(frozen=True, slots=True)
class Raster:
    """One image or collection of a result, with its planes."""

    imagery: LazyImage | LazyCollection
    planes: tuple[Plane, ...]

    @property
    def rows(self) -> tuple[dict[str, Any], ...]:
        """Properties of each image."""
        if isinstance(self.imagery, LazyImage):
            return (dict(self.imagery.properties),)
        return tuple(self.imagery.table)


@dataclass(frozen=True, slots=True)
class Gathered:
    """A value with its rasters taken out."""

    value: Any
    """The tree, with RasterRefs and Deferreds in it."""
    numbers: tuple[Deferred, ...]
    rasters: tuple[Raster, ...]

    @property
    def planes(self) -> list[Plane]:
        """All planes of all rasters."""
        return [p for r in self.rasters for p in r.planes]


def gather(value: Any, budget: Budget) -> Gathered:
    """Find the rasters and the numbers from pixels in a value.

    Raises:
        TypeMismatch: a function or a groupby is no result. ResultTooLarge: over MOST_VALUES.
        DeadlineExceeded, Cancelled.
    """
    numbers: list[Deferred] = []
    rasters: list[Raster] = []
    left = [MOST_VALUES]

    def visit(item: Any, depth: int = 0) -> Any:
        is_plain = type(item) is list and depth < DEEPEST and PLAIN.issuperset(map(type, item))
        left[0] -= 1 + len(item) if is_plain else 1
        if is_plain or left[0] % CHECKED_EVERY == 0:
            budget.check()
        if depth > DEEPEST:
            raise ResultTooLarge(f"The result nests deeper than {DEEPEST} levels.")
        if left[0] < 0:
            raise ResultTooLarge(f"The result has more than {MOST_VALUES:,} values.")
        if is_plain:
            return list(item)
        if isinstance(item, Deferred):
            numbers.append(item)
            return item
        if isinstance(item, LazyImage | LazyCollection):
            rasters.append(Raster(item, tuple(b.plane for b in _bands(item))))
            return RasterRef(len(rasters) - 1)
        return _container(item, lambda inner: visit(inner, depth + 1))

    tree = visit(value)
    return Gathered(tree, tuple(numbers), tuple(rasters))


def _bands(imagery: LazyImage | LazyCollection) -> tuple[Any, ...]:
    return () if imagery.is_empty else imagery.bands


def _container(item: Any, visit: Callable[[Any], Any]) -> Any:
    if isinstance(item, list | PropertyTable):
        return [visit(v) for v in item]
    if isinstance(item, tuple):
        return tuple(visit(v) for v in item)
    if isinstance(item, dict):
        return {k: visit(v) for k, v in item.items()}
    if isinstance(item, Closure):
        raise TypeMismatch("A Function is not a result: call it, or give its parameters values.")
    if isinstance(item, LazyGroups):
        raise TypeMismatch(
            "A groupby is not a result: ask for .groups, a reduction, mosaic or map (O5)."
        )
    return item


def substituted(tree: Any, known: dict[int, Any]) -> Any:
    """The tree with its Deferreds replaced by their values."""
    if isinstance(tree, Deferred):
        return known[id(tree)]
    if isinstance(tree, list):
        return [substituted(v, known) for v in tree]
    if isinstance(tree, tuple):
        return tuple(substituted(v, known) for v in tree)
    if isinstance(tree, dict):
        return {k: substituted(v, known) for k, v in tree.items()}
    return tree


def settled(gathered: Gathered, context: Context) -> Any:
    """The value tree with all numbers known; runs the stages that are left."""
    if not gathered.numbers:
        return gathered.value
    values = context.force(gathered.numbers)
    known = {id(n): v for n, v in zip(gathered.numbers, values, strict=True)}
    return substituted(gathered.value, known)


def raster_header(raster: Raster, grid: Grid | None) -> RasterHeader:
    """What the header says of a raster."""
    is_image = isinstance(raster.imagery, LazyImage)
    bands = _bands(raster.imagery)
    return RasterHeader(
        kind="image" if is_image else "collection",
        grid=grid if bands else None,
        bands=tuple(b.name for b in bands),
        dtypes=tuple(p.dtype for p in raster.planes),
        properties=raster.rows,
        bandinfo=tuple(
            {**b.info, "dtype": p.dtype} for b, p in zip(bands, raster.planes, strict=True)
        ),
    )


def raster_plans(
    gathered: Gathered, grid: Grid, memory_bytes: int, is_streaming: bool
) -> list[Plan | None]:
    """A plan for each raster, None where it has no pixels; they run one after another."""
    return [
        plan_for(r.planes, grid, memory_bytes, False, is_streaming) if r.planes else None
        for r in gathered.rasters
    ]


def chunks(plans: Sequence[Plan | None], execution: Execution) -> Iterator[Chunk]:
    """The pixels of all rasters, window by window; computed as they are pulled."""
    for raster, plan in enumerate(plans):
        if plan is not None:
            for window in windows_of(plan):
                yield from window_chunks(raster, plan, window, execution)


def window_chunks(raster: int, plan: Plan, window: Window, execution: Execution) -> Iterator[Chunk]:
    """The pixels of a raster in one window; what they take is free once they are pulled."""
    # Bound to no name here, to be gone before the next window is made.
    return _split(raster, window, _zeroed(plan, window, execution))


def _zeroed(plan: Plan, window: Window, execution: Execution) -> list[Stack]:
    """The wanted planes, 0 under their masks; no more than one of them is there twice."""
    stacks = execution.run(plan, window)[::-1]
    return [without_idle(execution.tier.zero_under(stacks.pop())) for _ in range(len(stacks))]


def _split(raster: int, window: Window, stacks: Sequence[Stack]) -> Iterator[Chunk]:
    """Neighbouring bands of one dtype together, as long as a chunk stays small."""
    start = 0
    while start < len(stacks):
        first = stacks[start].values
        most = max(CHUNK_BYTES // max(first.nbytes, 1), 1)
        stop = start + 1
        while stop < min(len(stacks), start + most) and stacks[stop].values.dtype == first.dtype:
            stop += 1
        yield _chunk(raster, (start, stop), window, stacks[start:stop])
        start = stop


def _chunk(raster: int, bands: tuple[int, int], window: Window, stacks: Sequence[Stack]) -> Chunk:
    if len(stacks) == 1:  # as it is: it may be as large as a window of many images
        (only,) = stacks
        mask = None if only.mask is None else only.mask[:, None]
        return Chunk(raster, (0, only.count), bands, window, only.values[:, None], mask)
    values = np.stack([s.values for s in stacks], axis=1)
    mask = None
    if any(s.mask is not None for s in stacks):
        masks = [np.zeros(s.values.shape, np.uint8) if s.mask is None else s.mask for s in stacks]
        mask = np.stack(masks, axis=1)
    return Chunk(raster, (0, values.shape[0]), bands, window, values, mask)


def trailer(execution: Execution | None, evaluate_s: float) -> Trailer:
    """The end of a result: times and figures of what an execution did so far.

    `execution`: absent: there was no place. `evaluate_s`: evaluation without its stages.
    """
    seconds = {"evaluate": evaluate_s}
    if execution is None:
        return Trailer(seconds)
    seconds |= execution.seconds
    return Trailer(seconds, execution.pixels_read, execution.bytes_read)
