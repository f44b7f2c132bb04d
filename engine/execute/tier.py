"""The arithmetic of an execution: numba kernels, or the numpy reference that defines them."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import Any, Protocol

import numpy as np
from numpy.typing import NDArray

from engine.evaluate.program import Program
from engine.geo.stack import Stack
from engine.kernels import cells as kernel_cells
from engine.kernels import elementwise as kernel_elementwise
from engine.kernels import masks as kernel_masks
from engine.kernels import reduce as kernel_reduce
from engine.kernels import warp as kernel_warp
from engine.reference import cells as reference_cells
from engine.reference import elementwise as reference_elementwise
from engine.reference import reduce as reference_reduce
from engine.reference import warp as reference_warp
from engine.sources.warped import Warp
from swath.grid import Window

Run = Callable[[Program, Sequence[Stack], Sequence[NDArray[Any]]], list[Stack]]
Reduce = Callable[[str, Sequence[Stack]], Stack]


class Total(Protocol):
    """A reduction over images in progress; the same bits as of all at once."""

    def feed(self, stacks: Sequence[Stack]) -> None:
        """Take the next images: one stack for each band."""

    def finish(self) -> Stack:
        """The result, one image."""


@dataclass(frozen=True, slots=True)
class Tier:
    """One implementation of every pixel computation; all give the same bits."""

    name: str
    run: Run
    over_stack: Reduce
    over_bands: Reduce
    begin: Callable[[str, np.dtype[Any], tuple[int, int]], Total] | None
    """A reduction to be fed part by part; absent: this tier takes all images at once."""
    fold: Callable[[str, NDArray[Any], NDArray[Any] | None, Window], NDArray[np.float64]]
    """Partials of the cells of a window: (cell row, cell column, 3)."""
    combine: Callable[[str, NDArray[np.float64]], float | None]
    """The reduction of partials (plane, cell row, cell column, 3)."""
    gather: Callable[[NDArray[Any], NDArray[Any] | None], NDArray[np.float64]]
    """The valid samples of a plane."""
    median: Callable[[Sequence[NDArray[np.float64]]], float | None]
    """The median of what `gather` gave."""
    warp: Warp
    """Resampling of what sources give."""
    zero_under: Callable[[Stack], Stack]
    """A stack with 0 under its mask (M7)."""


def _zero_under(stack: Stack) -> Stack:
    if stack.mask is None:
        return stack
    return Stack(np.where(stack.mask, stack.values.dtype.type(0), stack.values), stack.mask)


REFERENCE = Tier(
    "reference",
    reference_elementwise.run,
    reference_reduce.over_stack,
    reference_reduce.over_bands,
    None,
    reference_cells.fold,
    reference_cells.combine,
    reference_cells.gather,
    reference_cells.median,
    reference_warp,
    _zero_under,
)
KERNELS = Tier(
    "kernels",
    kernel_elementwise.run,
    kernel_reduce.over_stack,
    kernel_reduce.over_bands,
    kernel_reduce.begin,
    kernel_cells.fold,
    kernel_cells.combine,
    reference_cells.gather,
    kernel_cells.median,
    kernel_warp,
    kernel_masks.zero_under,
)
