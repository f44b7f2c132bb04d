"""Jobs in PostgreSQL, for one server or several.

Connections are pooled, each for one transaction; all state of jobs is in rows, none in a session.
But sessions have settings and prepared statements, so a connection pooler between must give whole
sessions, not transactions. Nothing waits without end: for a lock, for a statement, for a
connection.
"""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager

from sqlalchemy import URL, create_engine, event
from sqlalchemy.engine.interfaces import DBAPIConnection

from job_server.store.migrate import migrate
from job_server.store.sql import failure
from job_server.store.sql.transaction import SqlTransaction
from swath.errors import InvalidArgument

_CONNECT_S = 5
_WAIT_FOR_CONNECTION_S = 10.0
_SETTINGS = (
    "SET statement_timeout = '10s'",
    "SET lock_timeout = '2s'",
    "SET idle_in_transaction_session_timeout = '30s'",
    # Claims, quotas and replays rely on seeing what others committed since the transaction began.
    "SET default_transaction_isolation = 'read committed'",
)


class PostgresStore:
    """A `Store` in a database of PostgreSQL."""

    is_shared = True

    def __init__(self, url: URL, connections: int) -> None:
        _require_driver()
        self._engine = create_engine(
            url.set(drivername="postgresql+psycopg"),
            pool_size=connections,
            max_overflow=0,
            pool_timeout=_WAIT_FOR_CONNECTION_S,
            pool_pre_ping=True,  # a server that was restarted is noticed before, not in, a change
            connect_args={"connect_timeout": _CONNECT_S},
        )
        event.listen(self._engine, "connect", _set)
        try:
            with failure.explained(), self._engine.begin() as connection:
                migrate(connection, f"The database {url.database}")
        except BaseException:
            self.close()
            raise

    @contextmanager
    def transaction(self) -> Iterator[SqlTransaction]:
        """See `Store.transaction`."""
        with failure.explained(), self._engine.begin() as connection:
            transaction = SqlTransaction(connection)
            yield transaction
            transaction.write()

    def close(self) -> None:
        """See `Store`."""
        self._engine.dispose()


def _require_driver() -> None:
    try:
        import psycopg  # noqa: F401 - an optional extra, which SQLAlchemy imports by name
    except ImportError as error:
        raise InvalidArgument(
            "Jobs in PostgreSQL need its driver: pip install 'swath[postgres]'."
        ) from error


def _set(connection: DBAPIConnection, _: object) -> None:
    cursor = connection.cursor()
    for setting in _SETTINGS:
        cursor.execute(setting)
    cursor.close()
    connection.commit()
