from __future__ import annotations

import contextlib
from collections.abc import Mapping
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from swath.errors import InvalidGeoContext, InvalidGraph, RequestTooLarge, SwathError
from swath.estimate import Estimate
from swath.geocontext import GeoContextValue
from swath.graph.graph import Graph, Literal
from swath.graph.limits import Limits as GraphLimits
from swath.graph.type import INT
from swath.wire.geocontext import encode_geocontext
from swath.wire.inspect import (
    Question,
    decode_estimate,
    decode_estimate_question,
    decode_prefix,
    decode_question,
    decode_validate_question,
    decode_verdict,
    encode_estimate,
    encode_estimate_question,
    encode_question,
    encode_validate_question,
    encode_verdict,
)
from swath.wire.limits import Limits
from swath.wire.value import encode_value
from tests.unit.swath.wire.drawn import geocontexts, graphs, same, text, values

ONE = Graph((Literal(1, INT),), (), (), 0)
named = st.dictionaries(text, values, max_size=3)


questions = st.builds(
    Question, graphs(), st.none() | geocontexts, named, text.filter(bool), named, st.booleans()
)


@settings(max_examples=100, deadline=None)
@given(questions)
def test_a_question_comes_back_as_it_was(question: Question) -> None:
    back = decode_question(encode_question(question))
    assert (back.graph, back.geocontext) == (question.graph, question.geocontext)
    assert (back.format, back.cache) == (question.format, question.cache)
    assert by_name(back.arguments, question.arguments)
    assert by_name(back.options, question.options)


def by_name(a: Mapping[str, Any], b: Mapping[str, Any]) -> bool:
    return a.keys() == b.keys() and all(same(a[name], b[name]) for name in a)


def test_an_estimate_question_comes_back_as_it_was() -> None:
    question = Question(ONE, GeoContextValue(key="256:0:10:13:1:2"), {"n": 3})
    assert decode_estimate_question(encode_estimate_question(question)) == question


@pytest.mark.parametrize("said", [{"shape": (2**63, 1)}, {"crs": "\ud800"}])
@pytest.mark.parametrize("travels", [encode_geocontext, encode_value])
def test_a_geocontext_that_does_not_travel_is_an_invalid_one(said: Any, travels: Any) -> None:
    with pytest.raises(InvalidGeoContext):
        travels(GeoContextValue(**said))


@pytest.mark.parametrize("seconds", [None, 0.0, 1.5])
def test_an_estimate_comes_back_as_it_was(seconds: float | None) -> None:
    estimate = Estimate(10, 20, 1, 2, 3, 4, seconds, is_lower_bound=True, fits=False)
    assert decode_estimate(encode_estimate(estimate)) == estimate


def test_a_graph_to_validate_and_its_verdict_come_back_as_they_were() -> None:
    assert decode_validate_question(encode_validate_question(ONE)) == ONE
    assert decode_verdict(encode_verdict(INT, b"d" * 32)) == (INT, b"d" * 32)


DECODERS = [decode_question, decode_estimate_question, decode_validate_question, decode_prefix]


@pytest.mark.parametrize("decode", DECODERS)
@settings(max_examples=100, deadline=None)
@given(data=st.binary(max_size=120))
def test_any_bytes_give_a_question_or_an_error_of_ours(decode: Any, data: bytes) -> None:
    with contextlib.suppress(InvalidGraph, InvalidGeoContext, RequestTooLarge):
        decode(data)


@pytest.mark.parametrize("decode", DECODERS[:3])
def test_an_empty_request_lacks_its_graph(decode: Any) -> None:
    with pytest.raises(InvalidGraph):
        decode(b"")


def test_a_hundred_megabyte_literal_is_too_large() -> None:
    graph = Graph((Literal("x" * 100_000_000, INT),), (), (), 0)
    with pytest.raises(RequestTooLarge):
        decode_question(encode_question(Question(graph)))


def test_too_many_arguments_are_too_large() -> None:
    data = encode_question(Question(ONE, arguments={str(i): i for i in range(9)}))
    with pytest.raises(SwathError, match="9 arguments"):
        decode_question(data, Limits(graph=GraphLimits(parameters=8)))
