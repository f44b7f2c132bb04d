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


def test_owners_who_wait_meanwhile_are_ahead_of_it():
    jobs = {
        "greedy": queue("greedy", list(range(0, 100, 10))),
        "ada": queue("ada", [40], made_ms=25),
        "late": queue("late", [90], made_ms=80),
    }
    ada = next(one for one in firsts(jobs) if one.owner == "ada")
    assert (ada.ahead, ada.started_before) == (1, 1)


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


def test_without_jobs_there_is_nothing_late():
    assert fairness([], books())["late"] == 0
