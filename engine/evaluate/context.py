"""What an evaluation has at hand: the catalog, the place, its planes, and how to ask for pixels."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any

from engine.evaluate.budget import Budget
from engine.evaluate.deferred import Deferred, Fold, Sample, needed, settle
from engine.evaluate.plane import Planes
from swath.errors import GeoContextRequired
from swath.geocontext import GeoContextValue

if TYPE_CHECKING:
    from engine.catalog.selection import Lookup
    from engine.geo.resolve import GeoContext

Stage = Callable[[Sequence[Fold | Sample]], list[Sequence[Any]]]
"""Computes folds and samples over the whole grid; one sequence of numbers for each."""


@dataclass(frozen=True, slots=True)
class Closure:
    """A function with the frame around it."""

    function: int
    frame: Any


@dataclass(eq=False)
class Context:
    """One evaluation."""

    catalog: Lookup | None
    """Where images are looked up; absent: nowhere."""
    value: GeoContextValue | None
    """The geocontext as it was sent; absent: none was given."""
    where: GeoContext | None
    """The same, resolved."""
    budget: Budget
    stage: Stage = lambda _: []
    """Set by the execution, as `call` and `map` are by the interpreter."""
    planes: Planes = field(default_factory=Planes)
    call: Callable[..., Any] = lambda *_: None
    """`call(closure, *arguments)`; set by the interpreter."""
    map: Callable[[Closure, Any], Any] = lambda *_: None
    """`map(closure, collection or list)`: an ImageBatch, RowBatch or Column; set likewise."""
    settled: dict[int, tuple[Fold | Sample, Sequence[Any]]] = field(default_factory=dict)
    """Folds already computed, by identity."""

    @property
    def place(self) -> GeoContext:
        """The resolved geocontext. Raises GeoContextRequired when none was given."""
        if self.where is None:
            raise GeoContextRequired(
                "Pixels need a place: pass a GeoContext, for example "
                "GeoContext.like(product), which covers a product or image."
            )
        return self.where

    def force(self, numbers: Sequence[Any]) -> list[Any]:
        """The values of numbers, in one stage for all that are not known yet (P2, P3)."""
        waiting = [n for n in numbers if isinstance(n, Deferred)]
        if not waiting:
            return list(numbers)
        fresh = [f for f in needed(waiting) if id(f) not in self.settled]
        if fresh:
            results = self.stage(fresh)
            for fold, values in zip(fresh, results, strict=True):
                self.settled[id(fold)] = (fold, values)
        known = {key: values for key, (_, values) in self.settled.items()}
        return [settle(n, known) if isinstance(n, Deferred) else n for n in numbers]

    def decide(self, value: Any) -> bool:
        """A condition that steers control flow; no value counts as False (N5)."""
        return bool(self.force([value])[0])
