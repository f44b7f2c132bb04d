"""Claiming from a long queue of many owners, against claiming from a short one."""

from __future__ import annotations

import secrets
import time
from pathlib import Path

import numpy as np

from job_server.store.open import open_store
from job_server.store.record import Limits, NewJob
from job_server.store.store import Store
from tests.bench import postgres
from tests.bench.figure import Figure
from tests.bench.rounds import ms

SHORT, LONG = (100, 10), (100_000, 1000)
"""Jobs, owners."""
CLAIMS = 90
GROUP = 5000
ROOMY = Limits(outstanding=10**9)
LEASE_US = 60_000_000


def measure(folder: Path) -> list[Figure]:
    """Row 4 of issue 3, on both databases. Some two minutes, mostly to fill the queues."""
    with postgres.running() as url:
        return [
            *_compared("SQLite", str(folder / "short.db"), str(folder / "long.db")),
            *_compared("PostgreSQL", url, url),
        ]


def _compared(name: str, short: str, long: str) -> list[Figure]:
    few = _claims(short, *SHORT)
    many = _claims(long, *LONG)
    ratio = many / few
    what = f"claim with {LONG[0]:,} queued jobs of {LONG[1]:,} owners over claim with {SHORT[0]}"
    measured = f"{ratio:.2f}; {ms(many)}, {ms(few)}"
    return [Figure(f"{what}, {name}", measured, "≤ 2", ratio <= 2)]


def _claims(where: str, jobs: int, owners: int) -> float:
    """Median time of a claim, each in a transaction of its own."""
    store = open_store(where)
    try:
        _fill(store, jobs, owners)
        return float(np.median([_claim(store) for _ in range(CLAIMS)]))
    finally:
        store.close()


def _fill(store: Store, jobs: int, owners: int) -> None:
    for start in range(0, jobs, GROUP):
        with store.transaction() as transaction:
            for number in range(start, min(start + GROUP, jobs)):
                transaction.create(_new(f"owner-{number % owners}"), ROOMY, number)


def _new(owner: str) -> NewJob:
    return NewJob(
        id=secrets.token_hex(16),
        owner=owner,
        spec=bytes(200),
        spec_digest=bytes(32),
        type=b"",
        format="native",
        attempt_timeout_us=LEASE_US,
        age_limit_us=LEASE_US,
    )


def _claim(store: Store) -> float:
    began = time.perf_counter()
    with store.transaction() as transaction:
        claimed = transaction.claim("worker", LEASE_US, 0, 10**12)
    assert claimed is not None
    return time.perf_counter() - began
