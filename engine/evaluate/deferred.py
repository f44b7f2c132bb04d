"""Numbers that come from pixels, before the pixels are read (rules N5, P2, P3).

A `Deferred` is an element of a *fold* (a reduction over the whole grid) or arithmetic on such.
Asking for its value runs a stage: all folds that are needed, in one pass over the pixels.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from engine.evaluate.plane import Plane


@dataclass(frozen=True, eq=False)
class Fold:
    """A reduction over the pixels of the whole grid.

    `each`: one number for each image of the planes (pooled over the planes), else one for all.
    """

    kind: str
    planes: tuple[Plane, ...]
    each: bool

    @property
    def size(self) -> int:
        """How many numbers it gives."""
        return self.planes[0].count if self.each else 1


@dataclass(frozen=True, eq=False)
class Sample:
    """The values of a plane at one pixel, one number for each image."""

    plane: Plane
    row: int
    col: int

    @property
    def size(self) -> int:
        """How many numbers it gives."""
        return self.plane.count


@dataclass(frozen=True, eq=False)
class Deferred:
    """One number of a fold or sample, or a function of other numbers."""

    source: Fold | Sample | None
    index: int
    function: Callable[..., Any] | None = None
    args: tuple[Any, ...] = ()


Number = bool | int | float | None | Deferred
"""A number, known or not; None has no value."""


def apply(function: Callable[..., Any], *args: Any) -> Any:
    """`function(*args)`, now if all are known, else a Deferred of it."""
    if any(isinstance(a, Deferred) for a in args):
        return Deferred(None, 0, function, args)
    return function(*args)


def needed(numbers: Sequence[Deferred]) -> list[Fold | Sample]:
    """The folds and samples that `numbers` depend on, each once; iterative."""
    found: dict[int, Fold | Sample] = {}
    seen: set[int] = set()
    pending = list(numbers)
    while pending:
        number = pending.pop()
        if id(number) in seen:
            continue
        seen.add(id(number))
        if number.source is not None:
            found.setdefault(id(number.source), number.source)
        pending.extend(a for a in number.args if isinstance(a, Deferred))
    return list(found.values())


def settle(number: Deferred, known: dict[int, Sequence[Any]]) -> Any:
    """The value of `number`, given those of its folds by id; iterative.

    Raises: what the functions on the way raise (ArithmeticProblem).
    """
    values: dict[int, Any] = {}
    pending = [number]
    while pending:
        top = pending[-1]
        waiting = [a for a in top.args if isinstance(a, Deferred) and id(a) not in values]
        if waiting:
            pending.extend(waiting)
            continue
        pending.pop()
        if top.source is not None:
            values[id(top)] = known[id(top.source)][top.index]
        elif top.function is not None:
            args = [values[id(a)] if isinstance(a, Deferred) else a for a in top.args]
            values[id(top)] = top.function(*args)
    return values[id(number)]
