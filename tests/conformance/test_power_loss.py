"""A log of SQLite that power loss cut off anywhere: what is left are the first changes, whole."""

from __future__ import annotations

import shutil
import sqlite3
from contextlib import closing
from pathlib import Path
from typing import Any

import pytest

from job_server.store.open import open_store
from job_server.store.record import Filter, Limits, NewJob
from job_server.store.sqlite import SqliteStore

JOBS = 12
LIMITS = Limits()


@pytest.fixture(scope="module")
def written(tmp_path_factory: pytest.TempPathFactory) -> tuple[Path, list[int]]:
    """A database whose server is gone without a word, and how long its log was after each job."""
    folder = tmp_path_factory.mktemp("written")
    store = open_store(folder / "jobs.db")
    lengths = []
    for number in range(JOBS):
        with store.transaction() as tx:
            tx.create(
                NewJob(f"{number:032x}", "ann", b"a" * 3000, b"d", b"t", "native"), LIMITS, number
            )
        lengths.append((folder / "jobs.db-wal").stat().st_size)
    kept = tmp_path_factory.mktemp("kept")
    for name in ("jobs.db", "jobs.db-wal"):
        shutil.copy(folder / name, kept / name)
    store.close()
    return kept, lengths


@pytest.mark.parametrize("behind_bytes", [0, 1, 24, 4000])
@pytest.mark.parametrize("number", range(JOBS))
def test_what_was_in_the_log_is_there_and_what_was_half_in_it_is_not(
    written, tmp_path, number, behind_bytes
):
    """The log ends some bytes behind the end of a change, in the midst of the next."""
    kept, lengths = written
    for name in ("jobs.db", "jobs.db-wal"):
        shutil.copy(kept / name, tmp_path / name)
    with (tmp_path / "jobs.db-wal").open("r+b") as log:
        log.truncate(lengths[number] + behind_bytes)
    with closing(sqlite3.connect(tmp_path / "jobs.db")) as database:
        assert database.execute("PRAGMA integrity_check").fetchall() == [("ok",)]
    store = open_store(tmp_path / "jobs.db")
    with store.transaction() as tx:
        assert len(tx.find(None, Filter(), None, 99)) == number + 1
        assert tx.usage("ann", LIMITS).outstanding == number + 1
        assert tx.recount() == []
    store.close()


def test_every_change_is_on_the_disk_when_it_is_acknowledged(tmp_path):
    """`synchronous=FULL`: SQLite syncs the log before a commit returns."""
    store = open_store(tmp_path / "jobs.db")
    assert isinstance(store, SqliteStore)
    with store._engine.connect() as connection:
        driver: Any = connection.connection.driver_connection
        assert driver.execute("PRAGMA synchronous").fetchone() == (2,)
        assert driver.execute("PRAGMA journal_mode").fetchone() == ("wal",)
    store.close()
