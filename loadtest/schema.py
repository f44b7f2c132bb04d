"""A schema of its own in somebody's PostgreSQL, for the jobs of servers that are started here."""

from __future__ import annotations

import secrets
from collections.abc import Iterator
from contextlib import contextmanager
from urllib.parse import parse_qsl, quote, urlencode

from swath.errors import InvalidArgument, Unavailable

SCHEMES = ("postgresql://", "postgresql+psycopg://")
"""How the address of a database may begin, as for `swath serve`."""


@contextmanager
def own_schema(database: str) -> Iterator[str]:
    """URL whose tables are in a schema that is there while the block runs, and nowhere else.

    So nothing that is in the database already is read or changed, and no load finds what another
    one left.

    Args:
        database: `postgresql://...` of one who may create schemas.

    Raises:
        InvalidArgument: that is no such URL. Unavailable: the database does not do it, and why.
    """
    if not database.startswith(SCHEMES):
        raise InvalidArgument(f"A database is {SCHEMES[0]}...").at(argument="database")
    name = f"swath_load_{secrets.token_hex(8)}"
    _do(database, f"CREATE SCHEMA {name}")
    try:
        yield within(database, name)
    finally:
        _do(database, f"DROP SCHEMA {name} CASCADE")


def within(database: str, schema: str) -> str:
    """The URL of the same database, in which names without a schema are of that one."""
    where, _, query = database.partition("?")
    said = dict(parse_qsl(query))
    said["options"] = f"{said.get('options', '')} -csearch_path={schema}".strip()
    return f"{where}?{urlencode(said, quote_via=quote)}"


def _do(database: str, statement: str) -> None:
    import psycopg

    try:
        with psycopg.connect(database.replace("+psycopg", "", 1), autocommit=True) as admin:
            admin.execute(statement)
    except psycopg.Error as problem:
        why = " ".join(str(problem).split())
        raise Unavailable(f"The database does not {statement}: {why}") from None
