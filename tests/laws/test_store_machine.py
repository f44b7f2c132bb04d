"""All stores answer alike, whatever is asked in whatever order, and keep the laws of the queue.

Drives memory, SQLite and PostgreSQL side by side. After each step: a job ends once and stays ended
(I2), fences grow and an old one changes nothing (I4), and the counters of owners are the numbers of
their jobs (I5).
"""

from __future__ import annotations

import secrets
import tempfile
from collections import Counter
from dataclasses import replace
from pathlib import Path
from typing import Any

import psycopg
import pytest
from hypothesis import HealthCheck, settings
from hypothesis import strategies as st
from hypothesis.stateful import (
    RuleBasedStateMachine,
    invariant,
    precondition,
    rule,
    run_state_machine_as_test,
)

from job_server.store.memory import MemoryStore
from job_server.store.open import open_store
from job_server.store.record import (
    Beat,
    Claimed,
    Failure,
    Filter,
    JobRecord,
    Kind,
    Lease,
    Limits,
    Manifest,
    NewJob,
    Piece,
)
from job_server.store.store import Store
from swath.errors import LeaseLost, SwathError
from swath.job import Outcome, Stage

LEASE_US = 50
OWNERS = st.sampled_from(["ann", "bob", "Zoë"])
LIMITS = Limits(outstanding=4, running=0)
LOST = object()
"""What a verb gave that raised LeaseLost."""


class StoresSideBySide(RuleBasedStateMachine):
    """Each rule is one verb in one transaction of every store."""

    postgres: Store
    """One for all runs, emptied before each."""

    def __init__(self) -> None:
        super().__init__()
        self.folder = tempfile.TemporaryDirectory()
        sqlite = open_store(Path(self.folder.name) / "jobs.db")
        self.stores: list[Store] = [MemoryStore(), sqlite, self.postgres]
        self.now_us = 1000
        self.jobs: list[str] = []
        self.leases: list[Lease] = []
        self.ended: dict[str, tuple[Any, ...]] = {}
        self.fences: Counter[str] = Counter()

    def teardown(self) -> None:
        self.stores[1].close()
        self.folder.cleanup()

    def ask(self, verb: str, *args: Any) -> Any:
        """What every store answers; LOST for LeaseLost, the error itself for others."""
        answers = [self._answer(store, verb, args) for store in self.stores]
        assert answers[1] == answers[0], "SQLite differs from the model"
        assert answers[2] == answers[0], "PostgreSQL differs from the model"
        return answers[0]

    def _answer(self, store: Store, verb: str, args: tuple[Any, ...]) -> Any:
        try:
            with store.transaction() as transaction:
                return getattr(transaction, verb)(*args)
        except LeaseLost:
            return LOST
        except SwathError as error:
            return type(error), error.problem, error.fields

    def records(self) -> list[JobRecord]:
        found: list[JobRecord] = self.ask("find", None, Filter(), None, 1000)
        return found

    # Verbs of owners

    @rule(
        owner=OWNERS,
        request=st.sampled_from([None, None, "r", "s"]),
        digest=st.sampled_from([b"d", b"d", b"e"]),
        priority=st.integers(-1, 1),
        keep_us=st.sampled_from([None, 30, 0]),
        timeout_us=st.sampled_from([20, 200]),
    )
    def create(self, owner: str, request: Any, digest: bytes, **fields: Any) -> None:
        new = NewJob(
            id=secrets.token_hex(16),
            owner=owner,
            spec=b"spec",
            spec_digest=digest,
            type=b"type",
            format="native",
            request_id=request,
            priority=fields["priority"],
            keep_us=fields["keep_us"],
            attempt_timeout_us=fields["timeout_us"],
        )
        before = self.ask("usage", owner, LIMITS)
        created = self.ask("create", new, LIMITS, self.now_us)
        if isinstance(created, tuple) or created.is_replay:
            assert self.ask("usage", owner, LIMITS) == before
        else:
            assert before.outstanding < before.outstanding_limit
            self.jobs.append(new.id)

    @precondition(lambda self: self.jobs)
    @rule(data=st.data())
    def cancel(self, data: st.DataObject) -> None:
        self.ask("cancel", data.draw(st.sampled_from(self.jobs)), None, self.now_us)

    @precondition(lambda self: self.jobs)
    @rule(
        data=st.data(),
        labels=st.sampled_from([None, {}, {"a": "b"}]),
        keep_us=st.sampled_from([None, 0, 40]),
    )
    def update(self, data: st.DataObject, labels: dict[str, str] | None, keep_us: Any) -> None:
        job = data.draw(st.sampled_from(self.jobs))
        self.ask("update", job, None, self.now_us, labels, keep_us)

    @precondition(lambda self: self.jobs)
    @rule(data=st.data(), owner=OWNERS)
    def delete(self, data: st.DataObject, owner: str) -> None:
        self.ask("delete", data.draw(st.sampled_from(self.jobs)), owner, self.now_us)

    @rule(owner=OWNERS, outstanding=st.integers(0, 5), running=st.integers(0, 2))
    def set_limits(self, owner: str, outstanding: int, running: int) -> None:
        self.ask("set_limits", owner, Limits(outstanding, running))

    # Verbs of workers, also of those that lost their leases long ago

    @rule(running_limit=st.sampled_from([0, 0, 1]))
    def claim(self, running_limit: int) -> None:
        claimed = self.ask("claim", "worker", LEASE_US, running_limit, self.now_us)
        if claimed is not None:
            assert isinstance(claimed, Claimed)
            assert claimed.job.fence > self.fences[claimed.job.id]
            assert claimed.job.run_at_us <= self.now_us
            self.fences[claimed.job.id] = claimed.job.fence
            self.leases.append(claimed.lease)

    def under(self, data: st.DataObject, verb: str, *args: Any) -> None:
        """A verb under some lease: an old one loses and changes nothing."""
        recent_first = self.leases[::-1]
        lease = data.draw(st.sampled_from(recent_first))
        before = self.records()
        answer = self.ask(verb, lease, *args, self.now_us)
        if lease.fence < self.fences[lease.job]:
            assert answer is LOST
            assert self.records() == before

    @precondition(lambda self: self.leases)
    @rule(
        data=st.data(),
        stage=st.sampled_from([None, Stage.RUNNING, Stage.SAVING]),
        steps_done=st.sampled_from([None, 1, 2]),
    )
    def heartbeat(self, data: st.DataObject, stage: Stage | None, steps_done: Any) -> None:
        leases = data.draw(st.lists(st.sampled_from(self.leases), max_size=3, unique=True))
        beats = [Beat(lease, stage, steps_done) for lease in leases]
        self.ask("heartbeat", beats, LEASE_US, self.now_us)

    @precondition(lambda self: self.leases)
    @rule(data=st.data(), version=st.sampled_from(["1", "2"]), steps=st.integers(1, 3))
    def pin(self, data: st.DataObject, version: str, steps: int) -> None:
        self.under(data, "pin", b"plan", version, steps)

    @precondition(lambda self: self.leases)
    @rule(data=st.data(), name=st.sampled_from("ab"), steps=st.sampled_from([None, 1]))
    def put_piece(self, data: st.DataObject, name: str, steps: Any) -> None:
        self.under(data, "put_piece", Piece(name, f"key {len(self.leases)}", 3, 4), steps)

    @precondition(lambda self: self.leases)
    @rule(data=st.data(), named=st.sampled_from(["", "a", "ba"]))
    def commit(self, data: st.DataObject, named: str) -> None:
        pieces = tuple(Piece(name, f"key {name}", 3, 4) for name in named)
        self.under(data, "commit", Manifest("native", 3, 4, None if named else b"abc", pieces))

    @precondition(lambda self: self.leases)
    @rule(data=st.data(), kind=st.sampled_from(Kind), after_us=st.sampled_from([None, 0, 25]))
    def fail(self, data: st.DataObject, kind: Kind, after_us: int | None) -> None:
        retry_at_us = None if after_us is None else self.now_us + after_us
        self.under(data, "fail", Failure(kind, b"error", retry_at_us))

    @precondition(lambda self: self.leases)
    @rule(data=st.data())
    def release(self, data: st.DataObject) -> None:
        self.under(data, "release")

    # The server's own, and time

    @rule(is_retried=st.booleans(), most=st.integers(1, 3))
    def reap(self, is_retried: bool, most: int) -> None:
        retry_at_us = self.now_us + 10 if is_retried else None
        lost = Failure(Kind.CRASH, b"lost", retry_at_us, Outcome.LOST)
        self.ask("reap", lambda job: replace(lost, error=job.id.encode()), self.now_us, most)

    @rule(most=st.integers(1, 3))
    def expire(self, most: int) -> None:
        self.ask("expire", self.now_us, most)

    @rule(age_us=st.sampled_from([0, 50]))
    def forget(self, age_us: int) -> None:
        self.ask("forget", self.now_us - age_us)

    @rule(by_us=st.sampled_from([1, 10, 40, 100, -30]))
    def wait(self, by_us: int) -> None:
        self.now_us += by_us

    # Laws

    @invariant()
    def stores_hold_the_same(self) -> None:
        self.ask("next_run_at_us")
        for job in self.jobs:
            self.ask("attempts", job)
            self.ask("pieces", job)
            self.ask("manifest", job)
        self.ask("referenced", self.jobs)

    @invariant()
    def a_job_ends_once(self) -> None:
        for job in self.records():
            end = (job.stage, job.status, job.finished_us)
            if job.is_done:
                assert self.ended.setdefault(job.id, end) == end
            else:
                assert job.id not in self.ended
            assert job.fence == self.fences[job.id]

    @invariant()
    def counters_are_the_numbers_of_jobs(self) -> None:
        records = self.records()
        outstanding = Counter(job.owner for job in records if not job.is_done)
        running = Counter(job.owner for job in records if job.is_leased)
        for owner in ("ann", "bob", "Zoë"):
            usage = self.ask("usage", owner, LIMITS)
            assert (usage.outstanding, usage.running) == (outstanding[owner], running[owner])
        assert self.ask("recount") == []


@pytest.mark.timeout(300)
def test_all_stores_are_one_machine(postgres_url: str) -> None:
    opened = open_store(postgres_url, connections=1)

    class Machine(StoresSideBySide):
        postgres = opened

        def __init__(self) -> None:
            with psycopg.connect(postgres_url, autocommit=True) as admin:
                admin.execute("TRUNCATE owner, job CASCADE")
            super().__init__()

    bounded = settings(
        max_examples=15,
        stateful_step_count=40,
        deadline=None,
        suppress_health_check=list(HealthCheck),
    )
    try:
        run_state_machine_as_test(Machine, settings=bounded)
    finally:
        opened.close()
