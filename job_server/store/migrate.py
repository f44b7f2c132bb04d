"""Bring a database to the schema that this version knows: numbered .sql files, each run once.

Forward only, and all in one transaction: a server that stops in the middle leaves the database as
it was. A migration has a file for each engine, `NNNN_what.sqlite.sql` and `.postgresql.sql`, of
statements that end with a semicolon at the end of a line.
"""

from __future__ import annotations

import re
from importlib import resources

from sqlalchemy import Connection, inspect, select

from job_server.store.sql import schema
from swath.errors import InvalidSource

_LOCK = 0x53574A4F42
"""'SWJOB': the advisory lock of PostgreSQL under which one server migrates at a time."""
_version = schema.schema_version


def migrations(engine: str) -> dict[int, str]:
    """The SQL of each migration of `sqlite` or `postgresql` by its number, from 1, ascending."""
    folder = resources.files("job_server.store") / "migrations"
    numbered = {
        int(found[1]): entry.read_text(encoding="utf-8")
        for entry in folder.iterdir()
        if (found := re.fullmatch(rf"(\d{{4}})_\w+\.{engine}\.sql", entry.name))
    }
    return dict(sorted(numbered.items()))


def migrate(connection: Connection, name: str) -> None:
    """Run what the database called `name` lacks, in the transaction of the connection.

    Raises:
        InvalidSource: it is of a newer version, or another program's.
    """
    engine = connection.dialect.name
    if engine == "postgresql":
        connection.exec_driver_sql(f"SELECT pg_advisory_xact_lock({_LOCK})")
    known = migrations(engine)
    done = _number(connection, name)
    if done > max(known):
        raise InvalidSource(
            f"{name} was written by a newer Swath (schema {done}; this one knows {max(known)}). "
            "Use that version, or another database."
        )
    for number, sql in known.items():
        if number > done:
            for statement in re.split(r";\s*\n", sql):
                if statement.strip():
                    connection.exec_driver_sql(statement)
    if done == 0:
        connection.execute(_version.insert(), {"one": 1, "number": max(known)})
    elif done < max(known):
        connection.execute(_version.update().values(number=max(known)))


def _number(connection: Connection, name: str) -> int:
    """Of the last migration that was run; 0: none was, the database is new."""
    tables = set(inspect(connection).get_table_names())
    if _version.name in tables:
        number: int | None = connection.execute(select(_version.c.number)).scalar()
        if number is not None:
            return number
    # In PostgreSQL other programs' tables are no reason to refuse, unless they are in the way.
    ours = set(schema.metadata.tables)
    if tables & ours if connection.dialect.name == "postgresql" else tables:
        raise InvalidSource(f"{name} is a database, but not one of Swath's jobs: name another one.")
    return 0
