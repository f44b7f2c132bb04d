"""Compare `protos/vectors/` with what the language and the engine give today, or `--write` it.

One file for each question: the request, the digest of its graph, and the answer or the error.
"""

from __future__ import annotations

import json
import sys
from collections.abc import Callable, Iterator
from datetime import timedelta
from pathlib import Path
from typing import Any

import numpy as np
from google.protobuf import json_format

import swath.types as language
from engine.engine import Engine
from swath.errors import SwathError
from swath.graph.canonical import digest
from swath.graph.check import check
from swath.grid import Affine, Grid, Shape2d
from swath.status import to_status
from swath.v1 import inspect_pb2 as pb
from swath.wire.graph import decode_graph
from swath.wire.inspect import Question, decode_question, encode_question
from swath.wire.stream import write_stream

FOLDER = Path(__file__).resolve().parents[1] / "protos" / "vectors"
GRID = Grid("EPSG:32633", Affine(10.0, 0.0, 5e5, 0.0, -10.0, 5e6), Shape2d(2, 3))
wf: Any = language  # operators of proxies come from the op table

WHERE = wf.GeoContext.from_grid(GRID)


def image(*rows: Any, dtype: str = "uint16") -> Any:
    """An image of two rows of three pixels; 0 is no data."""
    return wf.Image.from_array(np.array(rows, dtype), GRID, 0)


RED = [image([1, 2, 3], [4, 0, 6]), image([3, 2, 1], [9, 0, 7]), image([5, 5, 5], [5, 0, 0])]
NIR = [image([9, 8, 7], [6, 5, 4]), image([1, 1, 1], [2, 2, 2]), image([6, 6, 6], [6, 6, 6])]


def ndvi(red: Any, nir: Any) -> Any:
    """The normalised difference of two images."""
    return (nir - red) / (nir + red)


N = wf.parameter("n", wf.Int)
ADDED = wf.List([1, 2, 3]).map(lambda x: x + N)
NESTED = wf.List([1, 2]).map(lambda x: wf.List([10, 20]).map(lambda y: x * y))
DAYS = wf.List(
    [wf.Datetime("2020-02-28") + timedelta(days=1), wf.Datetime("2020-02-28T12:00:00+02:00")]
)
SERIES = wf.ImageCollection([ndvi(red, nir) for red, nir in zip(RED, NIR, strict=True)])

CASES: dict[str, tuple[str, Callable[[], Any], Any, dict[str, Any]]] = {
    "int_add": ("The smallest program.", lambda: wf.Int(1) + 1, None, {}),
    "parameter": ("A parameter of the graph and its argument.", lambda: N * N, None, {"n": 12}),
    "several": ("A list of answers.", lambda: [wf.Int(1) + 1, wf.Str("a")], None, {}),
    "closure": ("A function that closes over a parameter.", lambda: ADDED, None, {"n": 10}),
    "nested_functions": ("A function in a function.", lambda: NESTED, None, {}),
    "ifelse": (
        "Functions without parameters; the branch not taken would fail.",
        lambda: wf.ifelse(N > 0, lambda: N // N, lambda: N // 0),
        None,
        {"n": 3},
    ),
    "sorted": (
        "A stable sort by a key.",
        lambda: wf.List([3, 1, 2]).sorted(lambda x: -x),
        None,
        {},
    ),
    "datetimes": ("Datetimes and a Timedelta, in UTC.", lambda: DAYS, None, {}),
    "integer_overflow": ("N1: an Int never wraps.", lambda: wf.Int(2**62) * N, None, {"n": 4}),
    "image_subtract": (
        "D3: uint16 − uint16 is float32 and signed; no data is masked.",
        lambda: RED[0] - NIR[0],
        WHERE,
        {},
    ),
    "image_bands": (
        "Two bands of different dtypes.",
        lambda: RED[0].concat_bands(image([1, 2, 3], [4, 5, 6], dtype="uint8")),
        WHERE,
        {},
    ),
    "median_ndvi": ("The median through time.", lambda: SERIES.median("images"), WHERE, {}),
    "mean_by_band": ("R: numbers from pixels.", lambda: SERIES.mean("pixels"), WHERE, {}),
    "no_geocontext": ("W1: pixels need a place.", lambda: RED[0], None, {}),
}
"""Name → what it shows, expression, geocontext, arguments."""


def requests() -> Iterator[tuple[str, str, pb.InspectRequest]]:
    """Name, what it shows, and the request of each vector."""
    for name, (about, make, where, arguments) in CASES.items():
        graph, values = language.graph_and_arguments(make(), arguments)
        place = None if where is None else where.value
        request = pb.InspectRequest.FromString(encode_question(Question(graph, place, values)))
        del request.graph.lines[:]
        yield name, about, request
    yield from malformed()


def malformed() -> Iterator[tuple[str, str, pb.InspectRequest]]:
    """Requests that the language cannot express, or writes otherwise."""
    one = {"literal": {"value": {"integer": 1}}}
    add = {"call": {"op": "numpy.add", "args": [0, 0]}}

    def graph(result: int, *nodes: Any) -> pb.InspectRequest:
        return pb.InspectRequest(graph={"nodes": nodes, "result": result, "language_version": 1})

    unused = {"literal": {"value": {"text": "not needed"}}}
    yield (
        "int_add_unshared",
        "The digest of int_add: equal nodes twice, one not needed, another order.",
        (graph(3, one, unused, one, {"call": {"op": "numpy.add", "args": [2, 0]}})),
    )
    yield "unknown_op", "An op that is not in the table.", graph(0, {"call": {"op": "nonsense"}})
    yield "forward_reference", "A node that refers to a later one.", graph(0, add, one)
    yield "no_result", "A result that is not among the nodes.", graph(2, one, add)
    text = {"literal": {"value": {"text": "a"}}}
    log = {"call": {"op": "log", "args": [0]}}
    yield "wrong_type", "An argument of a type that the op does not take.", graph(1, text, log)


def vector(about: str, request: pb.InspectRequest) -> dict[str, Any]:
    """What the file of a vector holds."""
    data = request.SerializeToString()
    found: dict[str, Any] = {"about": about, "request": as_json(request)}
    try:
        graph = decode_graph(request.graph)
        check(graph)
        found["digest"] = digest(graph)
    except SwathError:
        found["digest"] = None
    return found | outcome(data)


def outcome(data: bytes) -> dict[str, Any]:
    """The answer of a fresh engine to a request, as one message; or its error."""
    try:
        asked = decode_question(data)
        events = Engine().stream(asked.graph, asked.geocontext, asked.arguments)
        answer = pb.InspectResponse()
        for message in write_stream(events):
            answer.MergeFrom(pb.InspectResponse.FromString(message))
    except SwathError as error:
        return {"error": {"code": to_status(error)[0].name, "reason": error.REASON}}
    crc32 = answer.trailer.crc32
    answer.trailer.Clear()
    answer.trailer.crc32 = crc32
    return {"response": as_json(answer)}


def as_json(message: Any) -> dict[str, Any]:
    """A message in the JSON form of protobuf, with the names of the protos."""
    found: dict[str, Any] = json_format.MessageToDict(message, preserving_proto_field_name=True)
    return found


def texts() -> dict[str, str]:
    """Name → text of the file of each vector."""
    return {
        f"{name}.json": json.dumps(vector(about, request), indent=1, ensure_ascii=False) + "\n"
        for name, about, request in requests()
    }


def main(arguments: list[str]) -> int:
    """Exit status: 0 when the committed files are those of today, or were written."""
    fresh = texts()
    committed = {path.name: path.read_text("utf-8") for path in FOLDER.glob("*.json")}
    if "--write" in arguments:
        FOLDER.mkdir(exist_ok=True)
        for name in committed.keys() - fresh.keys():
            (FOLDER / name).unlink()
        for name, text in fresh.items():
            (FOLDER / name).write_text(text, "utf-8")
        return 0
    names = sorted(fresh.keys() | committed.keys())
    stale = [name for name in names if fresh.get(name) != committed.get(name)]
    for name in stale:
        print(f"protos/vectors/{name} is stale: run checks/vectors.py --write", file=sys.stderr)
    return 1 if stale else 0


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
