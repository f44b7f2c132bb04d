"""Jobs and promises of them, made by hand; times in µs."""

from __future__ import annotations

from typing import Any

from loadtest.audit.books import Books
from loadtest.told import Told
from swath.job import Attempt, JobInfo, Outcome, Progress, Stage, Status


def job(
    id_: str, made: int, started: int | None = None, finished: int | None = None, **more: Any
) -> JobInfo:
    """A job; it succeeded where it finished."""
    done = finished is not None
    usual: dict[str, Any] = {
        "owner": "ada",
        "stage": Stage.DONE if done else Stage.QUEUED,
        "status": Status.SUCCESS if done else Status.UNSPECIFIED,
        "revision": 3,
        "progress": Progress(),
        "attempt": 1,
        "updated_us": made,
        "labels": {"request": f"request of {id_}"},
    }
    times = {"created_us": made, "started_us": started, "finished_us": finished}
    return JobInfo(id_, **{**usual, **times, **more})


def attempts(*outcomes: Outcome) -> tuple[Attempt, ...]:
    """One after the other."""
    return tuple(Attempt(n, 0, 1, outcome) for n, outcome in enumerate(outcomes, 1))


def promised(id_: str, **more: Any) -> Told:
    """The request of a job was answered with it."""
    usual: dict[str, Any] = {"owner": "ada", "code": "OK", "begun_us": 0, "ended_us": 1}
    return Told(request=f"request of {id_}", job=id_, **{**usual, **more})


def refused(begun_us: int, ended_us: int, owner: str = "ada") -> Told:
    """A request that met a quota."""
    return Told(owner, f"refused {begun_us}", "RESOURCE_EXHAUSTED", begun_us, ended_us)


def books(*jobs: JobInfo, limit: int = 100) -> Books:
    """Of jobs of any owners."""
    owners = dict.fromkeys(one.owner for one in jobs)
    by_owner = {owner: tuple(j for j in jobs if j.owner == owner) for owner in owners}
    return Books(by_owner, dict.fromkeys(owners, limit), {one.id: one for one in jobs})
