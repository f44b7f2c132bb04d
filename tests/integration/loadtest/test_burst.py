"""A burst of jobs from two owners over their quotas, through the command line, on real servers."""

from __future__ import annotations

import json

from click.testing import CliRunner

from loadtest.command import loadtest

SCENARIO = """
name = "two_owners"
about = "A burst over the quotas of two owners."
needs = ["jobs"]
owners = ["greedy", "ada"]
settings = { outstanding_limit = 40 }

[[part]]
name = "burst"
to = "jobs"
timeout_s = 30.0
work = [
    { kind = "create", owner = "greedy", weight = 4 },
    { kind = "create", owner = "ada", weight = 1 },
]
phase = [{ burst = 300, rate = 40, seconds = 2.0 }]
audit = ["fate", "quota", "fairness"]

[[budget]]
figure = "burst.quota.refused"
at_least = 1

[[budget]]
figure = "burst.quota.too_early"
at_most = 0.0

[[budget]]
figure = "burst.throughput"
at_least = 1e9
why = "no server keeps it: the command is to say so"
"""


def test_a_burst_over_two_owners_quotas_is_counted_exactly_and_a_missed_limit_fails(tmp_path):
    scenario, report = tmp_path / "two_owners.toml", tmp_path / "out.json"
    scenario.write_text(SCENARIO)
    done = CliRunner().invoke(loadtest, ["run", str(scenario), "--report", str(report)])
    assert done.exit_code == 1, done.output
    assert report.exists(), done.output
    found = json.loads(report.read_text())
    figures = found["parts"]["burst"]["figures"]
    assert figures["quota.sent"] == figures["count"] == 380
    assert figures["quota.accepted"] + figures["quota.refused"] == 380
    assert figures["quota.accepted"] == figures["code.OK"] == figures["fate.acknowledged"]
    assert figures["quota.accepted"] >= 80  # both owners sent more than they may have at once
    assert figures["quota.over"] == 0
    assert figures["quota.unlisted"] == 0
    assert figures["fate.lost"] == figures["fate.failed"] == figures["fate.ended_twice"] == 0
    assert figures["fairness.firsts"] >= 2
    assert figures["fairness.passed_over"] <= 1
    assert [line["is_met"] for line in found["budget"]] == [True, True, False]
