"""The published vectors: questions with digests and answers, as other languages read them."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from google.protobuf import json_format

from checks import vectors
from engine.engine import Engine
from swath.errors import SwathError
from swath.graph.canonical import digest
from swath.graph.check import check
from swath.results import assemble
from swath.status import to_status
from swath.v1 import inspect_pb2 as pb
from swath.wire.inspect import decode_question, encode_question
from swath.wire.stream import read_stream

FILES = sorted(vectors.FOLDER.glob("*.json"))


def load(path: Path) -> Any:
    return json.loads(path.read_text("utf-8"))


def named(name: str) -> Any:
    return load(vectors.FOLDER / f"{name}.json")


def request(vector: Any) -> bytes:
    return json_format.ParseDict(vector["request"], pb.InspectRequest()).SerializeToString()


def answer(vector: Any) -> Any:
    """The Python value of a published response."""
    message = json_format.ParseDict(vector["response"], pb.InspectResponse())
    return assemble(read_stream([message.SerializeToString()]))


def same(a: Any, b: Any) -> bool:
    """Equal; results of imagery in pixels, mask and description."""
    if hasattr(a, "ndarray"):
        described = (a.properties, a.bandinfo, a.geocontext) == (
            b.properties, b.bandinfo, b.geocontext,
        )  # fmt: skip
        pixels = a.ndarray.data.tobytes() == b.ndarray.data.tobytes()
        return described and pixels and bool((a.ndarray.mask == b.ndarray.mask).all())
    return bool(a == b)


def test_the_vectors_are_those_of_today() -> None:
    committed = {path.name: path.read_text("utf-8") for path in FILES}
    assert committed == vectors.texts()


@pytest.mark.parametrize("path", FILES, ids=lambda p: p.stem)
def test_a_vector_is_answered_as_published(path: Path) -> None:
    vector = load(path)
    if "error" in vector:
        assert outcome(vector) == vector["error"]
    else:
        assert same(outcome(vector), answer(vector))


def outcome(vector: Any) -> Any:
    """What the engine gives for a vector's request: a value, or code and reason of an error."""
    try:
        asked = decode_question(request(vector))
        return assemble(Engine().stream(asked.graph, asked.geocontext, asked.arguments))
    except SwathError as error:
        return {"code": to_status(error)[0].name, "reason": error.REASON}


@pytest.mark.parametrize("path", FILES, ids=lambda p: p.stem)
def test_a_well_formed_vector_has_its_digest_also_when_it_is_written_again(path: Path) -> None:
    vector = load(path)
    if vector["digest"] is None:
        assert "error" in vector
        return
    asked = decode_question(request(vector))
    check(asked.graph)
    assert digest(asked.graph) == vector["digest"]
    assert digest(decode_question(encode_question(asked)).graph) == vector["digest"]


def test_one_expression_written_in_two_ways_has_one_digest() -> None:
    assert named("int_add")["digest"] == named("int_add_unshared")["digest"]


def test_the_published_median_ndvi_is_that_of_numpy() -> None:
    red = np.array([[[1, 2, 3], [4, 0, 6]], [[3, 2, 1], [9, 0, 7]], [[5, 5, 5], [5, 0, 0]]], "f4")
    nir = np.array([[[9, 8, 7], [6, 5, 4]], [[1, 1, 1], [2, 2, 2]], [[6, 6, 6], [6, 6, 6]]], "f4")
    red, nir = (np.ma.masked_equal(band, 0) for band in (red, nir))
    expected = np.ma.median(((nir - red) / (nir + red)).astype("f8"), axis=0).astype("f4")
    found = answer(named("median_ndvi")).ndarray[0]
    assert found.tolist() == expected.tolist()


def test_published_numbers_are_right() -> None:
    values = {name: answer(named(name)) for name in ("int_add", "parameter", "closure", "sorted")}
    assert values == {"int_add": 2, "parameter": 144, "closure": [11, 12, 13], "sorted": [3, 2, 1]}
    assert answer(named("nested_functions")) == [[10, 20], [20, 40]]


def test_the_published_difference_is_signed_and_masked() -> None:
    found = answer(named("image_subtract")).ndarray
    assert found.dtype == np.float32
    assert found[0].tolist() == [[-8, -6, -4], [-2, None, 2]]
