"""Records as rows and rows as records; and the one way in which a job's row is changed."""

from __future__ import annotations

import dataclasses
from collections.abc import Sequence
from typing import Any

from sqlalchemy import Connection, bindparam, case, select, update

from job_server.store import refusal
from job_server.store.record import AttemptRecord, JobRecord, Lease, Piece
from job_server.store.sql import schema
from swath.job import Outcome, Stage, Status

FIELDS = tuple(field.name for field in dataclasses.fields(JobRecord))
COLUMNS = tuple(schema.job.c[name] for name in FIELDS)
"""What makes a JobRecord, in its order."""
_STAGE, _STATUS = FIELDS.index("stage"), FIELDS.index("status")
_FIXED = {"id", "owner", "created_us", "attempt_timeout_us", "age_limit_us", "priority", "type"}
_FIXED |= {"format", "resubmitted_from"}
_CHANGING = tuple(name for name in FIELDS if name not in _FIXED)

_GET = select(*COLUMNS).where(schema.job.c.id == bindparam("id"), ~schema.job.c.is_deleted)
_LOCK = _GET.with_for_update()
_HELD = (
    select(*COLUMNS)
    .where(schema.job.c.id == bindparam("id"), schema.job.c.fence == bindparam("fence"))
    .with_for_update()
)
_WRITE = (
    update(schema.job)
    .where(
        schema.job.c.id == bindparam("at_id"),
        schema.job.c.fence == bindparam("at_fence"),
        schema.job.c.revision == bindparam("at_revision"),
    )
    .values({name: bindparam(f"new_{name}") for name in _CHANGING})
)
_COUNT = (
    update(schema.owner)
    .where(schema.owner.c.owner == bindparam("at_owner"))
    .values(
        outstanding=schema.owner.c.outstanding + bindparam("more_outstanding"),
        running=schema.owner.c.running + bindparam("more_running"),
    )
)
# Whoever just got a queued job is not passed over; and a claim that was about to say so, because it
# had seen none, notices by `arrivals` that it is wrong.
_COUNT_QUEUED = _COUNT.values(wake_us=None, arrivals=schema.owner.c.arrivals + 1)
_END = (
    update(schema.attempt)
    .where(
        schema.attempt.c.job == bindparam("at_job"), schema.attempt.c.fence == bindparam("at_fence")
    )
    .values(
        ended_us=case(
            (schema.attempt.c.started_us > bindparam("at_us"), schema.attempt.c.started_us),
            else_=bindparam("at_us"),
        ),
        outcome=bindparam("new_outcome"),
        error=bindparam("new_error"),
    )
)


def record(row: Sequence[Any]) -> JobRecord:
    """The job whose COLUMNS are the first of the row."""
    values = list(row[: len(FIELDS)])
    values[_STAGE], values[_STATUS] = Stage[values[_STAGE]], Status[values[_STATUS]]
    return JobRecord(*values)


def parameters(job: JobRecord) -> dict[str, Any]:
    """The values of all COLUMNS."""
    values = {name: getattr(job, name) for name in FIELDS}
    values["stage"], values["status"] = job.stage.name, job.status.name
    values["labels"] = dict(job.labels)
    return values


def get(connection: Connection, job: str, owner: str | None, *, lock: bool = False) -> JobRecord:
    """The job; with `lock`, nobody else changes it until the transaction ends.

    Raises:
        JobNotFound: there is none, it is another owner's, or it was deleted.
    """
    row = connection.execute(_LOCK if lock else _GET, {"id": job}).first()
    if row is None or owner not in (None, row.owner):
        raise refusal.job_not_found(job)
    return record(row)


def under(connection: Connection, lease: Lease) -> JobRecord | None:
    """The job, locked, if that is still its last lease; it may have ended."""
    row = connection.execute(_HELD, {"id": lease.job, "fence": lease.fence}).first()
    return None if row is None else record(row)


def held(connection: Connection, lease: Lease) -> JobRecord:
    """The job, locked, which a worker has under that lease.

    Raises:
        LeaseLost: it has not.
    """
    job = under(connection, lease)
    if job is None or not job.is_leased:
        raise refusal.lease_lost(lease.job)
    return job


def write(connection: Connection, before: JobRecord, after: JobRecord) -> JobRecord:
    """Make a job what it became, and its owner's counters with it; the job after it.

    Raises:
        LeaseLost: somebody changed it since `before` was read.
    """
    if after is before:
        return before
    change(connection, before, after)
    outstanding = before.is_done - after.is_done
    running = after.is_leased - before.is_leased
    is_queued = after.stage is Stage.QUEUED and before.stage is not Stage.QUEUED
    if outstanding or running:
        count(connection, after.owner, outstanding, running, is_queued=is_queued)
    return after


def change(connection: Connection, before: JobRecord, after: JobRecord) -> None:
    """As `write`, for callers who count by themselves."""
    values = {f"new_{name}": getattr(after, name) for name in _CHANGING}
    values |= {"new_stage": after.stage.name, "new_status": after.status.name}
    values["new_labels"] = dict(after.labels)
    values |= {"at_id": before.id, "at_fence": before.fence, "at_revision": before.revision}
    if connection.execute(_WRITE, values).rowcount != 1:
        raise refusal.lease_lost(before.id)


def count(
    connection: Connection, owner: str, outstanding: int, running: int, *, is_queued: bool = False
) -> None:
    """Change what an owner has; `is_queued`: a job of it has just become one that claim finds."""
    changes = {"more_outstanding": outstanding, "more_running": running, "at_owner": owner}
    connection.execute(_COUNT_QUEUED if is_queued else _COUNT, changes)


def end_attempt(
    connection: Connection, job: JobRecord, outcome: Outcome, error: bytes | None, now_us: int
) -> None:
    """Note how the attempt under the job's fence ended."""
    values = {"at_job": job.id, "at_fence": job.fence, "at_us": now_us}
    connection.execute(_END, {**values, "new_outcome": outcome.name, "new_error": error})


def attempt(row: Any) -> AttemptRecord:
    """The attempt of a row of `attempt`."""
    return AttemptRecord(
        row.number,
        row.fence,
        row.worker,
        row.started_us,
        row.ended_us,
        Outcome[row.outcome],
        row.error,
    )


def piece(row: Any) -> Piece:
    """The piece of a row of `piece`."""
    return Piece(row.name, row.key, row.size_bytes, row.crc32)
