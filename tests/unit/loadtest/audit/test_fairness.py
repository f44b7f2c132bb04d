"""Turns are recomputed from when jobs were made, started and finished."""

from __future__ import annotations

import pytest

from loadtest.audit.fairness import Ran, fairness, firsts, most_at_once
from swath.job import JobInfo
from tests.unit.loadtest.audit.ledger import books, job

MS = 1000


def queue(owner: str, starts_ms: list[int], made_ms: int = 0) -> list[JobInfo]:
    """Jobs of an owner, all made at once, each of 10 ms from when it starts."""
    return [
        job(f"{owner} {n}", made_ms * MS, start * MS, (start + 10) * MS, owner=owner)
        for n, start in enumerate(starts_ms)
    ]


def test_a_job_is_a_first_where_its_owner_had_none_waiting():
    again = queue("ada", [0, 10, 20]) + queue("ada", [50, 60], made_ms=40)
    assert [one.made_us for one in firsts({"ada": again})] == [0, 40 * MS]


def test_before_it_go_those_that_ran_when_it_came_and_one_of_each_other_owner():
    jobs = {
        "greedy": queue("greedy", list(range(0, 100, 10))),
        "ada": queue("ada", [50], made_ms=25),
        "cleo": queue("cleo", [40], made_ms=30),
        "late": queue("late", [90], made_ms=80),
    }
    ada = next(one for one in firsts(jobs) if one.owner == "ada")
    starts_ms = sorted(begin / MS for begin, _ in ada.before)
    assert starts_ms == [20, 30, 40]
    assert ada.passed_by == 1  # the second of the greedy one


def test_the_service_time_is_that_from_start_to_start_while_jobs_wait():
    service = Ran(queue("ada", [0, 12, 24, 36])).service()
    assert service.running == 1
    assert service.each_s == pytest.approx(0.012)


def test_a_pause_in_which_nothing_waited_is_no_service_time():
    ran = Ran(queue("ada", [0, 12]) + queue("ada", [5000, 5012], made_ms=4999))
    assert ran.service().each_s == pytest.approx(0.012)


def test_two_workers_take_each_job_twice_as_long_as_starts_are_apart():
    service = Ran(queue("ada", [0, 5, 10, 15, 20])).service()
    assert service.running == 2
    assert service.each_s == pytest.approx(0.010)


@pytest.mark.parametrize(
    ("spans", "most"),
    [([], 0), ([(0, 10), (10, 20)], 1), ([(0, 10), (9, 20)], 2), ([(0, 9), (1, 3), (2, 9)], 3)],
)
def test_overlaps_are_counted(spans, most):
    assert most_at_once(spans) == most


def test_turns_that_alternate_are_fair():
    greedy = queue("greedy", [0, 10, 20, 40, 50, 60])
    found = fairness([], books(*greedy, *queue("ada", [30], made_ms=15)))
    assert found["firsts"] == 2
    assert found["late"] <= 1
    assert found["passed_over"] <= 1


def test_an_owner_who_waits_behind_the_whole_queue_of_another_is_not_served_fairly():
    greedy = queue("greedy", list(range(0, 200, 10)))
    found = fairness([], books(*greedy, *queue("ada", [200], made_ms=15)))
    assert found["late"] > 1
    assert found["passed_over"] > 1


def test_a_server_that_stands_still_before_a_first_is_late_and_passes_nobody_over():
    greedy = queue("greedy", [*range(0, 100, 10), *range(500, 600, 10)])
    busy = queue("busy", list(range(1000, 3000, 10)), made_ms=990)
    found = fairness([], books(*greedy, *busy, *queue("ada", [490], made_ms=95)))
    assert found["late"] > 1
    assert found["passed_over"] <= 1


def test_a_job_that_takes_long_and_has_its_turn_makes_nobody_late():
    slow = job("slow", 0, 0, 400 * MS, owner="greedy")
    greedy = [slow, *queue("greedy", list(range(420, 600, 10)))]
    found = fairness([], books(*greedy, *queue("ada", [402], made_ms=5)))
    assert found["first_ms"] == 397
    assert found["late"] < 0.2


def test_two_workers_of_which_one_is_idle_make_a_first_late():
    both = [job(f"b{n}", 0, at * MS, (at + 400) * MS, owner="ben") for n, at in enumerate([0, 1])]
    each = [start + n for start in range(500, 900, 10) for n in (0, 1)]
    greedy = queue("greedy", each, made_ms=499)
    fair = fairness([], books(*both, *greedy, *queue("ada", [401], made_ms=5)))
    idle = job("b3", 0, 1 * MS, 100 * MS, owner="ben")
    unfair = fairness([], books(both[0], idle, *greedy, *queue("ada", [401], made_ms=5)))
    assert fair["late"] <= 1 < unfair["late"]


def test_without_jobs_there_is_nothing_late():
    assert fairness([], books())["late"] == 0
