"""What engine processes compute: the rpcs of both services on an `engine.Engine`."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from contextlib import suppress
from pathlib import Path
from typing import Any

from engine.catalog.asset import Identity
from engine.catalog.catalog import Catalog
from engine.catalog.suggest import suggest
from engine.engine import Engine, EngineConfig
from engine.evaluate.budget import Budget
from engine.geo.resolve import resolve
from engine.kernels import library
from engine.plan.admit import Limits
from engine.sources.config import SourceConfig
from inspect_server import catalog as catalog_rpcs
from inspect_server.answers import Answers
from inspect_server.engines import Computation, Reading
from inspect_server.spec import Scalars
from swath.errors import InvalidSource, SwathError
from swath.graph.canonical import digest
from swath.v1.inspect_pb2 import InspectRequest
from swath.wire.graph import Graphs
from swath.wire.inspect import (
    Question,
    decode_estimate_question,
    decode_question,
    decode_validate_question,
    encode_estimate,
    encode_verdict,
    question_key,
    read_question,
)
from swath.wire.limits import DEFAULT_LIMITS
from swath.wire.stream import write_stream

MOST_WARMED = 20
CATALOG_RPCS = {
    "ListProducts": catalog_rpcs.list_products,
    "GetProduct": catalog_rpcs.get_product,
    "GetImage": catalog_rpcs.get_image,
    "SearchImages": catalog_rpcs.search_images,
}


class EngineComputation:
    """Answers each rpc, by name, from one engine; the `Computation` of this server."""

    def __init__(self, engine: Engine, answers: Answers) -> None:
        """`answers` keeps what was computed."""
        self._engine = engine
        self._answers = answers
        self._graphs = Graphs()

    def __call__(self, method: str, request: bytes, budget: Budget) -> Iterator[bytes]:
        """See `Computation`; methods are `Inspect`, `Estimate`, ... as in the contract."""
        if method == "Inspect":
            return self._inspect(request, budget)
        if method == "Estimate":
            return iter((self._estimate(request),))
        if method == "Validate":
            return iter((self._validate(request),))
        return iter((CATALOG_RPCS[method](self._engine.catalog, request),))

    def _inspect(self, request: bytes, budget: Budget) -> Iterator[bytes]:
        asked = decode_question(request, DEFAULT_LIMITS, self._graphs.decode)
        if not asked.cache:
            return self._computed(asked, budget, {})
        key = self._engine.catalog.revision, question_key(request)
        kept = self._answers.get(key)
        if kept is not None:
            return iter(kept)
        sources: dict[str, Identity | None] = {}
        return self._answers.keep(key, self._computed(asked, budget, sources), sources)

    def _computed(
        self, asked: Question, budget: Budget, sources: dict[str, Identity | None]
    ) -> Iterator[bytes]:
        """The messages of the answer; `sources` gets what is read for it."""
        return write_stream(
            self._engine.stream(
                asked.graph,
                asked.geocontext,
                asked.arguments,
                asked.format,
                asked.options,
                budget,
                sources,
            )
        )

    def _estimate(self, request: bytes) -> bytes:
        asked = decode_estimate_question(request)
        return encode_estimate(
            self._engine.estimate(asked.graph, asked.geocontext, asked.arguments)
        )

    def _validate(self, request: bytes) -> bytes:
        graph = decode_validate_question(request)
        return encode_verdict(self._engine.validate(graph), bytes.fromhex(digest(graph)))


def preload() -> None:
    """Load what all engine processes need, the kernels too: they are forked from one that has it.

    Raises:
        SwathError: kernels cannot be had.
    """
    library.ensure()


def open_computation(settings: Mapping[str, Any], reading: Reading) -> Computation:
    """The computation of one engine process: catalog open, kernels loaded."""
    roots = settings["roots"]
    sources = SourceConfig(
        roots=None if roots is None else tuple(map(Path, roots)),
        remote=tuple(settings["remote"]),
        cache_bytes=settings["cache_bytes"],
    )
    library.ensure()
    config = EngineConfig(sources, Limits(memory_bytes=settings["pixels_bytes"]))
    catalog = Catalog.open(settings["data"], read_only=True)
    _warm(catalog)
    answers = Answers(settings["answers_bytes"])
    return EngineComputation(Engine(catalog, config, reading=reading), answers)


def _warm(catalog: Catalog) -> None:
    """Make the transformations of some products' crs, which take PROJ some 40 ms each."""
    for product in catalog.products()[:MOST_WARMED]:
        with suppress(SwathError):
            where = suggest(catalog, product.name)
            if where is not None:
                resolve(where)


def scalars() -> Scalars:
    """What the event loop computes: scalars, for which there is neither catalog nor file."""
    engine, graphs = Engine(Catalog.in_memory(), reader=NoFiles()), Graphs()

    def answer(request: InspectRequest, budget: Budget) -> Iterator[bytes]:
        asked = read_question(request, DEFAULT_LIMITS, graphs.decode)
        return write_stream(engine.stream(asked.graph, None, asked.arguments, budget=budget))

    return answer


class NoFiles:
    """A reader for where nothing is read; see `engine.execute.tasks.Reads`."""

    def read(self, asset: Any, *_: Any) -> Any:
        """Refuse, whatever it is."""
        raise InvalidSource("The event loop reads no file.").at(source=str(asset))
