"""A job that was promised and is not there, or went on after its end, is found in the books."""

from __future__ import annotations

import pytest

from loadtest.audit.fate import fate
from swath.job import Outcome, Status
from tests.unit.loadtest.audit.ledger import attempts, books, job, promised

DONE = attempts(Outcome.SUCCESS)


def test_jobs_that_ended_well_once_are_neither_lost_nor_doubled():
    told = [promised("a"), promised("b", end_revision=3)]
    found = fate(told, books(job("a", 0, 1, 2, attempts=DONE), job("b", 0, 1, 2, attempts=DONE)))
    assert found["acknowledged"] == 2
    assert sum(found.values()) == 2


def test_a_promised_job_that_is_not_listed_is_lost():
    assert fate([promised("a"), promised("b")], books(job("a", 0, 1, 2)))["lost"] == 1


def test_a_promised_job_that_does_not_end_is_lost():
    assert fate([promised("a")], books(job("a", 0, 1)))["lost"] == 1


def test_a_job_that_failed_is_not_lost():
    found = fate([promised("a")], books(job("a", 0, 1, 2, status=Status.FAILURE)))
    assert (found["lost"], found["failed"]) == (0, 1)


@pytest.mark.parametrize(
    "after", [(Outcome.SUCCESS,), (Outcome.LOST,), (Outcome.FAILURE, Outcome.SUCCESS)]
)
def test_an_attempt_after_one_that_succeeded_is_a_second_end(after):
    twice = job("a", 0, 1, 2, attempts=attempts(Outcome.SUCCESS, *after))
    assert fate([promised("a")], books(twice))["ended_twice"] == 1


def test_attempts_before_the_one_that_succeeded_are_none():
    tries = attempts(Outcome.LOST, Outcome.FAILURE, Outcome.RELEASED, Outcome.SUCCESS)
    found = fate([promised("a")], books(job("a", 0, 1, 2, attempts=tries, attempt=3)))
    assert (found["ended_twice"], found["run_again"]) == (0, 1)


def test_an_end_other_than_the_one_its_owner_saw_is_a_second_end():
    found = fate([promised("a", end_revision=2)], books(job("a", 0, 1, 2, attempts=DONE)))
    assert found["ended_twice"] == 1


def test_two_jobs_of_one_request_were_made_twice():
    same = {"request": "request of a"}
    found = fate([promised("a")], books(job("a", 0, 1, 2), job("b", 0, 1, 2, labels=same)))
    assert found["made_twice"] == 1


def test_a_job_whose_client_never_heard_of_it_is_counted_apart():
    unheard = promised("a", code="UNAVAILABLE")
    unheard = type(unheard)(unheard.owner, unheard.request, "UNAVAILABLE", 0, 1)
    found = fate([unheard], books(job("a", 0, 1, 2)))
    assert (found["acknowledged"], found["unheard"], found["lost"]) == (0, 1, 0)


def test_jobs_of_other_loads_are_left_alone():
    found = fate([promised("a")], books(job("a", 0, 1, 2), job("z", 0, labels={})))
    assert found["unheard"] == found["made_twice"] == found["lost"] == 0
