"""The engine: a graph and a place to a stream of values; embeds in any program."""

from __future__ import annotations

import time
from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import AbstractContextManager, nullcontext
from dataclasses import dataclass, field, replace
from functools import partial
from typing import Any

from engine.catalog.asset import Identity
from engine.catalog.catalog import Catalog
from engine.catalog.pin import Recording
from engine.catalog.selection import Lookup
from engine.encode.encode import encode
from engine.encode.options import FORMATS
from engine.evaluate.budget import Budget
from engine.evaluate.context import Context
from engine.evaluate.deferred import Deferred, Fold, Sample, needed
from engine.evaluate.interpret import Interpreter
from engine.evaluate.plane import ScalarPlane, topological
from engine.evaluate.prepared import PreparedGraphs
from engine.execute.cutline import outside
from engine.execute.fold import Progress, silent
from engine.execute.numbers import Numbers, decode_numbers, encode_numbers, question_of
from engine.execute.reading import Reading, Reads
from engine.execute.result import (
    Gathered,
    chunks,
    gather,
    raster_header,
    raster_plans,
    settled,
    trailer,
)
from engine.execute.stage import Admit, Stages, stage_plans
from engine.execute.tasks import Execution
from engine.execute.tier import KERNELS, Tier
from engine.execute.tiles import Work, tiles_of
from engine.geo.resolve import resolve
from engine.plan.admit import Limits, admit, estimate, hold
from engine.plan.explain import explain
from engine.plan.plan import Plan
from engine.sources.config import SourceConfig
from engine.sources.read import Reader
from swath.errors import TypeMismatch, UnsupportedFormat
from swath.estimate import Estimate
from swath.geocontext import GeoContextValue
from swath.graph.arguments import check_arguments
from swath.graph.check import check
from swath.graph.graph import Graph
from swath.graph.type import Type
from swath.results import assemble
from swath.stream import Event, Header
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
    rasters: list[Plan | None]
    """For each raster; None: it has no pixels."""

    @property
    def plans(self) -> list[Plan]:
        """Those that there are."""
        return [p for p in self.rasters if p is not None]


@dataclass(frozen=True, slots=True)
class _Terms:
    """How a request is evaluated."""

    catalog: Lookup
    memory_bytes: int
    admit: Admit
    progress: Progress = silent
    known: Sequence[Numbers] = ()
    """What stages are known to find."""
    is_dry: bool = False
    """Stop where pixels are needed."""


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

    def validate(self, obj: Any) -> Type:
        """The type of an expression's or graph's result.

        Raises: InvalidGraph, TypeMismatch, InvalidArgument.
        """
        graph = _graph_of(obj)
        return check(graph)[graph.result]

    def estimate(
        self,
        obj: Any,
        geocontext: Any = None,
        arguments: Mapping[str, Any] | None = None,
    ) -> Estimate:
        """What `stream` would take; reads no pixel.

        Where a decision hangs on pixels, the figures are of its stage and a lower bound.
        Raises: as `stream`, but not ResultTooLarge.
        """
        limits = self.config.limits
        try:
            run = self._evaluate(obj, geocontext, arguments or {}, Budget(), self._dry())
        except _NeedsPixels as stage:
            return estimate(stage.plans, limits, 0, is_lower_bound=True)
        size = sum(p.result_bytes for p in run.plans)
        return estimate([*_number_plans(run, limits), *run.plans], limits, size)

    def explain(
        self,
        obj: Any,
        geocontext: Any = None,
        arguments: Mapping[str, Any] | None = None,
    ) -> str:
        """How `stream` would go about it: the plans of all stages as text; reads no pixel.

        Where a decision hangs on pixels, the plan of its stage only. Raises: as `estimate`.
        """
        try:
            run = self._evaluate(obj, geocontext, arguments or {}, Budget(), self._dry())
        except _NeedsPixels as stage:
            return "\n\n".join(map(explain, stage.plans))
        plans = [*_number_plans(run, self.config.limits), *run.plans]
        return "\n\n".join(map(explain, plans))

    def stream(
        self,
        obj: Any,
        geocontext: Any = None,
        arguments: Mapping[str, Any] | None = None,
        format: str = "native",
        options: Mapping[str, Any] | None = None,
        budget: Budget | None = None,
        sources: dict[str, Identity | None] | None = None,
    ) -> Iterator[Event]:
        """The result as events: a header, chunks as they are computed, a trailer.

        Args:
            obj, geocontext: as for `inspect`.
            arguments: values of the parameters, by name.
            format: `native` (chunks of pixels), or another of `FORMATS` (bytes).
            budget: deadline and cancel; checked between blocks of work.
            sources: gets the files that are read, with what tells whether they change.
        Raises:
            BadRequest: anything wrong with the graph, arguments, place or sources; names the node.
            ResultTooLarge: before the first read of the stage that is too large.
            SourceUnavailable, DeadlineExceeded, Cancelled.
        """
        budget = budget or Budget()
        started = budget.now()
        if format not in FORMATS:
            raise UnsupportedFormat(
                f"{format!r} is not one of {', '.join(FORMATS)}.", format=format
            )
        run = self._evaluate(obj, geocontext, arguments or {}, budget, self._terms(), sources)
        plans = run.plans
        if plans:
            size = sum(p.result_bytes for p in plans)
            admit(estimate(plans, self.config.limits, size), self.config.limits)
        header = _settled(run)
        evaluated = budget.now() - started - run.stages.spent_s
        events = self._events(run, header, evaluated)
        yield from events if format == "native" else encode(format, events, options or {})

    def _events(self, run: _Run, header: Header, evaluated: float) -> Iterator[Event]:
        yield header
        execution = run.stages.execution
        if execution is not None:
            yield from chunks(run.rasters, execution)
        yield trailer(execution, evaluated)

    def prepare(
        self,
        graph: Graph,
        geocontext: GeoContextValue | None = None,
        arguments: Mapping[str, Any] | None = None,
        budget: Budget | None = None,
        *,
        memory_bytes: int | None = None,
        sources: dict[str, Identity | None] | None = None,
        progress: Progress = silent,
    ) -> Work:
        """The same result as `stream`, of any size, to be computed tile by tile.

        Evaluates once. Numbers that come from pixels are computed here, over the whole grid; where
        the engine's catalog is what `Work.pinned` gave for the same request, they are known.

        Args:
            budget: deadline and cancel, of this and of all tiles; checked between blocks of work.
            memory_bytes: most bytes of pixels held at once; windows are made so small that it is
                kept. Absent: that of the engine's limits, of which no other holds here.
            sources: gets the files that are read, with what tells whether they change.
            progress: told how far a stage is, in windows.
        Raises:
            As `stream`. ResultTooLarge: not even the smallest window fits, or what a reduction
            over pixels has to keep; before the first read of that stage.
        """
        budget = budget or Budget()
        started = budget.now()
        most_bytes = self.config.limits.memory_bytes if memory_bytes is None else memory_bytes
        recording = Recording(self.catalog)
        admit = partial(hold, memory_bytes=most_bytes)
        question = partial(question_of, graph, geocontext, arguments or {})
        known = decode_numbers(self.catalog.note, question()) if self.catalog.note else []
        terms = _Terms(recording, most_bytes, admit, progress, known)
        run = self._evaluate(graph, geocontext, arguments or {}, budget, terms, sources)
        hold(run.plans, most_bytes)
        header = _settled(run)
        sizes = [run.stages.projected_bytes, *(p.projected_bytes for p in run.plans)]
        return Work(
            header=header,
            tiles=tiles_of(header.rasters),
            projected_bytes=max(sizes),
            plans=tuple(run.rasters),
            execution=run.stages.execution,
            evaluate_s=budget.now() - started - run.stages.spent_s,
            recording=recording,
            numbers=lambda: encode_numbers(question(), run.stages.found),
        )

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
        deadline = None if timeout_s is None else time.monotonic() + timeout_s
        return assemble(self.stream(obj, geocontext, arguments, budget=Budget(deadline)))

    compute = inspect

    def _evaluate(
        self,
        obj: Any,
        geocontext: Any,
        arguments: Mapping[str, Any],
        budget: Budget,
        terms: _Terms,
        sources: dict[str, Identity | None] | None = None,
    ) -> _Run:
        graph, geocontext = _graph_of(obj), _value_of(geocontext)
        prepared = self._prepared.get(graph)
        bound = check_arguments(graph, arguments)
        where = resolve(geocontext) if geocontext is not None else None
        context = Context(terms.catalog, geocontext, where, budget)
        stages = Stages(context, terms.memory_bytes, terms.admit, terms.progress, terms.known)
        context.stage = partial(_stop, stages, terms.memory_bytes) if terms.is_dry else stages.run
        if where is not None:
            found = {} if sources is None else sources
            reading = Reading(self.reader, budget, self._announce, found)
            stages.execution = Execution(
                where, outside, self._tier, budget, stages.numbers, reading
            )
        interpreter = Interpreter(prepared, context, bound, self._is_batching)
        gathered = gather(interpreter.result(), budget)
        plans: list[Plan | None] = [None] * len(gathered.rasters)
        if any(r.planes for r in gathered.rasters):
            is_streaming = self._tier.begin is not None
            grid = context.place.grid
            plans = raster_plans(gathered, grid, terms.memory_bytes, is_streaming)
        return _Run(prepared.types[graph.result], context, stages, gathered, plans)

    def _terms(self) -> _Terms:
        """Those of inspect."""
        limits = self.config.limits
        return _Terms(
            self.catalog, limits.memory_bytes, lambda p: admit(estimate(p, limits, 0), limits)
        )

    def _dry(self) -> _Terms:
        return replace(self._terms(), is_dry=True)


def _graph_of(obj: Any) -> Graph:
    return obj if isinstance(obj, Graph) else build_graph(obj)


def _value_of(geocontext: Any) -> GeoContextValue | None:
    value = getattr(geocontext, "value", geocontext)
    if value is None or isinstance(value, GeoContextValue):
        return value
    got = type(geocontext).__name__
    raise TypeMismatch(
        f"geocontext is a GeoContext, not a {got}", expected="GeoContext", got=got
    ).at(argument="geocontext")


class _NeedsPixels(Exception):
    """A signal: evaluation cannot go on without pixels, and this is only an estimate."""

    def __init__(self, plans: list[Plan]) -> None:
        super().__init__()
        self.plans = plans


def _stop(stages: Stages, memory_bytes: int, items: Sequence[Fold | Sample]) -> Any:
    raise _NeedsPixels(stage_plans(items, stages.execution_or_refuse(), memory_bytes))


def _settled(run: _Run) -> Header:
    """The header, with all numbers known; runs the stages that are left."""
    value = settled(run.gathered, run.context)
    if run.gathered.rasters:
        run.stages.settle(run.gathered.planes)
    grid = run.context.where.grid if run.context.where else None
    headers = tuple(raster_header(r, grid) for r in run.gathered.rasters)
    return Header(run.type, value, headers, run.context.value)


def _number_plans(run: _Run, limits: Limits) -> list[Plan]:
    """Plans of the stages that are left after evaluation."""
    planes = topological(run.gathered.planes)
    scalars = [n for p in planes if isinstance(p, ScalarPlane) for n in p.numbers]
    waiting = [n for n in (*run.gathered.numbers, *scalars) if isinstance(n, Deferred)]
    items = needed(waiting)
    execution = run.stages.execution_or_refuse
    return stage_plans(items, execution(), limits.memory_bytes) if items else []
