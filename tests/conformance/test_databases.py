"""What the stores of jobs that outlive their process do when something goes wrong around them."""

from __future__ import annotations

import signal
import sqlite3
import subprocess
import sys
import threading
from collections.abc import Iterator
from contextlib import closing, contextmanager
from pathlib import Path

import psycopg
import pytest
from sqlalchemy import Engine, Inspector, create_engine, event, inspect, text
from sqlalchemy.exc import IntegrityError

from job_server.store import migrate
from job_server.store.open import open_store
from job_server.store.postgres import PostgresStore
from job_server.store.record import Filter
from job_server.store.sql import schema
from job_server.store.sqlite import SqliteStore, has_wal_bug
from swath.errors import (
    InvalidArgument,
    InvalidSource,
    PermissionDenied,
    StorageUnavailable,
    Unavailable,
)
from swath.job import Stage
from tests.stores import LIMITS, claim, create, do, new_job, transient

LATER = transient(10**9)
"""Not before a good while."""


def engine(database: str) -> Engine:
    """A connection of our own to the database, beside the store's."""
    if database.startswith("postgresql"):
        return create_engine(database.replace("postgresql://", "postgresql+psycopg://", 1))
    return create_engine(f"sqlite:///{database}")


def execute(database: str, *statements: str) -> None:
    own = engine(database)
    try:
        with own.begin() as connection:
            for statement in statements:
                connection.execute(text(statement))
    finally:
        own.dispose()


@pytest.fixture
def file(tmp_path: Path) -> Path:
    return tmp_path / "jobs.db"


# Opening


def test_jobs_are_there_after_the_store_was_opened_again(database: str) -> None:
    with closing(open_store(database)) as store:
        job = create(store)
    with closing(open_store(database)) as store:
        assert claim(store).job.id == job


def test_a_database_of_a_newer_version_is_refused_and_left_as_it_was(database: str) -> None:
    with closing(open_store(database)) as store:
        job = create(store)
    execute(database, "UPDATE schema_version SET number = 99")
    with pytest.raises(InvalidSource, match="newer Swath"):
        open_store(database)
    execute(database, "UPDATE schema_version SET number = 1")
    with closing(open_store(database)) as store:
        assert do(store, "get", job).stage is Stage.QUEUED


def test_an_older_database_gets_the_migrations_that_it_lacks(
    database: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    with closing(open_store(database)) as store:
        job = create(store)
    kind = "postgresql" if database.startswith("postgresql") else "sqlite"
    sql = {**migrate.migrations(kind), 2: "ALTER TABLE owner ADD COLUMN note TEXT;\n"}
    monkeypatch.setattr(migrate, "migrations", lambda engine: sql)
    with closing(open_store(database)) as store:
        assert do(store, "get", job).stage is Stage.QUEUED
    own = engine(database)
    assert "note" in {column["name"] for column in inspect(own).get_columns("owner")}
    with own.connect() as connection:
        assert connection.execute(text("SELECT number FROM schema_version")).scalar() == 2
    own.dispose()


def test_a_migration_that_fails_in_the_middle_leaves_nothing(
    database: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    known = migrate.migrations
    monkeypatch.setattr(migrate, "migrations", lambda kind: {**known(kind), 2: "NO SQL;\n"})
    with pytest.raises(Exception, match="syntax"):
        open_store(database)
    own = engine(database)
    assert inspect(own).get_table_names() == []
    own.dispose()
    monkeypatch.undo()
    open_store(database).close()


def test_a_database_of_another_program_is_refused(database: str) -> None:
    execute(database, "CREATE TABLE job (id TEXT)")
    with pytest.raises(InvalidSource, match="not one of Swath's jobs"):
        open_store(database)


def test_a_file_that_is_no_database_is_refused(file: Path) -> None:
    file.write_bytes(b"not a database" * 100)
    with pytest.raises(InvalidSource):
        open_store(file)


def test_a_folder_that_is_not_there_is_named_as_the_fault(tmp_path: Path) -> None:
    with pytest.raises(PermissionDenied, match="folder"):
        open_store(tmp_path / "nowhere" / "jobs.db")


@pytest.mark.parametrize("address", ["mysql://localhost/jobs", "://"])
def test_other_databases_are_refused(address: str) -> None:
    with pytest.raises(InvalidArgument):
        open_store(address)


def test_a_missing_driver_of_postgres_is_named(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setitem(sys.modules, "psycopg", None)
    with pytest.raises(InvalidArgument, match="swath\\[postgres\\]"):
        open_store("postgresql://localhost/jobs")


def test_a_database_that_does_not_answer_is_unavailable(tmp_path: Path) -> None:
    with pytest.raises(Unavailable, match="does not answer"):
        open_store(f"postgresql://nobody@/jobs?host={tmp_path}")


def test_a_second_server_on_the_same_file_is_refused_and_told_why(file: Path) -> None:
    store = open_store(file)
    with pytest.raises(Unavailable, match="another server"):
        open_store(file)
    create(store)
    store.close()
    open_store(file).close()


def test_servers_that_open_an_empty_postgres_together_make_one_schema(postgres_url: str) -> None:
    opened: list[PostgresStore] = []
    lock, start = threading.Lock(), threading.Barrier(4)

    def race() -> None:
        start.wait()
        store = open_store(postgres_url, connections=1)
        assert isinstance(store, PostgresStore)
        with lock:
            opened.append(store)

    threads = [threading.Thread(target=race) for _ in range(4)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert len(opened) == 4
    for store in opened:
        store.close()


def test_the_migrations_make_the_tables_that_this_version_knows(database: str) -> None:
    open_store(database).close()
    own = engine(database)
    migrated = described(inspect(own))
    execute(database, *(f"DROP TABLE {t.name}" for t in reversed(schema.metadata.sorted_tables)))
    schema.metadata.create_all(own)
    assert migrated == described(inspect(own))
    own.dispose()


def described(inspector: Inspector) -> dict[str, object]:
    """Columns, keys, checks and indexes of all tables."""
    tables: dict[str, object] = {}
    kind = inspector.dialect.name
    for table in inspector.get_table_names():
        columns = [(c["name"], str(c["type"]), c["nullable"]) for c in inspector.get_columns(table)]
        checks = sorted(
            (c["name"] or "", c["sqltext"]) for c in inspector.get_check_constraints(table)
        )
        indexes = sorted(
            (
                i["name"] or "",
                repr(i.get("column_names")),
                i["unique"],
                str(i["dialect_options"].get(f"{kind}_where")),
            )
            for i in inspector.get_indexes(table)
        )
        keys = [
            inspector.get_pk_constraint(table)["constrained_columns"],
            inspector.get_foreign_keys(table),
        ]
        tables[table] = (columns, checks, indexes, keys)
    return tables


# What the schema holds by itself

BROKEN = {
    "an unknown stage": "UPDATE job SET stage = 'ASLEEP'",
    "done without a time": "UPDATE job SET stage = 'DONE', status = 'FAILURE'",
    "a time without done": "UPDATE job SET finished_us = 1",
    "done without a status": "UPDATE job SET stage = 'DONE', finished_us = 1",
    "queued and leased": "UPDATE job SET lease_until_us = 1, deadline_us = 1, worker = 'w'",
    "working without a lease": "UPDATE job SET stage = 'RUNNING'",
    "leased by nobody": "UPDATE job SET stage = 'RUNNING', lease_until_us = 1, deadline_us = 1",
    "queued and cancelled": "UPDATE job SET cancel_requested = (1 = 1)",
    "an attempt without a fence": "UPDATE job SET attempt = 1",
    "a result of no success": "UPDATE job SET result_bytes = 1",
    "more running than outstanding": "UPDATE owner SET running = 2",
    "fewer than none": "UPDATE owner SET outstanding = -1",
    "two schemas": "INSERT INTO schema_version VALUES (2, 2)",
    "a spec of no job": "INSERT INTO spec VALUES ('x', NULL)",
}


@pytest.mark.parametrize("broken", BROKEN)
def test_the_schema_refuses(database: str, broken: str) -> None:
    with closing(open_store(database)) as store:
        create(store)
    with pytest.raises(IntegrityError):
        execute(database, BROKEN[broken])


def test_a_recount_puts_counters_right_that_are_not(database: str) -> None:
    with closing(open_store(database)) as store:
        for owner in ("ann", "ann", "bob"):
            create(store, owner=owner)
        claim(store)
    execute(database, "UPDATE owner SET outstanding = 9, running = 3 WHERE owner = 'ann'")
    with closing(open_store(database)) as store:
        assert do(store, "recount") == ["ann"]
        usage = do(store, "usage", "ann", LIMITS)
        assert (usage.outstanding, usage.running) == (2, 1)
        assert do(store, "recount") == []


# What claims cost


@contextmanager
def seen(store: SqliteStore | PostgresStore) -> Iterator[list[tuple[str, object]]]:
    """The statements that the store runs meanwhile."""
    statements: list[tuple[str, object]] = []

    def note(_: object, __: object, statement: str, parameters: object, *___: object) -> None:
        statements.append((statement, parameters))

    event.listen(store._engine, "before_cursor_execute", note)
    yield statements
    event.remove(store._engine, "before_cursor_execute", note)


def test_no_statement_of_a_claim_in_sqlite_reads_a_whole_table_or_sorts(file: Path) -> None:
    store = open_store(file)
    assert isinstance(store, SqliteStore)
    create(store)
    with seen(store) as statements:
        claim(store)
    store.close()
    looked_at = []
    with closing(sqlite3.connect(file)) as own:
        for statement, parameters in statements:
            if statement.startswith(("SELECT", "UPDATE")):
                plan = own.execute(f"EXPLAIN QUERY PLAN {statement}", parameters).fetchall()  # type: ignore[arg-type]
                looked_at += [step[3] for step in plan]
    assert len(looked_at) >= 5
    # `max(vt)` is shown as a scan, but ends at the last entry of its index.
    allowed = (
        "SEARCH",
        "SCALAR SUBQUERY",
        "LIST SUBQUERY",
        "SCAN owner USING COVERING INDEX owner_turn",
    )
    assert [step for step in looked_at if not step.startswith(allowed)] == []


@pytest.mark.parametrize("waiting", ["jobs of one owner", "owners with jobs for later"])
def test_the_number_of_statements_of_a_claim_does_not_grow_with_what_waits(
    database: str, waiting: str
) -> None:
    store = open_store(database)
    assert isinstance(store, SqliteStore | PostgresStore)
    for i in range(40):
        if waiting == "jobs of one owner":
            create(store, owner="flood")
        else:
            create(store, owner=f"o{i}")
            do(store, "fail", claim(store).lease, LATER, 0)
    for _ in range(3):
        create(store, owner="zoe", now_us=1)
    for _ in range(2):  # the second one looks at those who have nothing ready, and is the last to
        claim(store, now_us=1)
    with seen(store) as statements:
        claim(store, now_us=1)
    store.close()
    assert len(statements) <= 10


def test_the_rows_of_creates_in_one_transaction_are_written_together(database: str) -> None:
    store = open_store(database)
    assert isinstance(store, SqliteStore | PostgresStore)
    create(store)
    with seen(store) as statements, store.transaction() as transaction:
        for _ in range(20):
            transaction.create(new_job(), LIMITS, 0)
    store.close()
    assert [text.split()[2] for text, _ in statements if text.startswith("INSERT")] == [
        "job",
        "spec",
    ]


# SQLite and what is around it


def test_a_file_that_another_program_holds_is_unavailable_until_it_is_let_go(file: Path) -> None:
    store = open_store(file, busy_timeout_s=0.05)
    outsider = sqlite3.connect(file, isolation_level=None)
    outsider.execute("BEGIN IMMEDIATE")
    with pytest.raises(Unavailable, match="Another program") as held:
        create(store)
    assert held.value.fields["retry_after_ms"] > 0
    outsider.execute("ROLLBACK")
    outsider.close()
    assert do(store, "find", None, Filter(), None, 9) == []
    create(store)
    assert do(store, "usage", "ann", LIMITS).outstanding == 1
    store.close()


def pages(store: SqliteStore, most: int) -> int:
    """Let the file have at most that many pages; how many it has."""
    with store._engine.connect() as connection:
        driver = connection.connection.driver_connection
        assert isinstance(driver, sqlite3.Connection)
        driver.execute(f"PRAGMA max_page_count = {most}")
        return int(driver.execute("PRAGMA page_count").fetchone()[0])


def test_a_full_disk_changes_nothing_and_room_is_used_again(file: Path) -> None:
    store = open_store(file)
    assert isinstance(store, SqliteStore)
    create(store)
    has = pages(store, 1 << 30)
    pages(store, has)
    with pytest.raises(StorageUnavailable, match="full"):
        create(store, spec=bytes(100_000))
    assert len(do(store, "find", None, Filter(), None, 9)) == 1
    assert do(store, "usage", "ann", LIMITS).outstanding == 1
    pages(store, 1 << 30)
    create(store, spec=bytes(100_000))
    assert do(store, "recount") == []
    store.close()


def test_after_a_full_disk_no_verb_of_the_same_transaction_goes_on(file: Path) -> None:
    store = open_store(file)
    assert isinstance(store, SqliteStore)
    create(store)
    pages(store, pages(store, 1 << 30))

    def group() -> None:
        with store.transaction() as transaction:
            transaction.attempted(lambda: transaction.create(new_job(), LIMITS, 0))
            with pytest.raises(Unavailable):
                transaction.attempted(
                    lambda: transaction.create(new_job(spec=bytes(100_000)), LIMITS, 0)
                )
            with pytest.raises(Unavailable):
                transaction.attempted(lambda: transaction.create(new_job(), LIMITS, 0))

    with pytest.raises(Unavailable):
        group()
    pages(store, 1 << 30)
    assert len(do(store, "find", None, Filter(), None, 9)) == 1
    assert do(store, "recount") == []
    store.close()


def test_the_log_is_emptied_from_time_to_time(file: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("job_server.store.sqlite._CHECKPOINT_EVERY", 5)
    store = open_store(file)
    log = file.with_name("jobs.db-wal")
    for _ in range(4):
        create(store)
    assert log.stat().st_size > 0
    create(store)
    assert log.stat().st_size == 0
    store.close()


def test_a_reader_that_stays_does_not_hold_up_the_emptying_of_the_log(
    file: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("job_server.store.sqlite._CHECKPOINT_EVERY", 2)
    store = open_store(file, busy_timeout_s=60)  # longer than this test may take
    reader = sqlite3.connect(file, isolation_level=None)
    reader.execute("BEGIN")
    reader.execute("SELECT count(*) FROM job").fetchone()
    jobs = [create(store) for _ in range(6)]
    reader.close()
    assert len(do(store, "find", None, Filter(), None, 9)) == len(jobs)
    store.close()


WORK = """
import itertools, sys
from job_server.store.open import open_store
from tests.stores import RESULT, claim, create, do
store = open_store(sys.argv[1])
for i in itertools.count():
    job = create(store, request_id=str(i))
    print("created", job, flush=True)
    with store.transaction() as transaction:
        claimed = transaction.claim("worker", 10**9, 0, 0)
        if i == int(sys.argv[2]):
            print("inside", flush=True)
            sys.stdin.read()
        done = transaction.commit(claimed.lease, RESULT, 1)
    print("done", done.id, flush=True)
"""


def test_a_process_that_is_killed_inside_a_transaction_leaves_what_was_told_and_nothing_else(
    file: Path,
) -> None:
    command = [sys.executable, "-c", WORK, str(file), "3"]
    with subprocess.Popen(
        command, stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True
    ) as child:
        assert child.stdout is not None
        told = []
        while (line := child.stdout.readline().strip()) != "inside":
            told.append(line.split())
        child.send_signal(signal.SIGKILL)
    with closing(sqlite3.connect(file)) as own:
        assert own.execute("PRAGMA integrity_check").fetchone() == ("ok",)
    with closing(open_store(file)) as store:
        jobs = {job.id: job for job in do(store, "find", None, Filter(), None, 99)}
        assert {job for what, job in told if what == "created"} == set(jobs)
        done = {job for what, job in told if what == "done"}
        assert len(done) == 3
        assert {job.id for job in jobs.values() if job.is_done} == done
        assert do(store, "recount") == []
        assert claim(store).job.fence == 1


@pytest.mark.parametrize(
    ("version", "is_affected"),
    [
        ((3, 40, 1), True),
        ((3, 44, 5), True),
        ((3, 44, 6), False),
        ((3, 50, 6), True),
        ((3, 50, 7), False),
        ((3, 51, 2), True),
        ((3, 51, 3), False),
        ((3, 53, 0), False),
    ],
)
def test_versions_with_the_bug_of_the_log_are_known(
    version: tuple[int, ...], is_affected: bool
) -> None:
    assert has_wal_bug(version) is is_affected


# PostgreSQL and what is around it


def test_a_connection_that_was_ended_is_unavailable_once_and_then_replaced(
    postgres_url: str,
) -> None:
    store = open_store(postgres_url, connections=1)
    job = create(store)

    def cancel_while_it_ends() -> None:
        with store.transaction() as transaction:
            transaction.cancel(job, None, 1)
            with psycopg.connect(postgres_url, autocommit=True) as admin:
                admin.execute(
                    "SELECT pg_terminate_backend(pid) FROM pg_stat_activity "
                    "WHERE pid <> pg_backend_pid() AND backend_type = 'client backend' "
                    "AND state = 'idle in transaction' AND query LIKE %s",
                    ("%piece%",),
                )
            transaction.recount()

    with pytest.raises(Unavailable, match="does not answer"):
        cancel_while_it_ends()
    assert do(store, "get", job).stage is Stage.QUEUED
    assert claim(store).job.id == job
    store.close()


def test_a_row_that_something_holds_for_too_long_is_unavailable(postgres_url: str) -> None:
    store = open_store(postgres_url)
    create(store)
    with psycopg.connect(postgres_url) as outsider:
        outsider.execute("SELECT * FROM owner FOR UPDATE")
        with pytest.raises(Unavailable, match="for too long"):
            create(store)
    create(store)
    store.close()


@pytest.mark.parametrize(
    ("state", "expected", "said"),
    [
        ("53100", StorageUnavailable, "full"),
        ("58030", StorageUnavailable, "failed"),  # io_error
        ("25006", Unavailable, "takes no changes"),  # of a standby, after the roles were changed
    ],
)
def test_what_postgres_cannot_do_now_is_said_and_may_be_repeated(
    postgres_url: str, state: str, expected: type[Unavailable], said: str
) -> None:
    store = open_store(postgres_url)
    with psycopg.connect(postgres_url, autocommit=True) as outsider:
        outsider.execute(f"""
            CREATE FUNCTION fail() RETURNS trigger LANGUAGE plpgsql
                AS $$ BEGIN RAISE EXCEPTION USING ERRCODE = '{state}'; END $$;
            CREATE TRIGGER fails BEFORE INSERT ON job EXECUTE FUNCTION fail();
        """)
        with pytest.raises(expected, match=said):
            create(store)
        outsider.execute("DROP TRIGGER fails ON job")
    create(store)
    assert do(store, "usage", "ann", LIMITS).outstanding == 1
    store.close()


def test_a_verb_that_a_deadlock_ends_is_tried_again(postgres_url: str) -> None:
    store = open_store(postgres_url)
    create(store, owner="ann")
    create(store, owner="bob")
    both_hold_one, tries, failures = threading.Barrier(2), [], []

    def group(first: str, second: str) -> None:
        def verb() -> None:
            tries.append(first)
            transaction.create(new_job(owner=first), LIMITS, 0)
            if tries.count(first) == 1:
                both_hold_one.wait(timeout=10)
            transaction.create(new_job(owner=second), LIMITS, 0)

        try:
            with store.transaction() as transaction:
                transaction.attempted(verb)
        except Unavailable as error:
            failures.append(error)

    threads = [
        threading.Thread(target=group, args=("ann", "bob")),
        threading.Thread(target=group, args=("bob", "ann")),
    ]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert failures == []
    assert len(tries) >= 3
    assert len(do(store, "find", None, Filter(), None, 99)) == 6
    assert do(store, "recount") == []
    store.close()
