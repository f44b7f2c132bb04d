"""End a job with success: the commit point of its result."""

from __future__ import annotations

from sqlalchemy import Connection, insert

from job_server.store import change, refusal
from job_server.store.record import JobRecord, Lease, Manifest
from job_server.store.sql import piece, row, schema
from swath.job import Outcome, Status

_INSERT = insert(schema.manifest)


def commit(
    connection: Connection, freed: list[str], lease: Lease, manifest: Manifest, now_us: int
) -> JobRecord:
    """See `Transaction.commit`."""
    before = row.under(connection, lease)
    if before is not None and before.status is Status.SUCCESS:
        return before
    if before is None or not before.is_leased or before.cancel_requested:
        raise refusal.lease_lost(lease.job)
    after = row.write(connection, before, change.committed(before, manifest, now_us))
    values = {"format": manifest.format, "size_bytes": manifest.size_bytes}
    values |= {"crc32": manifest.crc32, "data": manifest.data, "job": lease.job}
    named = [[one.name, one.key, one.size_bytes, one.crc32] for one in manifest.pieces]
    connection.execute(_INSERT, {**values, "pieces": named})
    freed += piece.drop(connection, lease.job, but=frozenset(one.name for one in manifest.pieces))
    row.end_attempt(connection, after, Outcome.SUCCESS, None, now_us)
    return after
