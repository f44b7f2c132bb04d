"""What a terminal shows of a report: no pass by wider limits looks like one by the scenario's."""

from __future__ import annotations

from io import StringIO
from typing import Any

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


def test_a_run_by_the_limits_of_its_scenario_says_nothing_of_a_scale():
    said = printed()
    assert said.endswith("FAILED")
    assert "wide" not in said
