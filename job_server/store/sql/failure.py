"""What went wrong in a database, as an error of our tree that says the way out."""

from __future__ import annotations

import sqlite3
from collections.abc import Iterator
from contextlib import contextmanager

from sqlalchemy.exc import DataError, DBAPIError, IntegrityError
from sqlalchemy.exc import TimeoutError as PoolTimeout

from swath.errors import (
    InvalidArgument,
    InvalidSource,
    PermissionDenied,
    StorageUnavailable,
    SwathError,
    Unavailable,
)

_DEADLOCKS = {"40P01", "40001"}
"""SQLSTATE of deadlock_detected and serialization_failure."""
_HELD = "55P03"
_WAITED = {_HELD, "57014", "25P03"}
"""Lock, statement and idle timeouts: something else holds what was asked for."""
HELD_RETRY_MS = 3000
"""Whoever is told that something holds the database is to come again after that: what holds it so
long that it is told does not let go within milliseconds."""
_BY_CODE: dict[int, tuple[type[SwathError], str]] = {
    sqlite3.SQLITE_BUSY: (
        Unavailable,
        "Another program holds the database of jobs: try again, or end that program.",
    ),
    sqlite3.SQLITE_FULL: (
        StorageUnavailable,
        "The disk of the database of jobs is full, nothing was changed: make room, then try again.",
    ),
    sqlite3.SQLITE_IOERR: (
        StorageUnavailable,
        "The disk of the database of jobs failed, nothing was changed: look at it, then try again.",
    ),
    sqlite3.SQLITE_READONLY: (
        PermissionDenied,
        "The database of jobs cannot be written: let the server's user write it and its folder.",
    ),
    sqlite3.SQLITE_CANTOPEN: (
        PermissionDenied,
        "The database of jobs cannot be opened: is its folder there, and may this user write it?",
    ),
    sqlite3.SQLITE_NOTADB: (InvalidSource, "The file is no database of jobs: name another one."),
    sqlite3.SQLITE_CORRUPT: (
        InvalidSource,
        "The database of jobs is damaged: restore it from a backup.",
    ),
}
_BY_CODE[sqlite3.SQLITE_LOCKED] = _BY_CODE[sqlite3.SQLITE_BUSY]
_BY_CODE[sqlite3.SQLITE_PERM] = _BY_CODE[sqlite3.SQLITE_CANTOPEN]
_BY_CODE[sqlite3.SQLITE_PROTOCOL] = _BY_CODE[sqlite3.SQLITE_BUSY]


def explain(error: DBAPIError) -> SwathError:
    """The error of our tree for a failure of the database.

    Raises:
        DBAPIError: it is a fault of ours, such as a broken invariant, and not of the database.
    """
    if isinstance(error, IntegrityError):
        raise error
    if isinstance(error, DataError):
        return InvalidArgument("A text holds a character that the database cannot keep.")
    code = getattr(error.orig, "sqlite_errorcode", None)
    if code is not None:
        cls, sentence = _BY_CODE.get(code & 0xFF, (None, ""))
        if cls is None:
            raise error
        return _held(sentence) if sentence is _BY_CODE[sqlite3.SQLITE_BUSY][1] else cls(sentence)
    return _of_postgres(error)


def _of_postgres(error: DBAPIError) -> SwathError:
    state = _state(error)
    if state in _DEADLOCKS:
        return Unavailable("Two changes of the same jobs met in the database: try again.")
    if state in _WAITED:
        return _held("Something holds the database of jobs for too long: try again.")
    if state == "53100":
        return StorageUnavailable(_BY_CODE[sqlite3.SQLITE_FULL][1])
    if state == "58030":
        return StorageUnavailable(_BY_CODE[sqlite3.SQLITE_IOERR][1])
    if state == "25006":
        return Unavailable("The database of jobs takes no changes, as a standby does: try again.")
    # Class 08 and 57P: the connection or the server went; 53: it has no room. Without a state the
    # connection broke, also when it broke after COMMIT was sent: repeating is safe, as every verb
    # finds what it did.
    if state is None or state[:2] in {"08", "53"} or state[:3] == "57P":
        return Unavailable("The database of jobs does not answer: try again.")
    raise error


def _held(sentence: str) -> Unavailable:
    return Unavailable(sentence, retry_after_ms=HELD_RETRY_MS)


def is_deadlock(error: DBAPIError) -> bool:
    """Whether the database ended it so that another could go on."""
    return _state(error) in _DEADLOCKS


def is_held(error: DBAPIError) -> bool:
    """Whether PostgreSQL waited in vain for a row that somebody else holds."""
    return _state(error) == _HELD


def is_undone(error: DBAPIError) -> bool:
    """Whether the transaction goes on once its savepoint is rolled back."""
    if error.connection_invalidated:
        return False
    return _state(error) is not None or isinstance(error, IntegrityError | DataError)


def _state(error: DBAPIError) -> str | None:
    return getattr(error.orig, "sqlstate", None)


@contextmanager
def explained() -> Iterator[None]:
    """Failures of the database inside become errors of our tree, as `explain` says."""
    try:
        yield
    except DBAPIError as error:
        raise explain(error) from error
    except PoolTimeout as error:
        raise Unavailable("All connections to the database of jobs are busy: try again.") from error
