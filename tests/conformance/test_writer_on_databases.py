"""What a database does to a verb of the writer is told as what it is, and no half of it is left."""

from __future__ import annotations

import asyncio
import threading
import time
import zlib
from collections.abc import Awaitable, Callable, Iterator
from dataclasses import replace
from pathlib import Path
from typing import Any

import psycopg
import pytest

from job_server.queue.writer import Writer
from job_server.store.open import open_store
from job_server.store.record import Filter, Limits, NewJob
from job_server.store.sqlite import SqliteStore
from job_server.store.store import Store, Transaction
from swath.errors import InvalidArgument, Unavailable
from tests.chaos.postgres import Postgres, postgres

LIMITS = Limits()


@pytest.fixture(scope="module")
def server() -> Iterator[Postgres]:
    """A PostgreSQL that the tests of this module share."""
    with postgres() as started:
        yield started


@pytest.fixture
def on_postgres(server: Postgres) -> Iterator[Store]:
    """A store in it; each test has owners of its own."""
    store = open_store(server.url, connections=3)
    yield store
    store.close()


def run(store: Store, scenario: Callable[[Writer], Awaitable[None]]) -> None:
    """Run a scenario with a writer over a store."""

    async def whole() -> None:
        writer = Writer(store, 100)
        try:
            await scenario(writer)
        finally:
            await writer.close()

    asyncio.run(whole())


def job(owner: str, number: int, spec: bytes = b"a spec") -> NewJob:
    return NewJob(
        f"{zlib.crc32(owner.encode()):016x}{number:016x}", owner, spec, b"d", b"t", "native"
    )


def create(owner: str, number: int = 1, spec: bytes = b"a spec") -> Callable[[Transaction], Any]:
    return lambda tx: tx.create(job(owner, number, spec), LIMITS, 0)


def jobs_of(store: Store, owner: str) -> int:
    with store.transaction() as transaction:
        return len(transaction.find(owner, Filter(), None, 99))


def test_a_connection_that_ends_in_a_verb_is_unavailable_and_undoes_it(server, on_postgres):
    def cut(transaction: Transaction) -> None:
        create("cut")(transaction)
        server.terminate()
        transaction.usage("cut", LIMITS)

    async def scenario(writer: Writer) -> None:
        with pytest.raises(Unavailable):
            await writer.run(cut)
        await writer.run(create("cut", 2))

    run(on_postgres, scenario)
    assert jobs_of(on_postgres, "cut") == 1


def test_a_connection_that_ends_before_a_refusal_is_undone_is_unavailable(server, on_postgres):
    """The verb fails for a reason of its own; that it cannot be undone comes to light after it."""

    def refuse(transaction: Transaction) -> None:
        create("refused")(transaction)
        server.terminate()
        raise ValueError("a fault of ours")

    async def scenario(writer: Writer) -> None:
        with pytest.raises(Unavailable):
            await writer.run(refuse)

    run(on_postgres, scenario)
    assert jobs_of(on_postgres, "refused") == 0


def test_rows_that_somebody_holds_are_unavailable_and_not_a_fault(server, on_postgres):
    async def scenario(writer: Writer) -> None:
        await writer.run(create("held"))
        with psycopg.connect(server.url) as other:
            other.execute("SELECT 1 FROM owner WHERE owner = 'held' FOR UPDATE")
            with pytest.raises(Unavailable, match="holds") as refused:
                await writer.run(create("held", 2))
            assert refused.value.fields["retry_after_ms"] > 0
            other.rollback()
        await writer.run(create("held", 3))

    run(on_postgres, scenario)
    assert jobs_of(on_postgres, "held") == 2


def test_rows_that_somebody_holds_hold_up_their_owner_and_hardly_anybody_else(server, on_postgres):
    """One thread runs all verbs: it waits for such a row twice, and not for each who wants it."""

    async def scenario(writer: Writer) -> None:
        await writer.run(create("stuck"))
        with psycopg.connect(server.url) as other:
            other.execute("SELECT 1 FROM owner WHERE owner = 'stuck' FOR UPDATE")
            stuck = [writer.run(create("stuck", number)) for number in range(2, 8)]
            free = [writer.run(create("free", number)) for number in (1, 2)]
            began_s = time.monotonic()
            group = free[0], *stuck, free[1]
            _, *refused, _ = await asyncio.gather(*group, return_exceptions=True)
            assert all(isinstance(end, Unavailable) for end in refused)
            assert time.monotonic() - began_s < 2
            other.rollback()

    run(on_postgres, scenario)
    assert (jobs_of(on_postgres, "free"), jobs_of(on_postgres, "stuck")) == (2, 1)


def test_what_the_database_cannot_keep_is_refused_alone(on_postgres):
    """Rows of a group are written together; whose it is that cannot be is found out."""
    group = [replace(job("kept", number), format=f"f{number}") for number in range(1, 6)]
    group[2] = replace(group[2], format="f\0")
    started = threading.Event()

    def verb(new: NewJob) -> Callable[[Transaction], Any]:
        return lambda tx: tx.create(new, LIMITS, 0)

    async def scenario(writer: Writer) -> None:
        blocker = asyncio.ensure_future(writer.run(lambda tx: started.wait(10)))
        rest = [asyncio.ensure_future(writer.run(verb(new))) for new in group]
        await asyncio.sleep(0)  # all of them are in the queue
        started.set()
        ends = await asyncio.gather(blocker, *rest, return_exceptions=True)
        kinds = [type(end) if isinstance(end, Exception) else None for end in ends[1:]]
        assert kinds == [None, None, InvalidArgument, None, None]

    run(on_postgres, scenario)
    assert jobs_of(on_postgres, "kept") == 4


def test_servers_of_one_database_do_not_hold_up_each_other(server, on_postgres):
    """Their groups want the same owners in all orders."""
    second = open_store(server.url, connections=3)
    numbers = iter(range(1, 1000))

    async def customer(writer: Writer, owners: str) -> None:
        for owner in owners:
            await writer.run(create(f"owner {owner}", next(numbers)))

    async def scenario(writer: Writer) -> None:
        other, began_s = Writer(second, 100), time.monotonic()
        orders = ["abcdef", "fedcba", "cafebd", "badcfe"]
        customers = [customer(w, order) for w in (writer, other) for order in orders]
        await asyncio.gather(*customers)
        assert time.monotonic() - began_s < 2
        await other.close()

    run(on_postgres, scenario)
    second.close()
    assert sum(jobs_of(on_postgres, f"owner {owner}") for owner in "abcdef") == 48


def test_a_full_disk_is_unavailable_for_the_whole_group_and_leaves_nothing_of_it(tmp_path: Path):
    store = open_store(tmp_path / "jobs.db")
    assert isinstance(store, SqliteStore)

    def most_pages(most: int) -> int:
        with store._engine.connect() as connection:
            driver: Any = connection.connection.driver_connection
            driver.execute(f"PRAGMA max_page_count = {most}")
            return int(driver.execute("PRAGMA page_count").fetchone()[0])

    async def scenario(writer: Writer) -> None:
        await writer.run(create("full", 1))
        most_pages(most_pages(1 << 30))
        large = bytes(1_000_000)
        group = [create("full", 2), create("full", 3, large), create("full", 4)]
        ends = await asyncio.gather(*map(writer.run, group), return_exceptions=True)
        told = {number for number, end in enumerate(ends, 2) if not isinstance(end, Exception)}
        assert all(isinstance(end, Unavailable) for end in ends if isinstance(end, Exception))
        assert isinstance(ends[1], Unavailable)
        assert jobs_of(store, "full") == 1 + len(told)
        most_pages(1 << 30)
        await writer.run(create("full", 5))

    run(store, scenario)
    with store.transaction() as transaction:
        assert transaction.recount() == []
    store.close()
