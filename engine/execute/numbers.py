"""Numbers that stages found, kept with a pinned catalog: a later attempt need not find them again.

An evaluation asks for its stages in an order that is always the same, so they are kept in that
order. They are given only to the very same question: graph, place and values of the parameters.
"""

from __future__ import annotations

import hashlib
import json
from collections.abc import Mapping, Sequence
from typing import Any

from swath.errors import InvalidArgument, InvalidGraph
from swath.geocontext import GeoContextValue
from swath.graph.graph import Graph
from swath.wire.geocontext import encode_geocontext
from swath.wire.graph import graph_to_bytes
from swath.wire.value import encode_value

Numbers = list[list[float | None]]
"""Of one stage: those of each fold or sample, in the order in which they were asked for."""


def question_of(
    graph: Graph, geocontext: GeoContextValue | None, arguments: Mapping[str, Any]
) -> str:
    """A digest of all that numbers depend on but the catalog; empty where a value cannot travel."""
    try:
        values = [encode_value(arguments[name]) for name in sorted(arguments)]
        parts = [graph_to_bytes(graph), *(v.SerializeToString(deterministic=True) for v in values)]
    except (InvalidArgument, InvalidGraph):
        return ""
    if geocontext is not None:
        parts.append(encode_geocontext(geocontext).SerializeToString(deterministic=True))
    digest = hashlib.sha256(repr((sorted(arguments), geocontext is None)).encode())
    for part in parts:
        digest.update(len(part).to_bytes(8, "little") + part)
    return digest.hexdigest()


def encode_numbers(question: str, stages: Sequence[Numbers]) -> bytes:
    """The numbers of all stages, as they are pinned; every float comes back to the bit."""
    if not question:
        return b""
    return json.dumps({"question": question, "stages": stages}, separators=(",", ":")).encode()


def decode_numbers(data: bytes, question: str) -> list[Numbers]:
    """The numbers of the stages of that question; none where others, or none, were pinned."""
    try:
        found = json.loads(data)
        is_ours = found["question"] == question
        stages: list[Numbers] = [
            [[None if v is None else float(v) for v in item] for item in stage]
            for stage in found["stages"]
        ]
    except (ValueError, TypeError, KeyError):
        return []
    return stages if is_ours and question else []
