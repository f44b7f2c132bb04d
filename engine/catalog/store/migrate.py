"""Bring a store to the schema that this version knows: numbered .sql files, each run once."""

from __future__ import annotations

import re
import secrets
import sqlite3
from collections.abc import Iterator
from importlib import resources

from swath.errors import InvalidSource

APPLICATION_ID = 0x53574154
"""'SWAT' in the header of the file: whose database it is."""


def migrations() -> dict[int, str]:
    """The SQL of each migration by its number, from 1, ascending."""
    folder = resources.files("engine.catalog.store") / "migrations"
    numbered = {
        int(found[1]): entry.read_text(encoding="utf-8")
        for entry in folder.iterdir()
        if (found := re.fullmatch(r"(\d{4})_\w+\.sql", entry.name))
    }
    return dict(sorted(numbered.items()))


def version_of(connection: sqlite3.Connection, name: str) -> int:
    """Schema version of the open store; 0 for an empty file.

    Raises:
        InvalidSource: another program's database, or the schema of a newer Swath.
    """
    application = int(connection.execute("PRAGMA application_id").fetchone()[0])
    version = int(connection.execute("PRAGMA user_version").fetchone()[0])
    empty = connection.execute("SELECT count(*) FROM sqlite_master").fetchone()[0] == 0
    if not empty and application != APPLICATION_ID:
        raise InvalidSource(f"{name} is a database, but not a Swath catalog.")
    newest = max(migrations())
    if version > newest:
        raise InvalidSource(
            f"{name} was written by a newer Swath (schema {version}; this one knows {newest}). "
            "Use that version, or another data folder."
        )
    return 0 if empty else version


def migrate(connection: sqlite3.Connection, name: str) -> None:
    """Run the migrations that the store lacks, all in one transaction.

    Raises:
        InvalidSource: as `version_of`. sqlite3.Error: the store cannot be written.
    """
    if version_of(connection, name) == max(migrations()):
        return
    connection.execute("BEGIN IMMEDIATE")
    try:
        done = version_of(connection, name)  # again: another process may have been faster
        for number, sql in migrations().items():
            if number > done:
                _run(connection, number, sql)
        connection.execute("COMMIT")
    finally:
        connection.rollback()  # nothing after COMMIT


def _run(connection: sqlite3.Connection, number: int, sql: str) -> None:
    # Not executescript(): that would commit between statements.
    for statement in _statements(sql):
        connection.execute(statement)
    if number == 1:
        connection.execute(
            "INSERT INTO catalog (one, id, revision) VALUES (1, ?, 0)", (secrets.token_hex(8),)
        )
        connection.execute(f"PRAGMA application_id = {APPLICATION_ID}")
    connection.execute(f"PRAGMA user_version = {number}")


def _statements(sql: str) -> Iterator[str]:
    pending = ""
    for line in sql.splitlines(keepends=True):
        pending += line
        if sqlite3.complete_statement(pending):
            yield pending
            pending = ""
