"""A report is JSON that can be read again, whole or not at all."""

from __future__ import annotations

from dataclasses import replace
from datetime import date

import numpy as np
import pytest
from click.testing import CliRunner

from loadtest.command import loadtest
from loadtest.figures import PartResult, figures_of
from loadtest.report import document
from loadtest.report.meaning import UNKNOWN, meaning_of
from loadtest.scenario import Limit, Work
from swath.errors import InvalidArgument
from tests.loads import SECONDS, part, report, rounds_at, turn


def test_what_is_written_is_read_again(tmp_path):
    document.write(report(), tmp_path / "one.json")
    assert document.read(tmp_path / "one.json") == report()
    assert [file.name for file in tmp_path.iterdir()] == ["one.json"]


def test_what_was_not_measured_is_null():
    found = report([PartResult(part(), (turn([]),))])
    assert found["parts"]["one"]["figures"]["latency_ms.p50"] is None
    assert found["parts"]["one"]["figures"]["count"] == 0


@pytest.mark.parametrize(
    ("text", "said"),
    [
        ("{", "no report"),
        ("[]", "no report of this version"),
        ('{"format": 99}', "no report of this version"),
        ('{"format": 1, "scenario": "x"}', "lacks about"),
    ],
)
def test_what_is_no_report_is_refused(tmp_path, text, said):
    (tmp_path / "one.json").write_text(text)
    with pytest.raises(InvalidArgument, match=said):
        document.read(tmp_path / "one.json")


def test_a_report_that_is_not_there_is_refused(tmp_path):
    with pytest.raises(InvalidArgument, match="no report"):
        document.read(tmp_path / "one.json")


def test_stretches_count_what_was_due_what_failed_and_what_was_answered_in_them():
    part_ = report([PartResult(part(), (turn([905.0] * 100, failed=30),))])["parts"]["one"]
    over = part_["over_time"]
    assert over["edges_s"] == [0.0, 0.5, 1.0, 1.5, 2.0]
    assert over["due"] == [25, 25, 25, 25]
    assert over["failed"] == [25, 5, 0, 0]
    # The 30th to the 54th were answered by 2 s: those due from 0.6 s to 1.1 s.
    assert over["answered"] == [0, 0, 0, 25]
    assert over["latency_ms"][0]["p50"] is None


def test_a_long_part_has_no_more_stretches_than_can_be_seen():
    phases = part().phases * 500
    found = report([PartResult(part(phases=phases), rounds_at(2.0))])["parts"]["one"]
    assert found["seconds"] == 500 * SECONDS
    assert len(found["over_time"]["due"]) == document.STRETCHES


def test_a_report_says_what_load_was_sent():
    work = Work("ndvi", 2.0, "ann", {"size_px": 9, "since": date(2020, 1, 1)})
    found = report([PartResult(part(work=(work,)), rounds_at(2.0))])["parts"]["one"]
    options = {"size_px": 9, "since": "2020-01-01"}
    assert found["work"] == [{"kind": "ndvi", "weight": 2.0, "owner": "ann", "options": options}]
    assert found["phases"] == [{"seconds": 2.0, "from_rate": 50.0, "to_rate": 50.0, "burst": 0}]


def test_looks_at_a_process_are_after_the_first_one():
    (process,) = report()["parts"]["one"]["server"]
    assert [at_s for at_s, _, _ in process["over_time"]] == [0.0, 1.0, 2.0, 3.0]


def test_memory_is_that_of_one_round_not_the_sum_of_all():
    result = PartResult(part(), rounds_at(2.0, 2.0, 2.0))
    assert figures_of(result)["server.memory_mib"] == pytest.approx(100.0)


def test_the_curve_ends_at_the_longest():
    latency = np.arange(1, 1001).tolist()
    found = report([PartResult(part(), (turn(latency),))])["parts"]["one"]
    assert found["curve"][-1] == [100.0, pytest.approx(1000.0, rel=0.002)]


def test_every_figure_of_a_part_has_a_meaning():
    for name in figures_of(PartResult(part(), rounds_at(2.0))):
        assert meaning_of(name) is not UNKNOWN, name


def test_a_figure_of_one_kind_alone_means_what_it_means_of_all():
    assert meaning_of("ndvi.latency_ms.p99").name == "latency_ms.p99"


def test_a_figure_of_what_went_on_beside_has_no_meaning_here():
    assert meaning_of("watchers.behind_ms") is UNKNOWN


def test_a_page_is_made_of_a_report_by_a_command(tmp_path):
    document.write(report(), tmp_path / "one.json")
    words = ["page", str(tmp_path / "one.json"), str(tmp_path / "one.html")]
    assert CliRunner().invoke(loadtest, words, catch_exceptions=False).exit_code == 0
    assert (tmp_path / "one.html").read_text("utf-8").startswith("<!DOCTYPE html>")


@pytest.mark.parametrize(
    ("limits", "may_be"),
    [
        ([Limit("one.latency_ms.p50", at_most=0.1)], True),
        ([Limit("one.latency_ms.p50", at_most=0.1), Limit("one.count", at_least=1e6)], False),
        ([], True),
    ],
)
def test_what_counts_wrong_is_no_noise(limits, may_be):
    assert document.may_be_noise(report(limits=limits)) is may_be


@pytest.mark.parametrize(("code", "may_be"), [("DEADLINE_EXCEEDED", True), ("INTERNAL", False)])
def test_calls_that_had_no_time_may_be_noise_and_others_that_failed_are_not(code, may_be):
    once = turn([1.0] * 100, failed=3)
    once = replace(once, records=replace(once.records, codes=("OK", code)))
    found = report([PartResult(part(), (once,))], [Limit("one.errors", at_most=0.0)])
    assert not found["is_passed"]
    assert document.may_be_noise(found) is may_be
