"""Open the store of jobs that a setting names."""

from __future__ import annotations

from pathlib import Path

from sqlalchemy.engine import make_url
from sqlalchemy.exc import ArgumentError

from job_server.store.memory.store import MemoryStore
from job_server.store.postgres import PostgresStore
from job_server.store.sqlite import SqliteStore
from swath.errors import InvalidArgument

MEMORY = "memory:"
"""Names a store that is gone with its process."""


def open_store(
    where: str | Path, *, busy_timeout_s: float = 5.0, connections: int = 8
) -> MemoryStore | SqliteStore | PostgresStore:
    """The store that `where` names; one that is not there is made, one that is older is migrated.

    Args:
        where: path of a SQLite file, `postgresql://...`, or `memory:`.
        busy_timeout_s: how long SQLite waits for another program that holds the file.
        connections: most that are open to PostgreSQL at once.

    Raises:
        Unavailable: another server has the file open, or the database does not answer.
        PermissionDenied: the file cannot be written. InvalidSource: it is of a newer version, or no
        store of jobs. InvalidArgument: the address is none.
    """
    text = str(where)
    if text == MEMORY:
        return MemoryStore()
    if "://" not in text:
        return SqliteStore(Path(text), busy_timeout_s)
    try:
        url = make_url(text)
    except ArgumentError as error:
        raise InvalidArgument("The address of the database of jobs is not well-formed.") from error
    if url.get_backend_name() not in ("postgresql", "postgres"):
        raise InvalidArgument(
            "Jobs are kept in a SQLite file, named by its path, or in PostgreSQL, named by "
            "postgresql://USER:PASSWORD@HOST/DATABASE."
        )
    return PostgresStore(url, connections)
