"""Figures of the whole queue, the same from every store."""

from __future__ import annotations

from pathlib import Path

import pytest

from job_server.store.open import open_store
from job_server.store.record import Limits, Manifest, NewJob, Totals


@pytest.fixture(params=["memory", "sqlite"])
def store(request: pytest.FixtureRequest, tmp_path: Path):
    opened = open_store("memory:" if request.param == "memory" else tmp_path / "jobs.db")
    yield opened
    opened.close()


def create(tx, number: int, owner: str) -> None:
    new = NewJob(f"{number:032x}", owner, b"spec", b"d" * 32, b"", "native", attempt_timeout_us=9)
    tx.create(new, Limits(), number)


def test_a_new_store_has_no_jobs(store):
    with store.transaction() as tx:
        assert tx.totals() == Totals(0, 0)


def test_jobs_of_all_owners_are_counted_until_they_are_done(store):
    with store.transaction() as tx:
        for number, owner in enumerate(("alice", "bob", "bob"), 1):
            create(tx, number, owner)
        assert tx.totals() == Totals(queued=3, running=0)
        claimed = tx.claim("w", 1000, 0, 10)
        assert tx.totals() == Totals(queued=2, running=1)
        tx.commit(claimed.lease, Manifest("native", 0, 0, data=b""), 11)
        assert tx.totals() == Totals(queued=2, running=0)
