"""Queue a job, and take one of its owner's quota in the same transaction."""

from __future__ import annotations

from typing import Any

from sqlalchemy import Connection, Insert, bindparam, func, insert, select, update
from sqlalchemy.dialects import postgresql, sqlite

from job_server.store import change, refusal
from job_server.store.record import Created, Limits, NewJob
from job_server.store.sql import row, schema

_FIND = select(*row.COLUMNS, schema.job.c.spec_digest).where(
    schema.job.c.owner == bindparam("owner"), schema.job.c.request_id == bindparam("request_id")
)
_TAKE = (
    update(schema.owner)
    .where(
        schema.owner.c.owner == bindparam("at_owner"),
        schema.owner.c.outstanding
        < func.coalesce(schema.owner.c.outstanding_limit, bindparam("limit")),
    )
    .values(
        outstanding=schema.owner.c.outstanding + 1,
        wake_us=None,
        arrivals=schema.owner.c.arrivals + 1,
    )
)
_HAS = select(schema.owner.c.outstanding, schema.owner.c.outstanding_limit).where(
    schema.owner.c.owner == bindparam("owner")
)
_INSERT = insert(schema.job)
_INSERT_SPEC = insert(schema.spec)
_NOBODY = {"outstanding": 0, "running": 0, "vt": 0, "arrivals": 0}


def create(connection: Connection, new: NewJob, limits: Limits, now_us: int) -> Created:
    """See `Transaction.create`."""
    known = _known(connection, new)
    if known is not None:
        return known
    if not _take(connection, new.owner, limits):
        # The last of the quota may have gone, meanwhile, to this very request.
        known = _known(connection, new)
        if known is not None:
            return known
        raise _exceeded(connection, new.owner, limits)
    # Taking locked the owner: a repetition that runs at the same time has either ended or waits.
    known = _known(connection, new)
    if known is not None:
        row.count(connection, new.owner, -1, 0)
        return known
    job = change.created(new, now_us)
    values: dict[str, Any] = row.parameters(job)
    values |= {"request_id": new.request_id, "spec_digest": new.spec_digest, "is_deleted": False}
    connection.execute(_INSERT, values)
    connection.execute(_INSERT_SPEC, {"job": new.id, "spec": new.spec})
    return Created(job, is_replay=False)


def ensure_owner(connection: Connection, owner: str) -> None:
    """Make the row of an owner, if there is none."""
    connection.execute(_insert_owner(connection), {"owner": owner, **_NOBODY})


def _known(connection: Connection, new: NewJob) -> Created | None:
    if new.request_id is None:
        return None
    found = connection.execute(_FIND, {"owner": new.owner, "request_id": new.request_id}).first()
    if found is None:
        return None
    if bytes(found.spec_digest) != new.spec_digest:
        raise refusal.request_id_reused(new.request_id)
    return Created(row.record(found), is_replay=True)


def _take(connection: Connection, owner: str, limits: Limits) -> bool:
    changes = {"at_owner": owner, "limit": limits.outstanding}
    if connection.execute(_TAKE, changes).rowcount:
        return True
    ensure_owner(connection, owner)
    return connection.execute(_TAKE, changes).rowcount == 1


def _exceeded(connection: Connection, owner: str, limits: Limits) -> Exception:
    has = connection.execute(_HAS, {"owner": owner}).one()
    limit = limits.outstanding if has.outstanding_limit is None else has.outstanding_limit
    return refusal.quota_exceeded(has.outstanding, limit)


def _insert_owner(connection: Connection) -> Insert:
    if connection.dialect.name == "sqlite":
        return _ENSURE_SQLITE
    return _ENSURE_POSTGRES


_ENSURE_SQLITE = sqlite.insert(schema.owner).on_conflict_do_nothing()
_ENSURE_POSTGRES = postgresql.insert(schema.owner).on_conflict_do_nothing()
