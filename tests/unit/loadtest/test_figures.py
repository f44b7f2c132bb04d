"""Figures of several kinds of work are apart, and an outage is as long as it was."""

from __future__ import annotations

import numpy as np
import pytest

from loadtest.client import Used
from loadtest.figures import PartResult, Round, burst_ms, figures_of, outage_s
from loadtest.pace import Phase
from loadtest.records import Recorder, Records
from loadtest.scenario import Part, Work


def records(rows: str, work: list[int] | None = None) -> Records:
    """A request each second: `.` succeeds, `x` is UNAVAILABLE."""
    recorder = Recorder()
    for second, row in enumerate(rows):
        code = "OK" if row == "." else "UNAVAILABLE"
        recorder.add(second, second, second + 0.1, code, work[second] if work else 0, 0)
    return recorder.records()


@pytest.mark.parametrize(
    ("rows", "seconds"),
    [("", 0), ("....", 0), ("..xx..", 2), ("x.xxx.x", 3), ("...xxx", 2), ("x", 0)],
)
def test_an_outage_lasts_from_its_first_failure_to_the_next_answer(rows, seconds):
    assert outage_s(records(rows)) == seconds


def test_the_order_in_which_requests_ended_does_not_matter():
    found = records("..xx..")
    assert outage_s(found.where(np.array([5, 2, 0, 3, 1, 4]))) == 2


def part_of(*kinds: str) -> Part:
    return Part("one", "inspect", tuple(Work(kind) for kind in kinds), (Phase(6.0, 1.0, 1.0),))


def test_each_kind_of_work_has_figures_of_its_own():
    found = figures_of(
        PartResult(part_of("constant", "job"), (Round(records(".x.xx.", [0, 1, 0, 1, 1, 0]), ()),))
    )
    assert (found["constant.failed"], found["job.failed"]) == (0, 3)
    assert found["job.code.UNAVAILABLE"] == found["code.UNAVAILABLE"] == 3
    assert (found["constant.outage_s"], found["job.outage_s"]) == (0, 3)


def test_one_kind_alone_has_those_of_its_part():
    found = figures_of(PartResult(part_of("constant"), (Round(records("..."), ()),)))
    assert "constant.failed" not in found


def test_what_went_wrong_in_any_round_is_in_the_figures():
    rounds = tuple(Round(records("."), (), further={"fate.lost": n}) for n in (0.0, 2.0, 1.0))
    assert figures_of(PartResult(part_of("job"), rounds))["fate.lost"] == 2


def sent_late(count: int, late_ms: float) -> PartResult:
    """100 requests, so many of them late."""
    recorder = Recorder()
    for number in range(100):
        begun_s = number + (late_ms / 1e3 if number < count else 0.0)
        recorder.add(number, begun_s, number + 1.0, "OK", 0, 0)
    return PartResult(part_of("constant"), (Round(recorder.records(), (Used(10.0, 100.0),)),))


@pytest.mark.parametrize(
    ("count", "late_ms", "scale", "is_bottleneck"),
    [
        (2, 4.0, 1.0, False),
        (1, 50.0, 1.0, False),
        (2, 6.0, 1.0, True),
        (2, 24.0, 5.0, False),
        (49, 500.0, 5.0, False),
        (51, 24.0, 5.0, False),
        (51, 26.0, 5.0, True),
        (2, 3.0, 0.5, True),
    ],
)
def test_by_a_scale_a_machine_may_pause_the_generator_but_it_must_keep_up(
    count, late_ms, scale, is_bottleneck
):
    assert bool(sent_late(count, late_ms).bottleneck(scale)) == is_bottleneck


@pytest.mark.parametrize(("busy", "scale"), [(0.91, 1.0), (0.99, 5.0)])
def test_by_a_scale_a_client_process_may_leave_less_of_a_core(busy, scale):
    late = sent_late(0, 0.0)
    result = PartResult(late.part, (Round(late.records, (Used(busy * 10.0, 10.0),)),))
    assert "busy" in result.bottleneck(scale)
    assert result.bottleneck(scale * 5) == ""


def test_a_burst_may_take_a_client_process_some_time_to_send():
    burst = Part("one", "jobs", (Work("create"),), (Phase(1.0, 1.0, 1.0, burst=2000),), processes=2)
    assert burst_ms(burst) == 500
    assert burst_ms(part_of("constant")) == 0
