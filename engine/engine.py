"""The engine: a graph and a place to a stream of values; embeds in any program."""

from __future__ import annotations

import time
from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import AbstractContextManager, nullcontext
from dataclasses import dataclass, field
from functools import partial
from typing import Any

from engine.catalog.asset import Identity
from engine.catalog.catalog import Catalog
from engine.encode.encode import FORMATS, encode
from engine.evaluate.budget import Budget
from engine.evaluate.context import Context
from engine.evaluate.deferred import Deferred, Fold, Sample, needed
from engine.evaluate.interpret import Interpreter
from engine.evaluate.plane import ScalarPlane, topological
from engine.evaluate.prepared import PreparedGraphs
from engine.execute.cutline import outside
from engine.execute.reading import Reading, Reads
from engine.execute.result import (
    Gathered,
    chunks,
    gather,
    raster_header,
    raster_plans,
    settled,
)
from engine.execute.stage import Stages, stage_plans
from engine.execute.tasks import Execution
from engine.execute.tier import KERNELS, Tier
from engine.geo.resolve import resolve
from engine.plan.admit import Limits, admit, estimate
from engine.plan.explain import explain
from engine.plan.plan import Plan
from engine.sources.config import SourceConfig
from engine.sources.read import Reader
from swath.errors import UnsupportedFormat
from swath.estimate import Estimate
from swath.geocontext import GeoContextValue
from swath.graph.arguments import check_arguments
from swath.graph.check import check
from swath.graph.graph import Graph
from swath.graph.type import Type
from swath.results import assemble
from swath.stream import Event, Header, Trailer
from swath.types import build_graph

Announce = Callable[[str], AbstractContextManager[None]]


@dataclass(frozen=True, slots=True)
class EngineConfig:
    """Limits and caches of an engine."""

    sources: SourceConfig = field(default_factory=SourceConfig)
    """What may be read, and the cache of decoded blocks."""
    limits: Limits = field(default_factory=Limits)
    """What one request may take."""


@dataclass(frozen=True, slots=True)
class _Run:
    """A request, evaluated: what is left is to read and compute."""

    type: Type
    context: Context
    stages: Stages
    gathered: Gathered
    plans: list[Plan]


class Engine:
    """Computes expressions over a catalog's images.

    Args:
        catalog: products and images; absent: an empty one in memory.
        config: limits and caches.
        tier: the arithmetic; the numpy reference gives the same bits, slowly.
        is_batching: False evaluates mapped functions image by image; for tests.
        reading: a context entered around each read of a source, with its name.
    """

    def __init__(
        self,
        catalog: Catalog | None = None,
        config: EngineConfig | None = None,
        *,
        reader: Reads | None = None,
        tier: Tier = KERNELS,
        is_batching: bool = True,
        reading: Announce = lambda source: nullcontext(),
    ) -> None:
        self.catalog = catalog if catalog is not None else Catalog.in_memory()
        self.config = config or EngineConfig()
        self.reader = reader or Reader(self.config.sources, tier.warp)
        self._tier = tier
        self._is_batching = is_batching
        self._announce = reading
        self._prepared = PreparedGraphs()

    def validate(self, graph: Graph) -> Type:
        """The type of the graph's result. Raises InvalidGraph, TypeMismatch, InvalidArgument."""
        return check(graph)[graph.result]

    def estimate(
        self,
        graph: Graph,
        geocontext: GeoContextValue | None = None,
        arguments: Mapping[str, Any] | None = None,
    ) -> Estimate:
        """What `stream` would take; reads no pixel.

        Where a decision hangs on pixels, the figures are of its stage and a lower bound.
        Raises: as `stream`, but not ResultTooLarge.
        """
        limits = self.config.limits
        try:
            run = self._evaluate(graph, geocontext, arguments or {}, Budget(), is_dry=True)
        except _NeedsPixels as stage:
            return estimate(stage.plans, limits, 0, is_lower_bound=True)
        size = sum(p.result_bytes for p in run.plans)
        return estimate([*_number_plans(run, limits), *run.plans], limits, size)

    def explain(
        self,
        graph: Graph,
        geocontext: GeoContextValue | None = None,
        arguments: Mapping[str, Any] | None = None,
    ) -> str:
        """How `stream` would go about it: the plans of all stages as text; reads no pixel.

        Where a decision hangs on pixels, the plan of its stage only. Raises: as `estimate`.
        """
        try:
            run = self._evaluate(graph, geocontext, arguments or {}, Budget(), is_dry=True)
        except _NeedsPixels as stage:
            return "\n\n".join(map(explain, stage.plans))
        plans = [*_number_plans(run, self.config.limits), *run.plans]
        return "\n\n".join(map(explain, plans))

    def stream(
        self,
        graph: Graph,
        geocontext: GeoContextValue | None = None,
        arguments: Mapping[str, Any] | None = None,
        format: str = "native",
        options: Mapping[str, Any] | None = None,
        budget: Budget | None = None,
        sources: dict[str, Identity | None] | None = None,
    ) -> Iterator[Event]:
        """The result as events: a header, chunks as they are computed, a trailer.

        Args:
            arguments: values of the graph's parameters, by name.
            format: `native` (chunks of pixels), or one of `engine.encode.FORMATS` (bytes).
            budget: deadline and cancel; checked between blocks of work.
            sources: gets the files that are read, with what tells whether they change.
        Raises:
            BadRequest: anything wrong with the graph, arguments, place or sources; names the node.
            ResultTooLarge: before the first read of the stage that is too large.
            SourceUnavailable, DeadlineExceeded, Cancelled.
        """
        budget = budget or Budget()
        started = budget.now()
        if format != "native" and format not in FORMATS:
            known = ", ".join(("native", *FORMATS))
            raise UnsupportedFormat(f"{format!r} is not one of {known}.", format=format)
        run = self._evaluate(graph, geocontext, arguments or {}, budget, sources)
        size = sum(p.result_bytes for p in run.plans)
        admit(estimate(run.plans, self.config.limits, size), self.config.limits)
        value = settled(run.gathered, run.context)
        run.stages.settle(run.gathered.planes)
        evaluated = budget.now() - started - run.stages.spent_s
        events = self._events(run, value, geocontext, evaluated)
        yield from events if format == "native" else encode(format, events, options or {})

    def _events(
        self, run: _Run, value: Any, geocontext: GeoContextValue | None, evaluated: float
    ) -> Iterator[Event]:
        grid = run.context.where.grid if run.context.where else None
        headers = tuple(raster_header(r, grid) for r in run.gathered.rasters)
        yield Header(run.type, value, headers, geocontext)
        execution = run.stages.execution
        seconds = {"evaluate": evaluated}
        if execution is None:
            yield Trailer(seconds)
            return
        yield from chunks(run.gathered, run.plans, execution)
        took = {**seconds, **execution.seconds}
        yield Trailer(took, execution.reading.pixels, execution.reading.bytes)

    def inspect(
        self, obj: Any, geocontext: Any = None, *, timeout_s: float | None = None, **arguments: Any
    ) -> Any:
        """The Python value of an expression or graph, exactly as `wf.inspect` gives it.

        Args:
            obj: a proxy, a list of proxies, or a Graph.
            geocontext: a `wf.GeoContext` or GeoContextValue.
            arguments: values of the parameters, by name.
        Raises: as `stream`.
        """
        graph = obj if isinstance(obj, Graph) else build_graph(obj)
        value = getattr(geocontext, "value", geocontext)
        deadline = None if timeout_s is None else time.monotonic() + timeout_s
        return assemble(self.stream(graph, value, arguments, budget=Budget(deadline)))

    compute = inspect

    def _evaluate(
        self,
        graph: Graph,
        geocontext: GeoContextValue | None,
        arguments: Mapping[str, Any],
        budget: Budget,
        sources: dict[str, Identity | None] | None = None,
        is_dry: bool = False,
    ) -> _Run:
        prepared = self._prepared.get(graph)
        bound = check_arguments(graph, arguments)
        where = resolve(geocontext) if geocontext is not None else None
        context = Context(self.catalog, geocontext, where, budget)
        stages = Stages(context, self.config.limits)
        context.stage = partial(_stop, stages, self.config.limits) if is_dry else stages.run
        if where is not None:
            found = {} if sources is None else sources
            reading = Reading(self.reader, budget, self._announce, found)
            stages.execution = Execution(
                where, outside, self._tier, budget, stages.numbers, reading
            )
        interpreter = Interpreter(prepared, context, bound, self._is_batching)
        gathered = gather(interpreter.result(), budget)
        plans = []
        if any(r.planes for r in gathered.rasters):
            limits = self.config.limits
            is_streaming = self._tier.begin is not None
            plans = raster_plans(gathered, context.place.grid, limits.memory_bytes, is_streaming)
        return _Run(prepared.types[graph.result], context, stages, gathered, plans)


class _NeedsPixels(Exception):
    """A signal: evaluation cannot go on without pixels, and this is only an estimate."""

    def __init__(self, plans: list[Plan]) -> None:
        super().__init__()
        self.plans = plans


def _stop(stages: Stages, limits: Limits, items: Sequence[Fold | Sample]) -> Any:
    raise _NeedsPixels(stage_plans(items, stages.execution_or_refuse(), limits))


def _number_plans(run: _Run, limits: Limits) -> list[Plan]:
    """Plans of the stages that are left after evaluation."""
    planes = topological(run.gathered.planes)
    scalars = [n for p in planes if isinstance(p, ScalarPlane) for n in p.numbers]
    waiting = [n for n in (*run.gathered.numbers, *scalars) if isinstance(n, Deferred)]
    items = needed(waiting)
    return stage_plans(items, run.stages.execution_or_refuse(), limits) if items else []
