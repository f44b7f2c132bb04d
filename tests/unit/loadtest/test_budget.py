"""A budget says which line was missed, and by how much."""

from __future__ import annotations

import math

import pytest

from loadtest.budget import judged, require_scale
from loadtest.scenario import Limit, load, names
from swath.errors import InvalidArgument

FIGURES = {"a.latency_ms.p50": 3.0, "b.latency_ms.p50": 2.0, "a.code.OK": 10.0, "a.errors": 0.0}


def verdict(**limit):
    (found,) = judged([Limit(**{"figure": "a.latency_ms.p50", **limit})], FIGURES)
    return found


@pytest.mark.parametrize(
    ("limit", "value", "is_met"),
    [
        ({"at_most": 3.0}, 3.0, True),
        ({"at_most": 2.9}, 3.0, False),
        ({"at_least": 3.0}, 3.0, True),
        ({"at_least": 3.1}, 3.0, False),
        ({"at_most": 1.5, "over": "b.latency_ms.p50"}, 1.5, True),
        ({"at_most": 0.9, "minus": "b.latency_ms.p50"}, 1.0, False),
        ({"figure": "a.errors", "at_most": 0.0}, 0.0, True),
        ({"figure": "a.code.UNAVAILABLE", "at_most": 0.0}, 0.0, True),
    ],
)
def test_a_limit_is_kept_or_missed(limit, value, is_met):
    found = verdict(**limit)
    assert (found.value, found.is_met) == (value, is_met)
    assert bool(found.missed_by) != is_met


@pytest.mark.parametrize("limit", [{"at_most": 1.0}, {"at_least": 0.0}])
def test_what_was_not_measured_keeps_no_limit(limit):
    found = verdict(figure="a.latency_ms.p42", **limit)
    assert math.isnan(found.value)
    assert not found.is_met
    assert "nothing" in found.missed_by


def test_a_ratio_to_nothing_keeps_no_limit():
    assert not verdict(over="a.errors", at_most=1.0).is_met


def test_a_miss_says_by_how_much():
    assert verdict(at_most=2.0).missed_by == "missed by 1 (50%)"


def widened(limit: Limit, scale: float = 2.0) -> Limit:
    (found,) = judged([limit], FIGURES, scale)
    return found.limit


def test_a_scaled_limit_is_wider_on_the_side_that_counts():
    assert widened(Limit("a.latency_ms.p50", at_most=5.0)).at_most == 10.0
    assert widened(Limit("a.throughput", at_least=5.0)).at_least == 2.5


@pytest.mark.parametrize(
    "limit",
    [
        Limit("a.errors", at_most=0.01),
        Limit("a.job.failed", at_most=1.0),
        Limit("a.code.UNAVAILABLE", at_most=1.0),
        Limit("a.count", at_least=40.0),
        Limit("a.lost", at_most=1.0),
        Limit("a.fate.acknowledged", at_least=40.0),
        Limit("a.fairness.passed_over", at_most=1.0),
        Limit("a.quota.refused", at_least=500.0),
        Limit("a.watchers.open", at_least=1000.0),
    ],
    ids=lambda limit: limit.figure,
)
def test_no_scale_makes_room_for_errors_and_lost_jobs_or_changes_what_is_counted(limit):
    assert widened(limit, 5.0) == limit


@pytest.mark.parametrize("name", names())
def test_each_latency_of_a_scenario_of_swath_depends_on_the_machine_and_no_error_does(name):
    for verdict_ in judged(load(name).limits, {}):
        figure = verdict_.limit.figure
        timed = ("latency_ms", "throughput", "outage_s", "_mib", "fairness.late", "first_ms")
        assert verdict_.is_of_machine == any(word in figure for word in timed), figure


@pytest.mark.parametrize("scale", [0.0, -1.0, math.inf, math.nan])
def test_a_scale_that_is_none_is_refused(scale):
    with pytest.raises(InvalidArgument, match="more than 0"):
        require_scale(scale)
