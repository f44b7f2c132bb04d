"""All that is read and changes nothing."""

from __future__ import annotations

from collections.abc import Mapping, Sequence

from sqlalchemy import ColumnElement, Connection, bindparam, func, literal, select, tuple_
from sqlalchemy.dialects.postgresql import JSONB

from job_server.store import refusal
from job_server.store.record import (
    AttemptRecord,
    Filter,
    JobRecord,
    Limits,
    Manifest,
    Piece,
    Place,
    Totals,
    Usage,
)
from job_server.store.sql import row, schema

_AT_ONCE = 1000
"""Ids named in one statement; SQLite takes 32,766 parameters at most, PostgreSQL twice that."""

_job = schema.job.c
_SPEC = select(schema.spec.c.spec).where(schema.spec.c.job == bindparam("job"))
_ATTEMPTS = (
    select(schema.attempt)
    .where(schema.attempt.c.job == bindparam("job"))
    .order_by(schema.attempt.c.fence.desc())
    .limit(bindparam("most"))
)
_MANIFEST = select(schema.manifest).where(schema.manifest.c.job == bindparam("job"))
_PIECES = (
    select(schema.piece).where(schema.piece.c.job == bindparam("job")).order_by(schema.piece.c.name)
)
_PIECE = select(schema.piece).where(
    schema.piece.c.job == bindparam("job"), schema.piece.c.name == bindparam("name")
)
_OWNER = select(schema.owner).where(schema.owner.c.owner == bindparam("owner"))
_TOTALS = select(
    func.coalesce(func.sum(schema.owner.c.outstanding), 0),
    func.coalesce(func.sum(schema.owner.c.running), 0),
)
_NEXT = select(_job.run_at_us).where(_job.stage == schema.QUEUED).order_by(_job.run_at_us).limit(1)
_LATEST = select(func.max(_job.updated_us), func.max(_job.lease_until_us))


def spec(connection: Connection, job: str) -> bytes:
    """See `Transaction.spec`."""
    found = connection.execute(_SPEC, {"job": job}).scalar()
    if found is None:
        raise refusal.job_not_found(job)
    return bytes(found)


def attempts(connection: Connection, job: str, most: int) -> list[AttemptRecord]:
    """See `Transaction.attempts`."""
    found = connection.execute(_ATTEMPTS, {"job": job, "most": most}).all()
    return [row.attempt(one) for one in reversed(found)]


def manifest(connection: Connection, job: str) -> Manifest | None:
    """See `Transaction.manifest`."""
    found = connection.execute(_MANIFEST, {"job": job}).first()
    if found is None:
        return None
    named = tuple(Piece(*one) for one in found.pieces)
    return Manifest(found.format, found.size_bytes, found.crc32, found.data, named)


def pieces(connection: Connection, job: str) -> list[Piece]:
    """See `Transaction.pieces`."""
    return [row.piece(one) for one in connection.execute(_PIECES, {"job": job})]


def piece(connection: Connection, job: str, name: str) -> Piece | None:
    """See `Transaction.piece`."""
    found = connection.execute(_PIECE, {"job": job, "name": name}).first()
    return None if found is None else row.piece(found)


def find(
    connection: Connection, owner: str | None, only: Filter, after: Place | None, most: int
) -> list[JobRecord]:
    """See `Transaction.find`."""
    wanted: list[ColumnElement[bool]] = [~_job.is_deleted]
    if owner is not None:
        wanted.append(_job.owner == owner)
    if only.stage is not None:
        wanted.append(_job.stage == only.stage.name)
    if only.status is not None:
        wanted.append(_job.status == only.status.name)
    wanted += [_has_label(connection, name, value) for name, value in only.labels.items()]
    if after is not None:
        place = tuple_(literal(after.created_us), literal(after.id))
        wanted.append(tuple_(_job.created_us, _job.id) < place)
    newest = _job.created_us.desc(), _job.id.desc()
    found = connection.execute(select(*row.COLUMNS).where(*wanted).order_by(*newest).limit(most))
    return [row.record(one) for one in found]


def _has_label(connection: Connection, name: str, value: str) -> ColumnElement[bool]:
    # Not by a path into the JSON: a name may have any characters, those of paths among them.
    if connection.dialect.name == "postgresql":
        return _job.labels.cast(JSONB).contains({name: value})
    each = func.json_each(_job.labels).table_valued("key", "value")
    return select(1).select_from(each).where(each.c.key == name, each.c.value == value).exists()


def usage(connection: Connection, owner: str, limits: Limits) -> Usage:
    """See `Transaction.usage`."""
    has = connection.execute(_OWNER, {"owner": owner}).first()
    if has is None:
        return Usage(owner, 0, 0, limits.outstanding, limits.running)
    if has.outstanding_limit is None:
        return Usage(owner, has.outstanding, has.running, limits.outstanding, limits.running)
    return Usage(owner, has.outstanding, has.running, has.outstanding_limit, has.running_limit)


def totals(connection: Connection) -> Totals:
    """See `Transaction.totals`."""
    outstanding, running = connection.execute(_TOTALS).one()
    return Totals(int(outstanding) - int(running), int(running))


def next_run_at_us(connection: Connection) -> int | None:
    """See `Transaction.next_run_at_us`."""
    return connection.execute(_NEXT).scalar()


def latest_us(connection: Connection, lease_us: int) -> int | None:
    """See `Transaction.latest_us`."""
    changed_us: int | None
    changed_us, until_us = connection.execute(_LATEST).one()
    if changed_us is None or until_us is None:
        return changed_us
    return max(changed_us, int(until_us) - lease_us)


def newer(connection: Connection, seen: Mapping[str, int]) -> list[JobRecord]:
    """See `Transaction.newer`. Most are as they were, so their revisions alone are read first."""
    jobs, changed = list(seen), []
    for start in range(0, len(jobs), _AT_ONCE):
        some = _job.id.in_(jobs[start : start + _AT_ONCE])
        revisions = connection.execute(select(_job.id, _job.revision).where(some))
        changed += [found.id for found in revisions if found.revision > seen[found.id]]
    records: list[JobRecord] = []
    for start in range(0, len(changed), _AT_ONCE):
        some = _job.id.in_(changed[start : start + _AT_ONCE])
        found = connection.execute(select(*row.COLUMNS).where(some, ~_job.is_deleted))
        records += map(row.record, found)
    return records


def referenced(connection: Connection, jobs: Sequence[str]) -> set[str]:
    """See `Transaction.referenced`."""
    keys: set[str] = set()
    for start in range(0, len(jobs), _AT_ONCE):
        some = jobs[start : start + _AT_ONCE]
        of_pieces = select(schema.piece.c.key).where(schema.piece.c.job.in_(some))
        keys.update(connection.execute(of_pieces).scalars())
        of_results = select(schema.manifest.c.pieces).where(schema.manifest.c.job.in_(some))
        for named in connection.execute(of_results).scalars():
            keys.update(Piece(*one).key for one in named)
    return keys
