"""What a terminal shows of a report: no pass by wider limits looks like one by the scenario's."""

from __future__ import annotations

from io import StringIO
from typing import Any

import pytest
from rich.console import Console

from loadtest.report.table import print_report
from loadtest.scenario import Limit
from tests.loads import report

LIMITS = [Limit("one.latency_ms.p50", at_most=1.0), Limit("one.errors", at_most=0.0)]


def printed(**changed: Any) -> str:
    """In one line, without the frames of its tables."""
    said = StringIO()
    print_report(report(limits=LIMITS, **changed), Console(file=said, width=200))
    return " ".join(said.getvalue().replace("│", " ").split())


def test_a_pass_by_wider_limits_says_so_and_which_were_wider():
    said = printed(scale=5.0)
    assert "one.latency_ms.p50 2.1 ≤ 5 (5 x) kept" in said
    assert "one.errors 0 ≤ 0 kept" in said
    assert "half of the requests might be sent up to 25 ms late" in said
    assert said.endswith("passed, by limits 5 times as wide")


def test_where_limits_were_narrower_99_in_100_requests_had_to_be_in_time():
    said = printed(scale=0.5)
    assert "99 in 100 of the requests might be sent up to 2.5 ms late" in said


@pytest.mark.parametrize("width", [80, 100])
def test_the_errors_of_a_part_are_told_whole_in_a_terminal_of_usual_width(width):
    document = report()
    document["parts"]["one"]["codes"] = {"OK": 1000, "DEADLINE_EXCEEDED": 312, "NOT_FOUND": 1}
    said = StringIO()
    print_report(document, Console(file=said, width=width))
    assert "…" not in said.getvalue()
    assert "Errors of one: 312 DEADLINE_EXCEEDED, 1 NOT_FOUND.\n" in said.getvalue()


def test_a_run_by_the_limits_of_its_scenario_says_nothing_of_a_scale():
    said = printed()
    assert said.endswith("FAILED")
    assert "wide" not in said
