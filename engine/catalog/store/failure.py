"""What went wrong in SQLite, as an error of our tree that says the way out."""

from __future__ import annotations

import sqlite3

from swath.errors import (
    InternalError,
    InvalidSource,
    PermissionDenied,
    SourceUnavailable,
    SwathError,
)

_FULL = (
    "No space is left on the disk of {name}: what was being added was not recorded. "
    "Make room and add again."
)
_BY_CODE: dict[int, tuple[type[SwathError], str]] = {
    sqlite3.SQLITE_BUSY: (
        SourceUnavailable,
        "Another process is changing {name} and did not finish in time: try again.",
    ),
    sqlite3.SQLITE_FULL: (SourceUnavailable, _FULL),
    sqlite3.SQLITE_READONLY: (PermissionDenied, "{name} cannot be written: it is read-only."),
    sqlite3.SQLITE_PERM: (PermissionDenied, "{name} may not be opened by this user."),
    sqlite3.SQLITE_CANTOPEN: (
        PermissionDenied,
        "{name} cannot be opened: is its folder there, and may this user write in it?",
    ),
    sqlite3.SQLITE_NOTADB: (InvalidSource, "{name} is not a Swath catalog."),
    sqlite3.SQLITE_CORRUPT: (
        InvalidSource,
        "{name} is damaged: restore it, or remove it and add the products again.",
    ),
    sqlite3.SQLITE_IOERR: (SourceUnavailable, "{name} could not be read or written: {error}."),
}
_BY_CODE[sqlite3.SQLITE_LOCKED] = _BY_CODE[sqlite3.SQLITE_BUSY]


def explain(error: sqlite3.Error, name: str) -> SwathError:
    """The error of our tree for a failure of the store called `name`."""
    code = getattr(error, "sqlite_errorcode", None)
    primary = code & 0xFF if isinstance(code, int) else -1
    cls, sentence = _BY_CODE.get(primary, (InternalError, "{name}: {error}"))
    return cls(sentence.format(name=name, error=error))
