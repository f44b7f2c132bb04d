"""Verbs of the queue on SQLite, each within one long transaction: a commit is the disk's time."""

from __future__ import annotations

import secrets
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

import swath as wf
from job_server.config import JobConfig
from job_server.service.check import checked
from job_server.store.open import open_store
from job_server.store.record import Filter, Limits, Manifest, NewJob
from job_server.store.store import Transaction
from swath.client.spec import specification
from swath.wire.job_request import CreateJob, encode_create

ROOMY = Limits(outstanding=10**9)
MINUTE_US = 60_000_000
NUMBER = Manifest("native", 4, 0, b"1234")
OWNERS = 20


@pytest.fixture
def transaction(tmp_path: Path) -> Iterator[Transaction]:
    """One that goes on while the test does."""
    store = open_store(str(tmp_path / "jobs.db"))
    with store.transaction() as transaction:
        yield transaction
    store.close()


def created(transaction: Transaction, number: int) -> None:
    id_, owner = secrets.token_hex(16), f"owner-{number % OWNERS}"
    new = NewJob(id_, owner, bytes(200), bytes(32), b"", "native", request_id=id_)
    transaction.create(new, ROOMY, number)


def test_a_create_is_checked(benchmark: Any) -> None:
    request = encode_create(CreateJob(specification(wf.Int(1) + 1), "request"))
    benchmark(lambda: checked(request, "ada", secrets.token_hex(16), JobConfig()))


def test_a_job_is_created(benchmark: Any, transaction: Transaction) -> None:
    numbers = iter(range(10**9))
    benchmark(lambda: created(transaction, next(numbers)))


def test_a_job_is_created_claimed_and_committed(benchmark: Any, transaction: Transaction) -> None:
    for number in range(1000):
        created(transaction, number)
    numbers = iter(range(1000, 10**9))

    def turn() -> None:
        now_us = next(numbers)
        created(transaction, now_us)
        claimed = transaction.claim("worker", MINUTE_US, 0, now_us)
        assert claimed is not None
        transaction.commit(claimed.lease, NUMBER, now_us)

    benchmark(turn)


def test_a_page_of_jobs_is_found(benchmark: Any, transaction: Transaction) -> None:
    for number in range(5000):
        created(transaction, number)
    found = benchmark(transaction.find, "owner-3", Filter(), None, 50)
    assert len(found) == 50
