"""What other programs do in the database of jobs, as far as it keeps ours from being tidied up."""

from __future__ import annotations

from contextlib import suppress
from pathlib import Path

from sqlalchemy import Connection, text

from job_server.store.record import OldTransaction

_MOST = 100
# Of sessions of other users, whoever is no member of pg_read_all_stats sees little more than that
# they have a snapshot: neither when their transaction began nor what kind of process they are. The
# processes of the database itself, such as autovacuum, belong to nobody.
_OLD = text("""
    SELECT pid, application_name, state, backend_xmin::text AS snapshot,
        (extract(epoch FROM xact_start) * 1000000)::bigint AS began_us,
        (extract(epoch FROM clock_timestamp() - xact_start) * 1000000)::bigint AS age_us
    FROM pg_stat_activity
    WHERE datname = current_database() AND pid <> pg_backend_pid() AND usesysid IS NOT NULL
        AND (
            backend_type = 'client backend'
                AND xact_start <= clock_timestamp() - :old_us * interval '1 microsecond'
            OR backend_type IS NULL AND backend_xmin IS NOT NULL
        )
    ORDER BY xact_start LIMIT :most
""")
_FILE = text("SELECT file FROM pragma_database_list WHERE name = 'main'")


def old_transactions(
    connection: Connection, old_us: int, large_wal_bytes: int
) -> list[OldTransaction]:
    """See `Transaction.old_transactions`."""
    if connection.dialect.name == "postgresql":
        return _sessions(connection, old_us)
    return _readers(connection, large_wal_bytes)


def _sessions(connection: Connection, old_us: int) -> list[OldTransaction]:
    found = connection.execute(_OLD, {"old_us": old_us, "most": _MOST})
    return [
        OldTransaction(
            id=f"{one.pid} {one.snapshot if one.began_us is None else one.began_us}",
            pid=one.pid,
            application=one.application_name or "",
            state=one.state or "",
            age_us=one.age_us or 0,
        )
        for one in found
    ]


def _readers(connection: Connection, large_wal_bytes: int) -> list[OldTransaction]:
    """SQLite does not tell who reads; but its log grows only while somebody does."""
    file = connection.execute(_FILE).scalar()
    size_bytes = 0
    with suppress(OSError):
        size_bytes = Path(f"{file}-wal").stat().st_size
    if size_bytes < large_wal_bytes:
        return []
    return [OldTransaction("wal", wal_bytes=size_bytes)]
