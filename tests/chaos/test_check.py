"""The judge finds every kind of broken promise, and nothing in a history without one."""

from __future__ import annotations

import copy
from collections.abc import Callable
from typing import Any

import pytest

from tests.chaos.check import RULES, Facts, violations
from tests.chaos.history import Event

RIGHT = {"number": "right"}
REASONS = {"impossible": "PRODUCT_NOT_FOUND"}
QUEUED, RUNNING, DONE = "STAGE_QUEUED", "STAGE_RUNNING", "STAGE_DONE"
OPEN, SUCCESS, FAILURE, CANCELLED = (
    "STATUS_UNSPECIFIED",
    "STATUS_SUCCESS",
    "STATUS_FAILURE",
    "STATUS_CANCELLED",
)


def event(verb: str, at: float, **fields: Any) -> Event:
    return {"verb": verb, "began": at, "ended": at + 0.5, **fields}


def state(job: str, revision: int, stage: str, status: str = OPEN, **fields: Any) -> Event:
    usual = {"job": job, "revision": revision, "stage": stage, "status": status}
    usual |= {"attempt": 1, "cancel_requested": False, "updated_us": revision}
    usual |= {"finished_us": revision if stage == DONE else None}
    return {**usual, **fields}


def final(job: str, revision: int, status: str, fences: list[list[Any]], **fields: Any) -> Event:
    usual = {"owner": "ann", "request": f"r-{job}", "is_resubmitted": False, "reason": ""}
    usual |= {"fence": fences[-1][0] if fences else 0, "attempts": fences, "losses": [0, 0, 0]}
    usual |= {"pieces": 0, "result": None}
    return event("final", 90, **{**state(job, revision, DONE, status), **usual, **fields})


def good() -> list[Event]:
    """One job that succeeds at the second try, one that fails, one that is cancelled."""
    won = [[1, "OUTCOME_LOST"], [2, "OUTCOME_SUCCESS"]]
    whole = {"digest": "right", "bytes": 9, "bytes_said": 9}
    called_off = state("c", 2, DONE, CANCELLED, cancel_requested=True)
    return [
        event("asked", 0, owner="ann", request="r-a", work="number"),
        event("created", 0, owner="ann", request="r-a", work="number", **state("a", 1, QUEUED)),
        event("asked", 1, owner="ann", request="r-b", work="impossible"),
        event("created", 1, owner="ann", request="r-b", work="impossible", **state("b", 1, QUEUED)),
        event("asked", 2, owner="ann", request="r-c", work="number"),
        event("created", 2, owner="ann", request="r-c", work="number", **state("c", 1, QUEUED)),
        event("cancelled", 3, **called_off),
        event("told", 4, stream="s-1", after=0, **state("a", 1, QUEUED)),
        event("told", 4, stream="s-1", after=0, **state("a", 3, RUNNING)),
        event("told", 5, stream="s-2", after=3, **state("a", 6, DONE, SUCCESS)),
        event("stream_ended", 6, stream="s-2", job="a"),
        event("got", 7, **state("a", 6, DONE, SUCCESS)),
        event("result", 8, job="a", digest="right", bytes=9),
        event("quota", 8, owner="ann", outstanding=1, limit=3),
        event("stale", 9, job="a", fence=1, act="commit", is_accepted=False),
        event("stale", 9, job="b", fence=1, act="fail", is_accepted=True),
        event("settled", 80),
        event("server_stopped", 85, status=0),
        final("a", 6, SUCCESS, won, result=whole),
        final("b", 3, FAILURE, [[1, "OUTCOME_FAILURE"]], reason="PRODUCT_NOT_FOUND"),
        final("c", 2, CANCELLED, [], cancel_requested=True),
        event("usage", 91, owner="ann", outstanding=0, running=0),
        event("recount", 92, wrong=[]),
        event("objects", 93, there=1, orphans=[], missing=[], staged=[]),
        event("integrity", 94, problems=[]),
        event("committed", 95, job="a", fence=2),
    ]


def judged(events: list[Event]) -> set[str]:
    """Names of the rules that were broken."""
    found = violations(Facts(events, RIGHT, REASONS))
    return {said.partition(":")[0] for said in found}


def test_a_history_without_breach_is_found_without_breach():
    assert violations(Facts(good(), RIGHT, REASONS)) == []


def change(verb: str, job: str, **fields: Any) -> Callable[[list[Event]], None]:
    """Makes the last such event say something else."""

    def apply(events: list[Event]) -> None:
        found = [one for one in events if one["verb"] == verb and one.get("job", job) == job]
        found[-1].update(fields)

    return apply


def drop(verb: str, job: str = "") -> Callable[[list[Event]], None]:
    """Takes such events away."""

    def apply(events: list[Event]) -> None:
        events[:] = [
            one for one in events if one["verb"] != verb or (job and one.get("job") != job)
        ]

    return apply


def more(*others: Event) -> Callable[[list[Event]], None]:
    """Puts events behind."""
    return lambda events: events.extend(others)


BREACHES = {
    "an acknowledged job is gone": (drop("final", "a"), "acknowledged_jobs_are_there"),
    "a job is not found": (more(event("missing", 9, job="a")), "acknowledged_jobs_are_there"),
    "a deleted job is back": (
        more(event("deleting", 9, job="a"), event("deleted", 9, job="a")),
        "deleted_jobs_stay_deleted",
    ),
    "a request became two jobs": (
        more(
            event("created", 9, owner="ann", request="r-a", work="number", **state("d", 1, QUEUED)),
            final("d", 2, CANCELLED, [], cancel_requested=True, request="r-a"),
        ),
        "a_request_is_one_job",
    ),
    "an unanswered request became a second job": (
        more(final("d", 2, CANCELLED, [], cancel_requested=True, request="r-a")),
        "a_request_is_one_job",
    ),
    "a job of no request": (
        more(final("d", 2, CANCELLED, [], cancel_requested=True)),
        "jobs_belong_to_requests",
    ),
    "two ends": (change("final", "a", finished_us=7), "jobs_end_once"),
    "another status later": (change("final", "c", status=FAILURE), "jobs_end_once"),
    "alive after its end": (more(event("got", 9, **state("a", 7, RUNNING))), "jobs_end_once"),
    "a revision that was undone": (
        more(event("told", 4.6, stream="s-3", after=0, **state("a", 3, QUEUED))),
        "a_revision_is_one_state",
    ),
    "an older answer": (more(event("got", 9, **state("a", 3, RUNNING))), "reads_go_forward"),
    "older at the end": (change("final", "b", revision=0), "reads_go_forward"),
    "a watch goes back": (
        more(event("told", 5, stream="s-2", after=3, **state("a", 6, DONE, SUCCESS))),
        "watches_go_forward",
    ),
    "a watch tells what was seen": (
        more(event("told", 9, stream="s-9", after=3, **state("a", 3, RUNNING))),
        "watches_go_forward",
    ),
    "a watch ends before the job": (
        more(event("stream_ended", 9, stream="s-1", job="a")),
        "watches_go_forward",
    ),
    "a cancelled job succeeds": (
        more(event("cancelled", 4.1, **state("a", 4, RUNNING, cancel_requested=True))),
        "cancelled_stays_cancelled",
    ),
    "a cancellation is not noted": (
        more(event("cancelled", 4.1, **state("a", 4, RUNNING))),
        "cancelled_stays_cancelled",
    ),
    "jobs do not end": (drop("settled"), "every_job_ends"),
    "a job is left": (change("final", "b", stage=QUEUED), "every_job_ends"),
    "an impossible success": (change("final", "b", status=SUCCESS), "ends_are_right"),
    "a failure without cause": (change("final", "b", reason="INTERNAL"), "ends_are_right"),
    "a failure after one crash": (
        change("final", "b", reason="ENGINE_CRASHED", losses=[1, 0, 0]),
        "ends_are_right",
    ),
    "cancelled by nobody": (change("final", "c", cancel_requested=False), "ends_are_right"),
    "a fence twice": (
        change("final", "a", attempts=[[2, "OUTCOME_LOST"], [2, "OUTCOME_SUCCESS"]]),
        "fences_grow",
    ),
    "won by a stale attempt": (
        change("final", "a", attempts=[[1, "OUTCOME_SUCCESS"], [2, "OUTCOME_LOST"]]),
        "fences_grow",
    ),
    "a stale commit was taken": (
        change("stale", "a", is_accepted=True),
        "stale_workers_change_nothing",
    ),
    "a stale failure was taken": (
        more(event("stale", 9, job="a", fence=1, act="fail", is_accepted=True)),
        "stale_workers_change_nothing",
    ),
    "two workers committed": (
        more(event("committed", 9, job="a", fence=1)),
        "stale_workers_change_nothing",
    ),
    "a success without result": (
        change("final", "a", result=None),
        "a_success_has_one_whole_result",
    ),
    "a wrong result": (
        change("final", "a", result={"digest": "wrong", "bytes": 9, "bytes_said": 9}),
        "a_success_has_one_whole_result",
    ),
    "half a result": (
        change("final", "a", result={"digest": "right", "bytes": 4, "bytes_said": 9}),
        "a_success_has_one_whole_result",
    ),
    "a result of a failure": (
        change("final", "b", result={"digest": "right", "bytes": 9, "bytes_said": 9}),
        "a_success_has_one_whole_result",
    ),
    "a wrong download": (change("result", "a", digest="no"), "a_success_has_one_whole_result"),
    "a result that went": (
        more(event("no_result", 9, job="a", reason="RESULT_NOT_AVAILABLE")),
        "a_success_has_one_whole_result",
    ),
    "over the quota": (change("quota", "", outstanding=4), "quotas_are_exact"),
    "counters that drift": (change("recount", "", wrong=["ann"]), "quotas_are_exact"),
    "counters without jobs": (change("usage", "", outstanding=1), "quotas_are_exact"),
    "an orphan": (change("objects", "", orphans=["k"]), "nothing_is_left_over"),
    "an object is missing": (change("objects", "", missing=["k"]), "nothing_is_left_over"),
    "pieces of a failure": (change("final", "b", pieces=1), "nothing_is_left_over"),
    "a damaged database": (change("integrity", "", problems=["row 3"]), "the_database_is_whole"),
    "nobody looked at the database": (drop("integrity"), "the_database_is_whole"),
    "an error nobody expects": (
        more(event("error", 9, act="create", reason="INTERNAL", said="?")),
        "errors_are_told_as_they_are",
    ),
    "a fault in the log": (
        more(event("internal", 9, log="log", event="create_job", said=["?"])),
        "errors_are_told_as_they_are",
    ),
    "a server that ends badly": (
        change("server_stopped", "", status=1),
        "errors_are_told_as_they_are",
    ),
}


@pytest.mark.parametrize(("breach", "rule"), BREACHES.values(), ids=BREACHES)
def test_each_breach_is_found(breach, rule):
    events = copy.deepcopy(good())
    breach(events)
    assert rule in judged(events)


def test_every_rule_can_be_broken():
    assert {rule.__name__ for rule in RULES} == {rule for _, rule in BREACHES.values()}


def test_a_failure_after_three_crashes_is_no_breach():
    events = copy.deepcopy(good())
    lost = [[fence, "OUTCOME_LOST"] for fence in (1, 2, 3)]
    change("final", "b", reason="ENGINE_CRASHED", losses=[3, 0, 0], attempts=lost, fence=3)(events)
    drop("stale", "b")(events)
    assert judged(events) == set()


def test_a_job_that_was_deleted_may_be_gone():
    events = copy.deepcopy(good())
    drop("final", "a")(events)
    more(event("deleting", 9, job="a"), event("missing", 10, job="a"))(events)
    assert judged(events) == set()
