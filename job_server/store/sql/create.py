"""Queue a job, and take one of its owner's quota in the same transaction.

A transaction locks the row of an owner once, and counts from there by itself: what its creates took
of the quota, and their rows, are written together. Of three round trips to the database for each
create, none is left but that for its request id.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

from sqlalchemy import Connection, Insert, bindparam, insert, select
from sqlalchemy.dialects import postgresql, sqlite

from job_server.store import change, refusal
from job_server.store.record import Created, JobRecord, Limits, NewJob
from job_server.store.sql import row, schema

_FIND = select(*row.COLUMNS, schema.job.c.spec_digest, schema.job.c.is_deleted).where(
    schema.job.c.owner == bindparam("owner"), schema.job.c.request_id == bindparam("request_id")
)
_LOCK = (
    select(schema.owner.c.outstanding, schema.owner.c.outstanding_limit)
    .where(schema.owner.c.owner == bindparam("owner"))
    .with_for_update()
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


@dataclass(slots=True)
class _Share:
    """What a transaction takes of an owner's quota, whose row it has locked."""

    outstanding: int
    """Before it."""
    limit: int
    taken: int = 0

    @property
    def is_used_up(self) -> bool:
        return self.outstanding + self.taken >= self.limit


class Unwritten:
    """Jobs that a transaction made and has yet to write, in their order, and what they take."""

    def __init__(self) -> None:
        self._made: list[tuple[NewJob, JobRecord]] = []
        self._by_request: dict[tuple[str, str], Known] = {}
        self._shares: dict[str, _Share] = {}

    def share(self, connection: Connection, owner: str, limits: Limits) -> _Share:
        """That of an owner, whose row is locked by now."""
        share = self._shares.get(owner)
        if share is None:
            share = self._shares[owner] = _locked(connection, owner, limits)
        return share

    def add(self, new: NewJob, job: JobRecord) -> None:
        """One more, of an owner whose share has room."""
        self._shares[new.owner].taken += 1
        self._made.append((new, job))
        if new.request_id is not None:
            self._by_request[new.owner, new.request_id] = Known(job, new.spec_digest)

    def find(self, owner: str, request_id: str) -> Known | None:
        """The job that this request made."""
        return self._by_request.get((owner, request_id))

    def write(self, connection: Connection) -> None:
        """Write what they take, and their rows; nothing is left."""
        made, shares = self._made, self._shares
        self.forget()
        if made:
            for owner, share in shares.items():
                if share.taken:
                    row.count(connection, owner, share.taken, 0, is_queued=True)
            connection.execute(_INSERT, [_row(new, job) for new, job in made])
            connection.execute(_INSERT_SPEC, [{"job": n.id, "spec": n.spec} for n, _ in made])

    def forget(self) -> None:
        """Leave them unwritten."""
        self._made, self._by_request, self._shares = [], {}, {}


def create(
    connection: Connection, unwritten: Unwritten, new: NewJob, limits: Limits, now_us: int
) -> Created:
    """See `Transaction.create`. Its rows wait in `unwritten`."""
    # First the lock: a repetition that runs at the same time has either ended, or waits for it.
    share = unwritten.share(connection, new.owner, limits)
    known = _known(connection, unwritten, new)
    if known is not None:
        return known
    if share.is_used_up:
        raise refusal.quota_exceeded(share.outstanding + share.taken, share.limit)
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


def _locked(connection: Connection, owner: str, limits: Limits) -> _Share:
    found = connection.execute(_LOCK, {"owner": owner}).first()
    if found is None:
        ensure_owner(connection, owner)
        found = connection.execute(_LOCK, {"owner": owner}).one()
    limit = limits.outstanding if found.outstanding_limit is None else found.outstanding_limit
    return _Share(found.outstanding, limit)


def _insert_owner(connection: Connection) -> Insert:
    if connection.dialect.name == "sqlite":
        return _ENSURE_SQLITE
    return _ENSURE_POSTGRES


_ENSURE_SQLITE = sqlite.insert(schema.owner).on_conflict_do_nothing()
_ENSURE_POSTGRES = postgresql.insert(schema.owner).on_conflict_do_nothing()
