"""What owners change: cancel a job, its labels or its keeping; delete it. And their limits."""

from __future__ import annotations

from sqlalchemy import Connection, bindparam, delete, select, update

from job_server.store import change, refusal
from job_server.store.record import JobRecord, Limits
from job_server.store.sql import create, expire, piece, row, schema

_REMOVED = select(schema.job.c.removed_us).where(schema.job.c.id == bindparam("id"))
_ROW = (
    select(*row.COLUMNS, schema.job.c.is_deleted)
    .where(schema.job.c.id == bindparam("id"))
    .with_for_update()
)
_BURY = update(schema.job).where(schema.job.c.id == bindparam("at_id")).values(is_deleted=True)
_LONG_PARTS = tuple(
    delete(table).where(table.c.job == bindparam("at_id"))
    for table in (schema.spec, schema.plan, schema.attempt)
)
_LIMIT = (
    update(schema.owner)
    .where(schema.owner.c.owner == bindparam("at_owner"))
    .values(outstanding_limit=bindparam("new_outstanding"), running_limit=bindparam("new_running"))
)


def cancel(
    connection: Connection, freed: list[str], job: str, owner: str | None, now_us: int
) -> JobRecord:
    """See `Transaction.cancel`."""
    before = row.get(connection, job, owner, lock=True)
    after = row.write(connection, before, change.cancelled(before, now_us))
    if after.is_done and not before.is_done:
        freed += piece.drop(connection, job)
    return after


def alter(
    connection: Connection,
    job: str,
    owner: str | None,
    now_us: int,
    labels: dict[str, str] | None,
    keep_us: int | None,
) -> JobRecord:
    """See `Transaction.update`."""
    before = row.get(connection, job, owner, lock=True)
    if keep_us is not None and connection.execute(_REMOVED, {"id": job}).scalar() is not None:
        raise refusal.result_expired(before)
    return row.write(connection, before, change.updated(before, labels, keep_us, now_us))


def remove(
    connection: Connection, freed: list[str], job: str, owner: str | None, now_us: int
) -> JobRecord | None:
    """See `Transaction.delete`."""
    found = connection.execute(_ROW, {"id": job}).first()
    if found is None or owner not in (None, found.owner):
        raise refusal.job_not_found(job)
    if found.is_deleted:
        return None
    before = row.record(found)
    if not before.is_done:
        raise refusal.job_not_done(before)
    after = expire.remove(connection, freed, before, now_us)
    for statement in (_BURY, *_LONG_PARTS):
        connection.execute(statement, {"at_id": job})
    return after


def set_limits(connection: Connection, owner: str, limits: Limits) -> None:
    """See `Transaction.set_limits`."""
    create.ensure_owner(connection, owner)
    changes = {"new_outstanding": limits.outstanding, "new_running": limits.running}
    connection.execute(_LIMIT, {**changes, "at_owner": owner})
