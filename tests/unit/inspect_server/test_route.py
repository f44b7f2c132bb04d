"""Which requests the event loop answers, and which go to which lane."""

from __future__ import annotations

from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

import swath.types as wf
from inspect_server.engines import Lane
from inspect_server.route import MAX_LOOP_NODES, ROW_OPS, SCALAR_OPS, Route, route
from swath.errors import InvalidGraph
from swath.geocontext import GeoContextValue
from swath.ops.table import OPS
from swath.types.graphs import build_graph
from swath.v1 import inspect_pb2
from swath.wire.inspect import Question, encode_question

SOMEWHERE = GeoContextValue(tile=(0, 0, 0))


def lane_of(data):
    """The lane of a request; None: the loop."""
    to = route(data)
    return to.lane if isinstance(to, Route) else None


def request(obj: Any, **question: Any) -> bytes:
    return encode_question(Question(build_graph(obj), **question))


@pytest.mark.parametrize(
    "obj",
    [
        wf.Int(1) + 1,
        wf.Float(2.0) ** 2,
        wf.Bool(True) & False,
        [wf.Int(1) + 1, wf.Float(2.5) * 2],
        wf.Datetime(2020, 1, 1) + wf.Timedelta(days=1),
    ],
    ids=str,
)
def test_small_scalar_graphs_are_answered_in_the_loop(obj):
    assert lane_of(request(obj)) is None


@pytest.mark.parametrize(
    "obj",
    [
        wf.ImageCollection.from_id("p").length(),
        wf.Str("a") + "b",
        wf.List([1, 2]) + wf.List([3]),
        wf.List([1, 2]).map(lambda x: x + 1),
        wf.ifelse(wf.Bool(True), wf.Int(1), wf.Int(2)),
    ],
    ids=["collection", "text", "list", "map", "ifelse"],
)
def test_what_can_grow_or_look_things_up_is_short_work_of_an_engine(obj):
    assert lane_of(request(obj)) is Lane.SHORT


def test_with_a_geocontext_pixels_may_be_read():
    assert lane_of(request(wf.Int(1) + 1, geocontext=SOMEWHERE)) is Lane.PIXELS


def test_another_format_is_not_for_the_loop():
    assert lane_of(request(wf.Int(1) + 1, format="json")) is Lane.SHORT


def test_scalar_arguments_stay_in_the_loop_and_others_do_not():
    x = wf.parameter("x", wf.Int)
    assert lane_of(request(x + 1, arguments={"x": 3})) is None
    assert lane_of(request(x + 1, arguments={"x": [3]})) is Lane.SHORT


def test_large_graphs_leave_the_loop():
    total = wf.Int(0)
    for number in range(MAX_LOOP_NODES):
        total = total + number
    assert lane_of(request(total)) is Lane.SHORT


def test_lists_may_only_stand_at_the_end():
    a, b = wf.Int(1) + 1, wf.Int(2) + 1
    assert lane_of(request([a, b])) is None
    assert lane_of(request([[a], [b]])) is Lane.SHORT


def test_large_requests_are_not_looked_into_here():
    assert lane_of(b"\0" * 100_000) is Lane.PIXELS


def test_bytes_that_are_no_request_are_refused():
    with pytest.raises(InvalidGraph):
        route(b"\xff\xff")


def test_every_op_of_the_loop_is_in_the_table():
    assert set(OPS) >= SCALAR_OPS | ROW_OPS


def test_equal_requests_may_share_an_answer_unless_asked_not_to():
    asked = request(wf.Int(1) + 1, geocontext=SOMEWHERE)
    apart = inspect_pb2.InspectRequest.FromString(asked)
    apart.no_cache = True
    assert route(asked) == Route(Lane.PIXELS, is_shareable=True)
    assert route(apart.SerializeToString()) == Route(Lane.PIXELS, is_shareable=False)


@settings(max_examples=300, deadline=None)
@given(st.binary(max_size=300))
def test_random_bytes_have_a_lane_or_are_refused(data):
    try:
        lane = lane_of(data)
    except InvalidGraph:
        return
    assert lane is None or isinstance(lane, Lane)
