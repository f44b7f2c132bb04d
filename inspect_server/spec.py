"""What is computed where, by name: so that processes are started before any of it is loaded."""

from __future__ import annotations

from collections.abc import Callable, Iterator

from engine.evaluate.budget import Budget
from inspect_server.config import InspectConfig
from inspect_server.engines import EngineSpec
from swath.v1.inspect_pb2 import InspectRequest

Scalars = Callable[[InspectRequest, Budget], Iterator[bytes]]
"""Answers a request that `inspect_server.route` lets the event loop answer; raises SwathErrors."""
Here = Callable[[], Scalars]
"""Makes what the event loop itself computes; called in a thread, while processes start."""


def engine_spec(config: InspectConfig) -> EngineSpec:
    """How the engine processes of a server are made."""
    sources = config.sources()
    roots = None if sources.roots is None else [str(folder) for folder in sources.roots]
    return EngineSpec(
        computation="inspect_server.computation:open_computation",
        preload="inspect_server.computation:preload",
        settings={
            "data": str(config.data),
            "roots": roots,
            "remote": list(sources.remote),
            "cache_bytes": sources.cache_bytes,
            "pixels_bytes": config.pixels_bytes,
            "answers_bytes": config.answers_bytes,
        },
        memory_bytes=config.engine_memory_bytes,
        pixels_bytes=config.pixels_bytes,
    )


def load_here() -> Scalars:
    """The computation of the event loop; takes half a second, for it loads the engine."""
    from inspect_server.computation import scalars

    return scalars()
