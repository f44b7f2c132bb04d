"""Remove results that were kept long enough, and later their rows."""

from __future__ import annotations

from sqlalchemy import Connection, bindparam, delete, select, update

from job_server.store import change
from job_server.store.record import JobRecord
from job_server.store.sql import read, row, schema

_job = schema.job.c
_DUE = (
    select(*row.COLUMNS)
    .where(
        _job.expires_us.is_not(None),
        _job.removed_us.is_(None),
        _job.expires_us <= bindparam("now_us"),
    )
    .order_by(_job.expires_us, _job.id)
    .limit(bindparam("most"))
    .with_for_update(skip_locked=True)
)
_MARK = (
    update(schema.job).where(_job.id == bindparam("at_id")).values(removed_us=bindparam("at_us"))
)
_PARTS = tuple(
    delete(table).where(table.c.job == bindparam("at_id"))
    for table in (schema.piece, schema.manifest)
)
_OLD = (
    select(_job.id)
    .where(_job.removed_us.is_not(None), _job.removed_us < bindparam("before_us"))
    .order_by(_job.removed_us, _job.id)
    .limit(bindparam("most"))
    .with_for_update(skip_locked=True)
)
_FORGET = delete(schema.job).where(_job.id.in_(_OLD))


def expire(connection: Connection, freed: list[str], now_us: int, most: int) -> list[JobRecord]:
    """See `Transaction.expire`."""
    due = connection.execute(_DUE, {"now_us": now_us, "most": most}).all()
    return [remove(connection, freed, row.record(found), now_us) for found in due]


def remove(connection: Connection, freed: list[str], job: JobRecord, now_us: int) -> JobRecord:
    """Mark the result of a locked job as removed, and free what it named."""
    freed += read.referenced(connection, [job.id])
    after = row.write(connection, job, change.removed(job, now_us))
    connection.execute(_MARK, {"at_id": job.id, "at_us": now_us})
    for statement in _PARTS:
        connection.execute(statement, {"at_id": job.id})
    return after


def forget(connection: Connection, before_us: int, most: int) -> int:
    """See `Transaction.forget`; the other rows of a job go with its own."""
    return connection.execute(_FORGET, {"before_us": before_us, "most": most}).rowcount
