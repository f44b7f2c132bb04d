"""A budget says which line was missed, and by how much."""

from __future__ import annotations

import math

import pytest

from loadtest.budget import judged
from loadtest.scenario import Limit

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
