"""The store: one SQLite file that many processes read and one at a time changes.

Rollback journal (no WAL: it needs shared memory, which network folders lack, and leaves files
behind a reader with no right to write). A transaction is either wholly there after a crash or not
at all. This module knows connections and transactions; `read` and `write` know the tables.
"""

from __future__ import annotations

import os
import sqlite3
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from engine.catalog.store.failure import explain
from engine.catalog.store.migrate import migrate, migrations, version_of
from engine.catalog.store.packed import unpack
from swath.errors import InvalidSource, PermissionDenied

FILE_NAME = "catalog.sqlite"
"""Name of the store in a data folder."""
BUSY_TIMEOUT_S = 10.0
"""How long to wait for another process that is writing."""
EMPTY_REVISION = "empty"
"""Revision of a store that is not there yet."""


class Store:
    """One open store, shared by the threads of a process.

    Args:
        path: the file; absent: a store in memory.
        read_only: never change it; it may also be missing, and is then empty until it appears.
        busy_timeout_s: how long to wait for a writer in another process.
        content: what `packed.pack` gave, for a store in memory that is never changed; absent: the
            file, or an empty store.
    """

    def __init__(
        self,
        path: Path | None,
        read_only: bool = False,
        busy_timeout_s: float = BUSY_TIMEOUT_S,
        content: bytes | None = None,
    ) -> None:
        self._path = path
        self._read_only = read_only
        self._timeout_s = busy_timeout_s
        self._lock = threading.RLock()
        self._connection: sqlite3.Connection | None = None
        self._inode = 0
        self.note = b""
        """What was packed with the content; empty without one."""
        if content is not None:
            self._read_only = True
            self._connection, self.note = unpack(content)
            return
        with self._translated():
            self._open()

    def __del__(self) -> None:
        # Python 3.13 warns of connections that are only dropped.
        self.close()

    @property
    def name(self) -> str:
        """What messages call the store: its path."""
        return "the catalog in memory" if self._path is None else str(self._path)

    @property
    def read_only(self) -> bool:
        """Whether this store refuses to be changed."""
        return self._read_only

    def close(self) -> None:
        """Close the file; the next use opens it again, but a store in memory is gone."""
        with self._lock:
            if self._connection is not None:
                self._connection.close()
            self._connection = None
            self._inode = 0

    def revision(self) -> str:
        """A token that differs after every committed change; survives restarts.

        Raises:
            SourceUnavailable: a writer held the file for longer than the timeout.
        Cost: about 15 µs: one stat of the file and one row.
        """
        with self.reading() as connection:
            if connection is None:
                return EMPTY_REVISION
            row = connection.execute("SELECT id, revision FROM catalog").fetchone()
            return f"{row[0]}-{row[1]}"

    @contextmanager
    def reading(self) -> Iterator[sqlite3.Connection | None]:
        """The connection, for this thread alone; None while a read-only store is missing.

        Raises:
            SwathError: whatever SQLite complained of, explained.
        """
        with self._lock, self._translated():
            self._follow()
            yield self._connection

    @contextmanager
    def snapshot(self) -> Iterator[sqlite3.Connection | None]:
        """As `reading`, and all that is read inside is of one revision."""
        with self.reading() as connection:
            if connection is None or connection.in_transaction:
                yield connection
                return
            connection.execute("BEGIN")
            try:
                yield connection
            finally:
                connection.rollback()

    @contextmanager
    def writing(self) -> Iterator[tuple[sqlite3.Connection, int]]:
        """A transaction, and the revision number that it will have if it changes something.

        Leaving normally commits, an exception (also Ctrl-C) rolls back. A transaction that
        changed no row leaves the revision as it was.

        Raises:
            PermissionDenied: the store was opened read-only, or its file is.
            SourceUnavailable: another process kept writing for longer than the timeout, or the
                disk is full; nothing of this transaction was recorded.
        """
        if self._read_only:
            raise PermissionDenied(f"{self.name} was opened read-only.")
        with self.reading() as connection:
            assert connection is not None
            connection.execute("BEGIN IMMEDIATE")
            try:
                before = connection.total_changes
                row = connection.execute("SELECT revision FROM catalog").fetchone()
                yield connection, int(row[0]) + 1
                if connection.total_changes != before:
                    connection.execute("UPDATE catalog SET revision = revision + 1")
                connection.execute("COMMIT")
            finally:
                connection.rollback()  # nothing after COMMIT, or where SQLite did it itself

    @contextmanager
    def _translated(self) -> Iterator[None]:
        try:
            yield
        except sqlite3.Error as error:
            raise explain(error, self.name) from error

    def _follow(self) -> None:
        # Someone may have replaced the file, or created the missing one; a stat costs 2 µs.
        if self._path is None:
            return
        try:
            inode = os.stat(self._path).st_ino  # noqa: PTH116 - three times as fast
        except OSError:
            inode = 0
        if inode != self._inode and not self._in_transaction:
            self.close()
            self._open()

    @property
    def _in_transaction(self) -> bool:
        return self._connection is not None and self._connection.in_transaction

    def _open(self) -> None:
        self._inode = 0
        if self._path is None:
            self._connection = self._connect(":memory:", uri=False)
        elif self._read_only:
            self._connection = self._open_to_read(self._path)
        else:
            self._connection = self._connect(str(self._path), uri=False)
        if self._connection is None:
            return
        try:
            usable = self._settle(self._connection)
        except BaseException:
            self.close()
            raise
        if not usable:  # another process is just creating it: look again next time
            self.close()
        elif self._path is not None:
            self._inode = self._path.stat().st_ino

    def _open_to_read(self, path: Path) -> sqlite3.Connection | None:
        if not path.exists():
            return None
        # A crashed writer may have left a journal, which only one who may write can roll back.
        mode = "rw" if os.access(path, os.W_OK) and os.access(path.parent, os.W_OK) else "ro"
        return self._connect(f"{path.absolute().as_uri()}?mode={mode}", uri=True)

    def _connect(self, target: str, uri: bool) -> sqlite3.Connection:
        connection = sqlite3.connect(
            target,
            uri=uri,
            timeout=self._timeout_s,
            isolation_level=None,  # transactions are ours
            check_same_thread=False,  # threads take turns under self._lock
        )
        connection.execute("PRAGMA foreign_keys = ON")
        return connection

    def _settle(self, connection: sqlite3.Connection) -> bool:
        if not self._read_only:
            migrate(connection, self.name)
            return True
        version = version_of(connection, self.name)
        if 0 < version < max(migrations()):
            raise InvalidSource(
                f"{self.name} has the schema of an older Swath: run `swath catalog list` once, "
                "as a user who may write there."
            )
        connection.execute("PRAGMA query_only = ON")
        return version > 0
