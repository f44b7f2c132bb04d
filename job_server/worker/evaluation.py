"""What children compute: jobs, on an engine, tile by tile.

A result without pixels, or with few, is computed and committed at once. Any other is pinned first:
the plan has all that was looked up in the catalog, and each later attempt uses it. Then each tile
is a piece, so that a later attempt goes on where this one ended; then the result is put together.
"""

from __future__ import annotations

import sys
from collections.abc import Mapping
from pathlib import Path
from typing import Any

import numpy as np

from engine.catalog.catalog import Catalog
from engine.engine import Engine, EngineConfig
from engine.evaluate.budget import Budget
from engine.execute.tiles import Work
from engine.kernels import library
from engine.plan.admit import Limits
from engine.sources.config import SourceConfig
from engine.version import engine_version
from job_server.worker.computation import Exchange, Result
from job_server.worker.saving import save
from job_server.worker.tiles import Tiles
from swath.errors import ResultTooLarge
from swath.job import JobSpec, Stage
from swath.stream import Header
from swath.wire.job_spec import read_spec
from swath.worker.v1.worker_pb2 import Assignment

FEW_BYTES = 64 * 1024
"""Pixels that are computed again sooner than a plan and a piece are stored."""
SMALLER = 4
"""By how much less memory a job may use after each time that it had too little."""


class Evaluation:
    """Runs jobs on engines that share a reader and its cache; the `Computation` of a child."""

    def __init__(self, catalog: Catalog, config: EngineConfig) -> None:
        self._config = config
        self._engine = Engine(catalog, config)

    def __call__(self, task: Assignment, exchange: Exchange) -> Result:
        """See `Computation`."""
        spec = read_spec(task.spec)
        is_pinned = task.HasField("plan") and task.engine_version == engine_version()
        engine = self._pinned(task.plan) if is_pinned else self._engine
        work = self._prepare(engine, spec, exchange, task.memory_losses)
        tiles = Tiles(work, exchange, tuple(task.pieces) if is_pinned else ())
        has_few = is_small(work.header)
        if is_pinned:
            exchange.stage(Stage.RUNNING, tiles.done)
        elif not has_few:
            exchange.pin(work.pinned(), engine_version(), work.steps)
        return save(spec, tiles, exchange, is_small=has_few)

    def _pinned(self, plan: bytes) -> Engine:
        return Engine(Catalog.pinned(plan), self._config, reader=self._engine.reader)

    def _prepare(self, engine: Engine, spec: JobSpec, exchange: Exchange, losses: int) -> Work:
        """The work; in smaller windows where attempts ran out of memory, if they can be made."""
        budget = Budget(is_cancelled=exchange.is_cancelled)
        most_bytes = self._config.limits.memory_bytes
        what = (spec.graph, spec.geocontext, spec.arguments, budget)
        if losses:
            try:
                return engine.prepare(*what, memory_bytes=most_bytes // SMALLER**losses)
            except ResultTooLarge:
                pass  # it takes as much as it takes
        return engine.prepare(*what, memory_bytes=most_bytes)


def is_small(header: Header) -> bool:
    """Whether a result has so few pixels that it is not worth a plan and pieces."""
    pixel_bytes = 0
    for raster in header.rasters:
        if raster.grid is not None:
            pixels = raster.grid.shape.y * raster.grid.shape.x * len(raster.properties)
            pixel_bytes += pixels * sum(np.dtype(dtype).itemsize for dtype in raster.dtypes)
    return pixel_bytes <= FEW_BYTES


def _say_first(done: int, total: int, name: str) -> None:
    """Say why a first start takes long; see `engine.kernels.library.Progress`."""
    if done == 0:
        sys.stderr.write(
            f"swath: first start: compiling {total} kernels for this machine (about a minute)\n"
        )


def open_evaluation(settings: Mapping[str, Any]) -> Evaluation:
    """The computation of one child: catalog open, kernels loaded."""
    roots = settings["roots"]
    sources = SourceConfig(
        roots=None if roots is None else tuple(map(Path, roots)),
        remote=tuple(settings["remote"]),
        cache_bytes=settings["cache_bytes"],
    )
    library.ensure(progress=_say_first)
    engine_version()
    config = EngineConfig(sources, Limits(memory_bytes=settings["pixels_bytes"]))
    return Evaluation(Catalog.open(settings["data"], read_only=True), config)
