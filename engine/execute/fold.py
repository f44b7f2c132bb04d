"""Reductions over the whole grid and samples at points: one pass over the windows for all of them.

Samples are taken in a fixed order whatever the windows are: image after image, band after band,
256² cell after cell (R4).
"""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from typing import Any

import numpy as np
from numpy.typing import NDArray

from engine.evaluate.deferred import Fold
from engine.evaluate.plane import Plane
from engine.execute.passes import Pass
from engine.execute.tasks import Execution
from engine.geo.stack import Stack
from engine.plan.plan import windows_of
from engine.plan.window import CELL
from swath.grid import Window


class Samples:
    """What is known so far of the samples of one plane, for one kind of reduction."""

    def __init__(self, kind: str, plane: Plane, execution: Execution) -> None:
        self._kind = kind
        self._tier = execution.tier
        rows, cols = execution.where.grid.shape
        cells = (plane.count, -(-rows // CELL), -(-cols // CELL), 3)
        self.partials = np.zeros(cells if kind != "median" else 0, np.float64)
        """(image, cell row, cell column, 3)."""
        self.values: list[list[NDArray[np.float64]]] = [[] for _ in range(plane.count)]
        """For a median: all samples of each image."""

    def add(self, window: Window, stack: Stack, start: int) -> None:
        """Take the pixels of a window of whole cells, of the images from `start`."""
        for image, values in enumerate(stack.values):
            mask = None if stack.mask is None else stack.mask[image]
            self._add_image(start + image, window, values, mask)

    def _add_image(
        self, image: int, window: Window, values: NDArray[Any], mask: NDArray[np.uint8] | None
    ) -> None:
        if self._kind == "median":
            self.values[image].append(self._tier.gather(values, mask))
            return
        found = self._tier.fold(self._kind, values, mask, window)
        row, col = window.row // CELL, window.col // CELL
        self.partials[image, row : row + found.shape[0], col : col + found.shape[1]] = found


Progress = Callable[[int, int], None]
"""Called with (windows done, windows in all) of one stage; others may follow it."""


def silent(done: int, total: int) -> None:
    """Progress that nobody asked for."""


def run_folds(
    folds: Sequence[Fold],
    passes: Sequence[Pass],
    execution: Execution,
    progress: Progress = silent,
) -> list[list[Any]]:
    """The numbers of each fold. Raises as `Execution.run`."""
    samples = {(f.kind, id(p)): Samples(f.kind, p, execution) for f in folds for p in f.planes}
    walk = [(each, window) for each in passes for window in windows_of(each.plan)]
    for done, (each, window) in enumerate(walk):
        progress(done, len(walk))
        _add_window(samples, each, window, execution)
    progress(len(walk), len(walk))
    return [_numbers(f, [samples[f.kind, id(p)] for p in f.planes], execution) for f in folds]


def _add_window(
    samples: Mapping[tuple[str, int], Samples], each: Pass, window: Window, execution: Execution
) -> None:
    """Take the samples of one window; its pixels are forgotten before the next is made."""
    made = execution.run(each.plan, window)
    stacks = dict(zip(map(id, each.planes), made, strict=True))
    for (_, plane), gathered in samples.items():
        if plane in stacks:
            gathered.add(window, stacks[plane], each.start)


def _numbers(fold: Fold, samples: Sequence[Samples], execution: Execution) -> list[Any]:
    count = fold.planes[0].count
    groups = [[i] for i in range(count)] if fold.each else [list(range(count))]
    if fold.kind == "median":
        parts = [[v for i in g for s in samples for v in s.values[i]] for g in groups]
        return [execution.tier.median(p) for p in parts]
    stacks = [np.stack([s.partials[i] for i in g for s in samples]) for g in groups]
    return [execution.tier.combine(fold.kind, s) for s in stacks]
