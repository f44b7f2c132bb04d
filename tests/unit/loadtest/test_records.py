"""Records keep every request, through files and across processes; figures follow from them."""

from __future__ import annotations

import math

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from loadtest.figures import PartResult, Round, figures_of
from loadtest.histogram import histogram, percentile_ms
from loadtest.pace import Phase
from loadtest.records import LOST, OK, Recorder, Records, joined, read
from loadtest.scenario import Part, Work

ROWS = st.lists(
    st.tuples(
        st.floats(0, 100),
        st.floats(0, 1),
        st.floats(1e-6, 60),
        st.sampled_from([OK, "UNAVAILABLE", "INTERNAL"]),
    ),
    max_size=30,
)
PART = Part("one", "inspect", (Work("constant"),), (Phase(1.0, 1.0, 1.0),))


def of(rows) -> Records:
    recorder = Recorder()
    for due, late, took, code in rows:
        recorder.add(due, due + late, due + late + took, code, 0, 7)
    return recorder.records()


@settings(max_examples=40, deadline=None)
@given(ROWS, ROWS)
def test_joined_records_count_like_their_parts(first, second):
    whole = joined([of(first), of(second)])
    assert len(whole) == len(first) + len(second)
    for code in (OK, "UNAVAILABLE", "INTERNAL"):
        wanted = sum(row[3] == code for row in (*first, *second))
        assert whole.count_by_code().get(code, 0) == wanted


@settings(max_examples=40, deadline=None)
@given(ROWS)
def test_a_file_gives_back_what_was_written(tmp_path_factory, rows):
    records = of(rows)
    file = tmp_path_factory.mktemp("records") / "a.npz"
    records.write(file)
    back = read(file)
    assert back.codes == records.codes
    for name in ("due_s", "begun_s", "ended_s", "code", "work", "size_bytes"):
        assert np.array_equal(getattr(back, name), getattr(records, name))


@settings(max_examples=40, deadline=None)
@given(st.lists(st.floats(1e-5, 100), min_size=1, max_size=200))
def test_percentiles_are_those_of_the_values_to_a_thousandth(latencies):
    found, ordered = histogram(np.array(latencies)), sorted(latencies)
    for percentile in (50.0, 90.0, 100.0):
        rank = percentile / 100 * len(latencies)  # the library takes the nearest whole one
        near = {min(max(round_(rank), 1), len(ordered)) for round_ in (math.floor, math.ceil)}
        wanted_ms = [pytest.approx(ordered[n - 1] * 1e3, rel=2e-3, abs=1e-3) for n in near]
        assert percentile_ms(found, percentile) in wanted_ms


def test_the_wait_before_a_request_was_sent_counts_and_is_told():
    result = PartResult(PART, (Round(of([(1.0, 0.5, 0.1, OK)] * 3), ()),))
    found = figures_of(result)
    assert found["latency_ms.p50"] == pytest.approx(600, rel=2e-3)
    assert found["late_ms.p50"] == pytest.approx(500, rel=2e-3)
    assert "late" in result.bottleneck()


def test_failures_are_counted_and_not_timed():
    rows = [(0.0, 0.0, 0.001, OK)] * 3 + [(0.0, 0.0, 50.0, "UNAVAILABLE")]
    found = figures_of(PartResult(PART, (Round(of(rows), ()),)))
    assert found["errors"] == 0.25
    assert found["code.UNAVAILABLE"] == 1
    assert found["latency_ms.max"] == pytest.approx(1.0, rel=2e-3)


def test_what_never_ended_is_lost():
    recorder = Recorder()
    recorder.add(0.0, 0.0, math.nan, LOST, 0, 0)
    found = figures_of(PartResult(PART, (Round(recorder.records(), ()),)))
    assert (found["lost"], found["errors"]) == (1, 1.0)
    assert math.isnan(found["latency_ms.p50"])


def test_no_requests_at_all_give_no_figures_and_no_fault():
    found = figures_of(PartResult(PART, (Round(of([]), ()),)))
    assert found["count"] == 0
    assert math.isnan(found["errors"])
