"""Transactions that others leave open beside the jobs: claims stay right, and it is told."""

from __future__ import annotations

import asyncio
import secrets
import sqlite3
from collections.abc import Awaitable, Callable, Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import psycopg
import pytest
from sqlalchemy.engine import make_url

from job_server.queue.lookout import Lookout
from job_server.queue.writer import Writer
from job_server.store.open import open_store
from job_server.store.store import Store
from swath.job import Status
from swath.serving.events import Event, Instrument
from tests.stores import RESULT, SECOND_US, claim, create, do

OLD_US = 300 * SECOND_US
LARGE_BYTES = 1 << 40


class Tower:
    """A lookout over a store, at a time that a test sets."""

    def __init__(self, writer: Writer, instrument: Instrument, old_us: int, wal: int) -> None:
        self.now_us = 0
        self.lookout = Lookout(writer, instrument, lambda: self.now_us, old_us, wal)


def watched(
    store: Store,
    scenario: Callable[[Tower], Awaitable[None]],
    old_us: int = OLD_US,
    wal: int = LARGE_BYTES,
) -> list[Event]:
    """What was told in a scenario with a lookout over a store."""
    events: list[Event] = []
    instrument = Instrument(events.append)

    async def whole() -> None:
        writer = Writer(store, 100)
        try:
            await scenario(Tower(writer, instrument, old_us, wal))
        finally:
            await writer.close()

    asyncio.run(whole())
    instrument.close()
    return events


def of(application: str, events: list[Event]) -> list[tuple[str, dict[str, Any]]]:
    """Those that speak of a session: others may use the same PostgreSQL."""
    mine = [event for event in events if event.fields.get("application") == application]
    return [(event.verb, dict(event.fields)) for event in mine]


@contextmanager
def session(url: str) -> Iterator[tuple[psycopg.Connection[Any], str]]:
    """Another program's session, and what it calls itself."""
    name = f"outsider {secrets.token_hex(4)}"
    with psycopg.connect(url, application_name=name) as connection:
        yield connection, name


@pytest.fixture
def on_postgres(postgres_url: str) -> Iterator[Store]:
    store = open_store(postgres_url)
    yield store
    store.close()


def test_nobody_else_is_nobody_to_tell_of(store: Store) -> None:
    assert do(store, "old_transactions", 3600 * SECOND_US, LARGE_BYTES) == []


def test_a_session_that_was_left_in_a_transaction_is_told_when_it_begins_and_when_it_ends(
    postgres_url: str, on_postgres: Store
) -> None:
    with session(postgres_url) as (outsider, name):

        async def scenario(tower: Tower) -> None:
            outsider.execute("SELECT 'a secret'")
            await tower.lookout.look()
            await tower.lookout.look()
            assert tower.lookout.oldest_s > 0
            outsider.rollback()
            await tower.lookout.look()

        events = watched(on_postgres, scenario, old_us=0)
        (began, fields), (ended, _) = of(name, events)
        pid = outsider.info.backend_pid
    assert (began, ended) == ("old_transaction", "old_transaction_ended")
    assert (fields["level"], fields["pid"]) == ("warning", pid)
    assert fields["state"] == "idle in transaction"
    assert fields["age_s"] >= 0
    assert "secret" not in str(events)


def test_the_next_transaction_of_the_same_session_is_another_one(
    postgres_url: str, on_postgres: Store
) -> None:
    with session(postgres_url) as (outsider, name):

        async def scenario(tower: Tower) -> None:
            outsider.execute("SELECT 1")
            await tower.lookout.look()
            outsider.rollback()
            outsider.execute("SELECT 1")
            await tower.lookout.look()

        told = [verb for verb, _ in of(name, watched(on_postgres, scenario, old_us=0))]
    assert sorted(told) == ["old_transaction", "old_transaction", "old_transaction_ended"]


def test_a_transaction_that_is_young_is_not_told(postgres_url: str, on_postgres: Store) -> None:
    with session(postgres_url) as (outsider, name):

        async def scenario(tower: Tower) -> None:
            outsider.execute("SELECT 1")
            await tower.lookout.look()
            assert tower.lookout.oldest_s == 0

        assert of(name, watched(on_postgres, scenario)) == []


def test_claims_stay_right_beside_an_old_snapshot_and_it_is_told_until_it_ends(
    postgres_url: str, on_postgres: Store
) -> None:
    jobs = [create(on_postgres, owner=f"owner {number % 7}") for number in range(70)]
    with session(postgres_url) as (outsider, name):

        async def scenario(tower: Tower) -> None:
            outsider.execute("SET TRANSACTION ISOLATION LEVEL REPEATABLE READ")
            outsider.execute("SELECT count(*) FROM job")
            await tower.lookout.look()
            claimed = [claim(on_postgres, now_us=1) for _ in jobs]
            for one in claimed:
                assert do(on_postgres, "commit", one.lease, RESULT, 2).status is Status.SUCCESS
            assert sorted(one.job.id for one in claimed) == sorted(jobs)
            assert do(on_postgres, "claim", "worker", 1, 0, 3) is None
            queued = outsider.execute("SELECT count(*) FROM job WHERE stage = 'QUEUED'").fetchone()
            assert queued == (70,)  # it still sees them: none of their old rows can go
            await tower.lookout.look()
            outsider.rollback()
            await tower.lookout.look()

        told = [verb for verb, _ in of(name, watched(on_postgres, scenario, old_us=0))]
    assert told == ["old_transaction", "old_transaction_ended"]
    assert do(on_postgres, "recount") == []


@contextmanager
def plain_user(url: str) -> Iterator[str]:
    """URL for a user who may use the tables, and see nothing of the sessions of others."""
    name, schema = f"plain_{secrets.token_hex(4)}", make_url(url).query["options"]
    assert isinstance(schema, str)
    folder = schema.partition("search_path=")[2]
    with psycopg.connect(url, autocommit=True) as admin:
        admin.execute(f"CREATE ROLE {name} LOGIN PASSWORD 'plain'")
        admin.execute(f"GRANT ALL ON SCHEMA {folder} TO {name}")
        yield make_url(url).set(username=name, password="plain").render_as_string(False)
        admin.execute(f"DROP OWNED BY {name} CASCADE")
        admin.execute(f"DROP ROLE {name}")


def test_a_snapshot_whose_age_may_not_be_seen_counts_from_when_it_was_seen(
    postgres_url: str,
) -> None:
    with plain_user(postgres_url) as url, session(postgres_url) as (outsider, _):
        store = open_store(url)

        async def scenario(tower: Tower) -> None:
            outsider.execute("SET TRANSACTION ISOLATION LEVEL REPEATABLE READ")
            outsider.execute("SELECT 1")
            await tower.lookout.look()
            assert tower.lookout.oldest_s == 0
            tower.now_us += OLD_US
            await tower.lookout.look()
            assert tower.lookout.oldest_s == OLD_US / SECOND_US
            outsider.rollback()
            await tower.lookout.look()

        events = watched(store, scenario)
        pid = outsider.info.backend_pid
        store.close()
    mine = [event for event in events if event.fields["pid"] == pid]
    assert [event.verb for event in mine] == ["old_transaction", "old_transaction_ended"]
    assert mine[0].fields["age_s"] == OLD_US / SECOND_US


def test_a_reader_that_keeps_the_log_of_sqlite_from_being_emptied_is_told(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("job_server.store.sqlite._CHECKPOINT_EVERY", 5)
    file = tmp_path / "jobs.db"
    store = open_store(file)
    reader = sqlite3.connect(file, isolation_level=None)

    async def scenario(tower: Tower) -> None:
        reader.execute("BEGIN")
        reader.execute("SELECT count(*) FROM job").fetchone()
        for _ in range(5):
            create(store, spec=bytes(100_000))
        await tower.lookout.look()
        tower.now_us += 60 * SECOND_US
        await tower.lookout.look()
        assert tower.lookout.oldest_s == 60
        reader.close()
        for _ in range(5):
            create(store)
        await tower.lookout.look()
        assert tower.lookout.oldest_s == 0

    began, ended = watched(store, scenario, wal=400_000)
    store.close()
    assert (began.verb, ended.verb) == ("old_transaction", "old_transaction_ended")
    assert began.fields["wal_bytes"] >= 400_000
    assert "pid" not in began.fields
