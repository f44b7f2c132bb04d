"""What is drawn is what was measured."""

from __future__ import annotations

import pytest

from loadtest.figures import PartResult
from loadtest.report import curves
from tests.loads import part, report, rounds_at, turn


def measured(*rounds):
    return report([PartResult(part(), rounds)])["parts"]["one"]


def test_throughput_of_several_rounds_is_their_mean():
    due, answered, failed = curves.throughput(measured(*rounds_at(1.0, 1.0, 1.0))).lines
    assert [rate for _, rate in due.points] == [50.0] * 4
    assert [rate for _, rate in answered.points] == [50.0] * 4
    assert [rate for _, rate in failed.points] == [0.0] * 4
    assert [at_s for at_s, _ in due.points] == [0.25, 0.75, 1.25, 1.75]


def test_latency_has_a_line_for_each_of_the_percentiles_that_are_drawn():
    of = measured(turn([2.0] * 99 + [40.0]))
    lines = {line.name: line.points[-1][1] for line in curves.latency(of).lines}
    assert lines["p50"] == pytest.approx(2.0, rel=0.002)
    assert lines["max"] == pytest.approx(40.0, rel=0.002)


def test_a_process_is_drawn_by_its_memory_and_by_the_share_of_a_core_that_it_used():
    of = measured(turn([2.0] * 10, memory_mib=150.0, used_s=0.6))
    (memory,) = curves.memory(of).lines
    (busy,) = curves.processor(of).lines
    assert list(memory.points) == [(float(at_s), 150.0) for at_s in range(4)]
    assert [share for _, share in busy.points] == pytest.approx([0.2, 0.2, 0.2])
    assert [at_s for at_s, _ in busy.points] == [0.5, 1.5, 2.5]


def test_more_processes_than_can_be_told_apart_are_the_largest():
    one = turn([2.0] * 10)
    grown = tuple(turn([2.0], name=f"p{n}", memory_mib=100.0 + n).growth[0] for n in range(9))
    of = measured(type(one)(one.records, one.used, grown))
    assert [line.name for line in curves.memory(of).lines] == "p8 p7 p6 p5 p4 p3".split()
