"""End an attempt without success: by its worker, or by the reaper for a worker that was lost."""

from __future__ import annotations

from sqlalchemy import Connection, bindparam, or_, select

from job_server.store import change, refusal
from job_server.store.record import Failure, JobRecord, Lease
from job_server.store.sql import piece, row, schema
from job_server.store.store import Decide
from swath.job import Outcome

_job = schema.job.c
_OUTCOME = select(schema.attempt.c.outcome).where(
    schema.attempt.c.job == bindparam("job"), schema.attempt.c.fence == bindparam("fence")
)
_FAILED = (Outcome.FAILURE.name, Outcome.CANCELLED.name)
# Locked while they are decided on: where a heartbeat comes first, its row is passed over, or is no
# longer overdue; where this comes first, the heartbeat finds no lease.
_OVERDUE = (
    select(*row.COLUMNS)
    .where(
        _job.lease_until_us.is_not(None),
        or_(_job.lease_until_us <= bindparam("now_us"), _job.deadline_us <= bindparam("now_us")),
    )
    .order_by(_job.lease_until_us, _job.id)
    .limit(bindparam("most"))
    .with_for_update(skip_locked=True)
)


def fail(
    connection: Connection, freed: list[str], lease: Lease, failure: Failure, now_us: int
) -> JobRecord:
    """See `Transaction.fail`."""
    before = row.under(connection, lease)
    if before is None:
        raise refusal.lease_lost(lease.job)
    if before.is_leased:
        return _end(connection, freed, before, failure, now_us)
    outcome = connection.execute(_OUTCOME, {"job": lease.job, "fence": lease.fence}).scalar()
    if outcome not in _FAILED:
        raise refusal.lease_lost(lease.job)
    return before


def release(connection: Connection, freed: list[str], lease: Lease, now_us: int) -> JobRecord:
    """See `Transaction.release`."""
    before = row.held(connection, lease)
    after = row.write(connection, before, change.released(before, now_us))
    if after.is_done:
        freed += piece.drop(connection, after.id)
    row.end_attempt(connection, after, Outcome.RELEASED, None, now_us)
    return after


def reap(
    connection: Connection, freed: list[str], decide: Decide, now_us: int, most: int
) -> list[JobRecord]:
    """See `Transaction.reap`."""
    found = connection.execute(_OVERDUE, {"now_us": now_us, "most": most}).all()
    overdue = [row.record(one) for one in found]
    return [_end(connection, freed, job, decide(job), now_us) for job in overdue]


def _end(
    connection: Connection, freed: list[str], before: JobRecord, failure: Failure, now_us: int
) -> JobRecord:
    after = row.write(connection, before, change.failed(before, failure, now_us))
    if after.is_done:
        freed += piece.drop(connection, after.id)
    outcome = change.outcome(after, failure)
    row.end_attempt(connection, after, outcome, failure.error, now_us)
    return after
