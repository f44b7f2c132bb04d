"""Jobs in one SQLite file, for one server.

One connection does everything, one transaction at a time: there is no other writer to wait for, and
SQLite's WAL-reset bug (before 3.51.3, but for 3.50.7 and 3.44.6), which takes two connections,
cannot come up. A lock beside the file keeps a second server away. Every transaction is on the disk
when it ends (`synchronous=FULL`). The file must be on a local disk: WAL needs shared memory.
"""

from __future__ import annotations

import fcntl
import os
import sqlite3
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import IO

from sqlalchemy import Connection, Engine, create_engine, event
from sqlalchemy.exc import DBAPIError
from sqlalchemy.pool import StaticPool

from job_server.store.migrate import migrate
from job_server.store.sql import failure
from job_server.store.sql.transaction import SqlTransaction
from swath.errors import PermissionDenied, Unavailable

_CHECKPOINT_EVERY = 1000
"""Transactions after which the WAL is emptied, so that it cannot grow while others read."""
_WAL_LIMIT_BYTES = 64 << 20
_SAFE = ((3, 51, 3), (3, 50, 7), (3, 44, 6))
"""Versions without the WAL-reset bug: the first, and the last of two older branches."""


class SqliteStore:
    """A `Store` in a file."""

    is_shared = False  # a lock keeps other servers away

    def __init__(self, path: Path, busy_timeout_s: float) -> None:
        self._lock_file = _lock(path)
        self._busy_ms = round(busy_timeout_s * 1000)
        self._turn = threading.Lock()
        self._ended = 0
        self._engine = _engine(path, self._busy_ms)
        try:
            with failure.explained(), self._engine.connect() as connection:
                _prepare(connection, self._busy_ms)
                with connection.begin():
                    migrate(connection, path.name)
        except BaseException:
            self.close()
            raise

    @property
    def sqlite_version(self) -> str:
        """Of the library, such as `3.51.3`."""
        return sqlite3.sqlite_version

    @property
    def has_wal_bug(self) -> bool:
        """Whether that version can damage a database that two connections write.

        Then a server warns: no other program may write the file while it runs.
        """
        return has_wal_bug(sqlite3.sqlite_version_info)

    @contextmanager
    def transaction(self) -> Iterator[SqlTransaction]:
        """See `Store.transaction`; one at a time."""
        with self._turn, failure.explained(), self._engine.connect() as connection:
            with connection.begin():
                transaction = SqlTransaction(connection)
                yield transaction
                transaction.write()
            self._checkpoint(connection)

    def close(self) -> None:
        """See `Store`. The lock goes last."""
        with self._turn:
            self._engine.dispose()
            self._lock_file.close()

    def _checkpoint(self, connection: Connection) -> None:
        self._ended += 1
        if self._ended % _CHECKPOINT_EVERY:
            return
        # It waits for readers, such as a backup: not now then, but the next time.
        driver = connection.connection.driver_connection
        assert isinstance(driver, sqlite3.Connection)
        try:
            driver.execute("PRAGMA busy_timeout = 0")
            driver.execute("PRAGMA wal_checkpoint(TRUNCATE)")
        except sqlite3.OperationalError:
            # What was committed is in the WAL and stays there; the next change meets the fault.
            pass
        finally:
            driver.execute(f"PRAGMA busy_timeout = {self._busy_ms}")


def has_wal_bug(version: tuple[int, ...]) -> bool:
    """Whether that version of SQLite has the WAL-reset bug."""
    newest, *patched = _SAFE
    if version >= newest:
        return False
    return not any(version[:2] == fixed[:2] and version >= fixed for fixed in patched)


def _lock(path: Path) -> IO[str]:
    """An open file beside the database whose lock is held until it is closed.

    Of the open file, not of the process: a second store of the same process is refused as well.
    """
    beside = path.with_name(path.name + ".lock")
    try:
        opened = beside.open("a+", encoding="utf-8")
    except OSError as error:
        raise PermissionDenied(
            f"{path.name} cannot be opened ({error.strerror}): is its folder there, and may this "
            "user write it?"
        ) from error
    try:
        fcntl.flock(opened, fcntl.LOCK_EX | fcntl.LOCK_NB)
    except OSError as error:
        opened.seek(0)
        holder = opened.read().strip() or "unknown"
        opened.close()
        raise Unavailable(
            f"{path.name} is open in another server (process {holder}): stop that one, or give "
            "this one another data folder."
        ) from error
    opened.truncate(0)
    opened.write(str(os.getpid()))
    opened.flush()
    return opened


def _engine(path: Path, busy_ms: int) -> Engine:
    engine = create_engine(
        "sqlite://",
        creator=lambda: sqlite3.connect(
            path, timeout=busy_ms / 1000, isolation_level=None, check_same_thread=False
        ),
        poolclass=StaticPool,
    )
    # The lock for writing comes first: one that is asked for later may be refused at once.
    event.listen(engine, "begin", lambda c: c.exec_driver_sql("BEGIN IMMEDIATE"))
    return engine


def _prepare(connection: Connection, busy_ms: int) -> None:
    driver = connection.connection.driver_connection
    assert isinstance(driver, sqlite3.Connection)
    settings = {
        "busy_timeout": busy_ms,
        "journal_mode": "WAL",
        "synchronous": "FULL",
        "foreign_keys": "ON",
        "journal_size_limit": _WAL_LIMIT_BYTES,
    }
    try:
        for name, value in settings.items():
            driver.execute(f"PRAGMA {name} = {value}")
    except sqlite3.Error as error:
        raise DBAPIError.instance("", {}, error, sqlite3.Error) from error
