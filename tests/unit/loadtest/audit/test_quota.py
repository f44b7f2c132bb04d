"""Quotas are recomputed from when jobs were made and done."""

from __future__ import annotations

import pytest

from loadtest.audit.quota import most_outstanding, quota
from tests.unit.loadtest.audit.ledger import books, job, promised, refused

TWO = (job("a", 10, 20, 30), job("b", 15, 30, 40))
"""Two jobs at once from 15 to 30, one before and after."""


def test_the_most_that_were_not_done_at_once_are_counted():
    assert most_outstanding(TWO) == 2


def test_one_that_ends_in_the_moment_in_which_another_is_made_leaves_its_place():
    assert most_outstanding([job("a", 10, 20, 30), job("b", 30, 31, 40)]) == 1


def test_one_that_never_ended_keeps_its_place():
    assert most_outstanding([job("a", 10), job("b", 1000, 1001, 1002)]) == 2


@pytest.mark.parametrize(("begun", "ended"), [(16, 17), (5, 15), (30, 35), (1, 100), (20, 25)])
def test_a_refusal_while_the_owner_had_all_it_may_is_right(begun, ended):
    assert quota([refused(begun, ended)], books(*TWO, limit=2))["too_early"] == 0


@pytest.mark.parametrize(("begun", "ended"), [(1, 14), (31, 100), (41, 50)])
def test_a_refusal_of_an_owner_who_had_room_all_the_time_is_too_early(begun, ended):
    assert quota([refused(begun, ended)], books(*TWO, limit=2))["too_early"] == 1


def test_a_refusal_is_held_against_the_jobs_of_its_own_owner():
    both = books(*TWO, job("c", 10, 20, 30, owner="ben"), limit=2)
    assert quota([refused(16, 17, "ben"), refused(16, 17)], both)["too_early"] == 1


def test_an_owner_over_its_limit_is_told_by_how_much():
    assert quota([], books(*TWO, limit=1))["over"] == 1


def test_an_owner_below_its_limit_is_not_over_it():
    assert quota([], books(*TWO, limit=5))["over"] == -3


def test_every_request_is_accepted_refused_or_something_else():
    other = type(refused(1, 2))("ada", "cut", "CANCELLED", 1, 2)
    found = quota([promised("a"), refused(16, 17), other], books(*TWO))
    assert [found[key] for key in ("sent", "accepted", "refused", "otherwise")] == [3, 1, 1, 1]


def test_jobs_that_were_accepted_and_are_not_listed_are_missed():
    assert quota([promised("a"), promised("z")], books(*TWO))["unlisted"] == 1


def test_jobs_of_requests_that_were_refused_are_found():
    made = job("x", 50, labels={"request": "refused 16"})
    assert quota([refused(16, 17)], books(*TWO, made, limit=2))["unlisted"] == 1
