"""Queue a job, and take one of its owner's quota in the same transaction.

The quota is taken at once; rows wait in the transaction for those of the creates after them, and
are written together: of three round trips to the database, one is left for each.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

from sqlalchemy import Connection, Insert, bindparam, func, insert, select, update
from sqlalchemy.dialects import postgresql, sqlite

from job_server.store import change, refusal
from job_server.store.record import Created, JobRecord, Limits, NewJob
from job_server.store.sql import row, schema

_FIND = select(*row.COLUMNS, schema.job.c.spec_digest, schema.job.c.is_deleted).where(
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


@dataclass(frozen=True, slots=True)
class Known:
    """The job that a request made."""

    job: JobRecord
    spec_digest: bytes
    is_deleted: bool = False


class Unwritten:
    """Jobs that a transaction made and has yet to write, in their order."""

    def __init__(self) -> None:
        self._made: list[tuple[NewJob, JobRecord]] = []
        self._by_request: dict[tuple[str, str], Known] = {}

    def add(self, new: NewJob, job: JobRecord) -> None:
        """One more."""
        self._made.append((new, job))
        if new.request_id is not None:
            self._by_request[new.owner, new.request_id] = Known(job, new.spec_digest)

    def find(self, owner: str, request_id: str) -> Known | None:
        """The job that this request made."""
        return self._by_request.get((owner, request_id))

    def write(self, connection: Connection) -> None:
        """Write their rows; nothing is left."""
        if self._made:
            made = self._made
            self.forget()
            connection.execute(_INSERT, [_row(new, job) for new, job in made])
            connection.execute(_INSERT_SPEC, [{"job": n.id, "spec": n.spec} for n, _ in made])

    def forget(self) -> None:
        """Leave them unwritten."""
        self._made, self._by_request = [], {}


def create(
    connection: Connection, unwritten: Unwritten, new: NewJob, limits: Limits, now_us: int
) -> Created:
    """See `Transaction.create`. Its rows wait in `unwritten`."""
    if not _take(connection, new.owner, limits):
        # The last of the quota may have gone to this very request.
        known = _known(connection, unwritten, new)
        if known is None:
            raise _exceeded(connection, new.owner, limits)
        return known
    # Taking locked the owner: a repetition that runs at the same time has either ended or waits.
    known = _known(connection, unwritten, new)
    if known is not None:
        row.count(connection, new.owner, -1, 0)
        return known
    job = change.created(new, now_us)
    unwritten.add(new, job)
    return Created(job, is_replay=False)


def made(
    connection: Connection,
    unwritten: Unwritten,
    owner: str,
    request_id: str,
    spec_digest: bytes,
) -> JobRecord | None:
    """See `Transaction.made`."""
    found = unwritten.find(owner, request_id) or _written(connection, owner, request_id)
    if found is None:
        return None
    if found.spec_digest != spec_digest:
        raise refusal.request_id_reused(request_id)
    if found.is_deleted:
        raise refusal.job_deleted(found.job.id, request_id)
    return found.job


def ensure_owner(connection: Connection, owner: str) -> None:
    """Make the row of an owner, if there is none."""
    connection.execute(_insert_owner(connection), {"owner": owner, **_NOBODY})


def _known(connection: Connection, unwritten: Unwritten, new: NewJob) -> Created | None:
    if new.request_id is None:
        return None
    job = made(connection, unwritten, new.owner, new.request_id, new.spec_digest)
    return None if job is None else Created(job, is_replay=True)


def _written(connection: Connection, owner: str, request_id: str) -> Known | None:
    found = connection.execute(_FIND, {"owner": owner, "request_id": request_id}).first()
    if found is None:
        return None
    return Known(row.record(found), bytes(found.spec_digest), found.is_deleted)


def _row(new: NewJob, job: JobRecord) -> dict[str, Any]:
    values = row.parameters(job)
    values |= {"request_id": new.request_id, "spec_digest": new.spec_digest, "is_deleted": False}
    return values


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
