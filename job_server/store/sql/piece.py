"""What a worker stores on its way: the resolved plan, and pieces of the result."""

from __future__ import annotations

from sqlalchemy import Connection, bindparam, delete, insert, select

from job_server.store import change
from job_server.store.record import JobRecord, Lease, Piece
from job_server.store.sql import read, row, schema

_VERSION = select(schema.plan.c.engine_version).where(schema.plan.c.job == bindparam("job"))
_UNPIN = delete(schema.plan).where(schema.plan.c.job == bindparam("at_job"))
_DROP = delete(schema.piece).where(schema.piece.c.job == bindparam("at_job"))
_DROP_ONE = _DROP.where(schema.piece.c.name == bindparam("at_name"))
_NAMES = select(schema.piece.c.name, schema.piece.c.key).where(
    schema.piece.c.job == bindparam("job")
)
_PIN = insert(schema.plan)
_PUT = insert(schema.piece)


def pin(
    connection: Connection,
    lease: Lease,
    plan: bytes,
    engine_version: str,
    steps_total: int,
    now_us: int,
) -> JobRecord:
    """See `Transaction.pin`."""
    before = row.held(connection, lease)
    if connection.execute(_VERSION, {"job": lease.job}).scalar() == engine_version:
        return row.write(connection, before, change.pinned(before, None, now_us))
    connection.execute(_UNPIN, {"at_job": lease.job})
    drop(connection, lease.job)
    values = {"job": lease.job, "plan": plan, "engine_version": engine_version}
    connection.execute(_PIN, values)
    return row.write(connection, before, change.pinned(before, steps_total, now_us))


def put_piece(
    connection: Connection, lease: Lease, piece: Piece, steps_done: int | None, now_us: int
) -> tuple[Piece, JobRecord]:
    """See `Transaction.put_piece`."""
    before = row.held(connection, lease)
    # The row of the job is locked: nobody else puts one of that name meanwhile.
    known = read.piece(connection, lease.job, piece.name)
    if known is None:
        values = {"key": piece.key, "size_bytes": piece.size_bytes, "crc32": piece.crc32}
        connection.execute(_PUT, {"job": lease.job, "name": piece.name, **values})
    counts = piece if known is None else known
    return counts, row.write(connection, before, change.progressed(before, steps_done, now_us))


def drop(connection: Connection, job: str, but: frozenset[str] = frozenset()) -> list[str]:
    """Forget the pieces of a locked job but those named; the keys of their objects."""
    found = connection.execute(_NAMES, {"job": job}).all()
    unused = [one for one in found if one.name not in but]
    if unused and len(unused) == len(found):
        connection.execute(_DROP, {"at_job": job})
    elif unused:
        connection.execute(_DROP_ONE, [{"at_job": job, "at_name": one.name} for one in unused])
    return [one.key for one in unused]
