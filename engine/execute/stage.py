"""Stages: numbers that come from pixels, computed over the whole grid when evaluation asks."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Sequence
from typing import Any

from engine.evaluate.context import Context
from engine.evaluate.deferred import Deferred, Fold, Sample
from engine.evaluate.plane import Plane, ScalarPlane, topological
from engine.execute.fold import Progress, run_folds, silent
from engine.execute.numbers import Numbers
from engine.execute.passes import fold_passes
from engine.execute.tasks import Execution
from engine.plan.plan import Plan, plan_for
from swath.errors import RequestTooLarge
from swath.grid import Window

MOST_NESTED = 32
"""Most stages that may wait for one another."""


Admit = Callable[[Sequence[Plan]], None]
"""Returns if some plans may run one after another; raises ResultTooLarge."""


class Stages:
    """Runs the folds and samples of one request; each stage is admitted before it reads."""

    def __init__(
        self,
        context: Context,
        memory_bytes: int,
        admit: Admit,
        progress: Progress = silent,
        known: Sequence[Numbers] = (),
    ) -> None:
        self._context = context
        self._memory_bytes = memory_bytes
        self._admit = admit
        self._progress = progress
        self._known = known
        self.found: list[Numbers] = []
        """What stages gave, in the order in which they ended."""
        self._nested = 0
        self.execution: Execution | None = None
        """Set once a place is known; absent: no geocontext."""
        self.numbers: dict[int, Any] = {}
        """Values of the Deferreds that scalar planes use, by identity."""
        self.spent_s = 0.0
        """Seconds spent in stages so far."""
        self.projected_bytes = 0
        """Most bytes of pixels that a stage so far was planned to hold."""
        self._kept: list[Deferred] = []

    def run(self, items: Sequence[Fold | Sample]) -> list[Sequence[Any]]:
        """The numbers of each item.

        Raises: GeoContextRequired; ResultTooLarge; errors of sources.
        """
        execution = self.execution_or_refuse()
        self._nested += 1
        started = self._context.budget.now()
        if self._nested > MOST_NESTED:
            raise RequestTooLarge(
                f"More than {MOST_NESTED} stages wait for one another.", limit=MOST_NESTED
            )
        try:
            self.settle(p for i in items for p in _planes(i))
            values = self._recalled(items) or self._run(items, execution)
            self.found.append([list(v) for v in values])
            return values
        finally:
            self._nested -= 1
            if self._nested == 0:
                self.spent_s += self._context.budget.now() - started

    def _recalled(self, items: Sequence[Fold | Sample]) -> list[Sequence[Any]] | None:
        """The numbers of this stage, where they are known; None: they are not."""
        known = self._known[len(self.found)] if len(self.found) < len(self._known) else []
        is_same = [len(v) for v in known] == [i.size for i in items]
        return list(known) if is_same else None

    def execution_or_refuse(self) -> Execution:
        """The execution. Raises GeoContextRequired where no place was given."""
        if self.execution is None:
            _ = self._context.place
        assert self.execution is not None
        return self.execution

    def settle(self, planes: Iterable[Plane]) -> None:
        """Find the numbers from pixels that `planes` use."""
        scalars = [p for p in topological(list(planes)) if isinstance(p, ScalarPlane)]
        waiting = [n for p in scalars for n in p.numbers if isinstance(n, Deferred)]
        fresh = [n for n in waiting if id(n) not in self.numbers]
        values = self._context.force(fresh)
        self.numbers |= {id(n): v for n, v in zip(fresh, values, strict=True)}
        self._kept.extend(fresh)

    def _run(self, items: Sequence[Fold | Sample], execution: Execution) -> list[Sequence[Any]]:
        folds = [i for i in items if isinstance(i, Fold)]
        samples = [i for i in items if isinstance(i, Sample)]
        found: dict[int, Sequence[Any]] = {}
        if folds:
            passes = fold_passes(folds, execution, self._memory_bytes)
            self._enter([p.plan for p in passes])
            values = run_folds(folds, passes, execution, self._progress)
            found |= {id(f): v for f, v in zip(folds, values, strict=True)}
        for group in _by_pixel(samples):
            found |= self._sampled(group, execution)
        return [found[id(i)] for i in items]

    def _enter(self, plans: Sequence[Plan]) -> None:
        self._admit(plans)
        most = max((p.projected_bytes for p in plans), default=0)
        self.projected_bytes = max(self.projected_bytes, most)

    def _sampled(self, samples: Sequence[Sample], execution: Execution) -> dict[int, Sequence[Any]]:
        """Samples of several planes at one pixel."""
        plan = sample_plan(samples, execution, self._memory_bytes)
        stacks = execution.run(plan, Window(samples[0].row, samples[0].col, 1, 1))
        found: dict[int, Sequence[Any]] = {}
        for sample, stack in zip(samples, stacks, strict=True):
            masked = [0] * stack.count if stack.mask is None else stack.mask[:, 0, 0].tolist()
            values = stack.values[:, 0, 0].tolist()
            found[id(sample)] = [
                None if m else float(v) for v, m in zip(values, masked, strict=True)
            ]
        return found


def stage_plans(
    items: Sequence[Fold | Sample], execution: Execution, memory_bytes: int
) -> list[Plan]:
    """The plans that a stage for `items` would run."""
    folds = [i for i in items if isinstance(i, Fold)]
    passes = fold_passes(folds, execution, memory_bytes) if folds else []
    plans = [p.plan for p in passes]
    samples = _by_pixel([i for i in items if isinstance(i, Sample)])
    return [*plans, *(sample_plan(group, execution, memory_bytes) for group in samples)]


def sample_plan(samples: Sequence[Sample], execution: Execution, memory_bytes: int) -> Plan:
    """The plan for samples at one pixel."""
    planes = [s.plane for s in samples]
    return plan_for(
        planes, execution.where.grid, memory_bytes, False, execution.tier.begin is not None
    )


def _by_pixel(samples: Sequence[Sample]) -> list[list[Sample]]:
    groups: dict[tuple[int, int], list[Sample]] = {}
    for sample in samples:
        groups.setdefault((sample.row, sample.col), []).append(sample)
    return list(groups.values())


def _planes(item: Fold | Sample) -> tuple[Plane, ...]:
    return item.planes if isinstance(item, Fold) else (item.plane,)
