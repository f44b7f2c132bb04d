"""The time before which a server must not begin, the same from every store."""

from __future__ import annotations

from pathlib import Path

import pytest

from job_server.store.open import open_store
from job_server.store.record import Beat, Limits, NewJob

LEASE_US = 1000


@pytest.fixture(params=["memory", "sqlite"])
def store(request: pytest.FixtureRequest, tmp_path: Path):
    opened = open_store("memory:" if request.param == "memory" else tmp_path / "jobs.db")
    yield opened
    opened.close()


def create(tx, number: int, now_us: int) -> None:
    new = NewJob(f"{number:032x}", "ann", b"spec", b"d" * 32, b"", "native", attempt_timeout_us=9)
    tx.create(new, Limits(), now_us)


def test_without_jobs_there_is_none(store):
    with store.transaction() as tx:
        assert tx.latest_us(LEASE_US) is None


def test_it_is_that_of_the_last_change_of_any_job(store):
    with store.transaction() as tx:
        create(tx, 1, 500)
        create(tx, 2, 400)
        assert tx.latest_us(LEASE_US) == 500
        tx.cancel(f"{2:032x}", "ann", 700)
        assert tx.latest_us(LEASE_US) == 700


def test_a_heartbeat_that_changes_nothing_else_counts(store):
    with store.transaction() as tx:
        create(tx, 1, 500)
        claimed = tx.claim("w", LEASE_US, 0, 600)
        assert tx.latest_us(LEASE_US) == 600
        tx.heartbeat([Beat(claimed.lease)], LEASE_US, 900)
        assert tx.latest_us(LEASE_US) == 900


def test_a_lease_that_was_shorter_than_now_usual_takes_nothing_back(store):
    with store.transaction() as tx:
        create(tx, 1, 500)
        tx.claim("w", LEASE_US, 0, 600)
        assert tx.latest_us(60 * LEASE_US) == 600
