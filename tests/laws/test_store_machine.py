"""All stores answer alike, whatever is asked in whatever order, and keep the laws of the queue.

Drives memory, SQLite and PostgreSQL side by side. After each step: a job ends once and stays ended
(I2), fences grow and an old one changes nothing (I4), the counters of owners are the numbers of
their jobs (I5), and every stored object is named or was told to be free (I9).
"""

from __future__ import annotations

import secrets
import tempfile
from collections import Counter
from collections.abc import Callable
from dataclasses import replace
from itertools import product
from pathlib import Path
from typing import Any

import psycopg
import pytest
from hypothesis import HealthCheck, settings
from hypothesis import strategies as st
from hypothesis.stateful import (
    RuleBasedStateMachine,
    initialize,
    invariant,
    precondition,
    rule,
    run_state_machine_as_test,
)

from job_server.store.memory.store import MemoryStore
from job_server.store.open import open_store
from job_server.store.record import (
    Beat,
    Claimed,
    Created,
    Failure,
    Filter,
    JobRecord,
    Kind,
    Lease,
    Limits,
    Manifest,
    NewJob,
    Piece,
    Usage,
)
from job_server.store.store import Store, Transaction
from swath.errors import LeaseLost, SwathError
from swath.job import Outcome, Stage, Status

LEASE_US = 50
OWNERS = st.sampled_from(["ann", "bob", "Zoë"])
LIMITS = Limits(outstanding=4, running=0)
NAMES = st.sampled_from(["", "", "a", "ba"])
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
        self.ended: dict[str, JobRecord] = {}
        self.fences: Counter[str] = Counter()
        self.usage: dict[str, Usage] = {}
        self.objects: set[str] = set()
        """Keys of what workers have stored and no store has freed."""
        self.unpinned: set[str] = set()
        """Those that a newer plan left to the sweep."""

    def teardown(self) -> None:
        self.stores[1].close()
        self.folder.cleanup()

    def ask(self, verb: str, *args: Any) -> Any:
        """What every store answers; LOST for LeaseLost, the error itself for others."""
        return self.agreed(lambda transaction: getattr(transaction, verb)(*args))

    def agreed(self, read: Callable[[Transaction], Any]) -> Any:
        answers = [answer(store, read) for store in self.stores]
        assert answers[1] == answers[0], "SQLite differs from the model"
        assert answers[2] == answers[0], "PostgreSQL differs from the model"
        given, freed = answers[0]
        assert freed <= self.objects, "what was freed before, or never there, is freed"
        self.objects -= freed
        return given

    # Verbs

    @initialize()
    def begin_with_jobs(self) -> None:
        for owner in ("bob", "ann", "ann"):
            self.queue(owner)

    def queue(self, owner: str, **fields: Any) -> None:
        usual: dict[str, Any] = {
            "spec": b"spec",
            "spec_digest": b"d",
            "type": b"type",
            "format": "native",
        }
        usual |= {"attempt_timeout_us": 200}
        new = NewJob(id=secrets.token_hex(16), owner=owner, **{**usual, **fields})
        created = self.ask("create", new, LIMITS, self.now_us)
        usage = self.ask("usage", owner, LIMITS)
        if isinstance(created, Created) and not created.is_replay:
            assert usage.outstanding <= usage.outstanding_limit
            self.jobs.append(new.id)
        else:
            assert usage == self.usage[owner]

    @rule(
        owner=OWNERS,
        request_id=st.sampled_from([None, None, "r", "s"]),
        spec_digest=st.sampled_from([b"d", b"d", b"e"]),
        priority=st.integers(-1, 1),
        keep_us=st.sampled_from([None, 30, 0]),
        attempt_timeout_us=st.sampled_from([200, 20]),
    )
    def create(self, owner: str, **fields: Any) -> None:
        self.queue(owner, **fields)

    @rule(running_limit=st.sampled_from([0, 0, 0, 1]))
    def claim(self, running_limit: int) -> None:
        self.claim_one(running_limit)

    def claim_one(self, running_limit: int) -> None:
        claimed = self.ask("claim", "worker", LEASE_US, running_limit, self.now_us)
        if claimed is not None:
            assert isinstance(claimed, Claimed)
            assert claimed.job.fence > self.fences[claimed.job.id]
            assert claimed.job.run_at_us <= self.now_us
            self.fences[claimed.job.id] = claimed.job.fence
            self.leases.append(claimed.lease)

    @rule()
    def claim_and_store(self) -> None:
        """A worker that gets far: what becomes of its pieces is what matters."""
        self.claim_one(0)
        for lease, name in product(self.leases[-1:], "ab"):
            self.store_piece(lease, name, None)

    def store_piece(self, lease: Lease, name: str, steps_done: int | None) -> None:
        piece = Piece(name, f"{lease.job}/{name}-{lease.fence}", 3, 4)
        given = self.under(lease, "put_piece", piece, steps_done)
        if given is not LOST and given[0] == piece:
            self.objects.add(piece.key)
            self.unpinned.discard(piece.key)

    def some_lease(self, data: st.DataObject) -> Lease:
        """Any, the last ones more often."""
        lease: Lease = data.draw(st.sampled_from(self.leases[-3:]) | st.sampled_from(self.leases))
        return lease

    def under(self, lease: Lease, verb: str, *args: Any) -> Any:
        """What a verb under a lease gives: an old one changes nothing."""
        before = self.ask("find", None, Filter(), None, 1000)
        given = self.ask(verb, lease, *args, self.now_us)
        if lease.fence < self.fences[lease.job]:
            assert given is LOST
            assert self.ask("find", None, Filter(), None, 1000) == before
        return given

    @precondition(lambda self: self.leases)
    @rule(data=st.data(), what=st.sampled_from(["beat", "beat", "pin", "piece", "piece"]))
    def go_on(self, data: st.DataObject, what: str) -> None:
        steps, lease = data.draw(st.integers(1, 3)), self.some_lease(data)
        if what == "pin":
            named = self.ask("referenced", [lease.job])
            self.under(lease, "pin", b"plan", data.draw(st.sampled_from("12")), steps)
            self.unpinned |= named - self.ask("referenced", [lease.job])
        elif what == "piece":
            steps_done = data.draw(st.sampled_from([None, steps]))
            self.store_piece(lease, data.draw(st.sampled_from("ab")), steps_done)
        else:
            stage = data.draw(st.sampled_from([None, None, Stage.RUNNING, Stage.SAVING]))
            leases = data.draw(st.lists(st.sampled_from(self.leases), max_size=3))
            beats = [Beat(lease, stage, None if stage is None else steps) for lease in leases]
            self.ask("heartbeat", beats, LEASE_US, self.now_us)

    @precondition(lambda self: self.leases)
    @rule(data=st.data(), what=st.sampled_from(["fail", "fail", "commit", "release"]))
    def end(self, data: st.DataObject, what: str) -> None:
        lease = self.some_lease(data)
        if what == "commit":
            names, stored = data.draw(NAMES), self.ask("pieces", lease.job)
            pieces = tuple(piece for piece in stored if piece.name in names)
            self.under(lease, "commit", Manifest("native", 3, 4, None if pieces else b"a", pieces))
        elif what == "fail":
            after_us = data.draw(st.sampled_from([0, 0, 25, None]))
            retry_at_us = None if after_us is None else self.now_us + after_us
            failure = Failure(data.draw(st.sampled_from(Kind)), b"error", retry_at_us)
            self.under(lease, "fail", failure)
        else:
            self.under(lease, "release")

    @precondition(lambda self: self.jobs)
    @rule(data=st.data(), verb=st.sampled_from(["cancel", "cancel", "update", "delete", "limit"]))
    def want(self, data: st.DataObject, verb: str) -> None:
        job, owner = data.draw(st.sampled_from(self.jobs)), data.draw(OWNERS)
        if verb == "update":
            labels = data.draw(st.sampled_from([None, {}, {"a": "b"}]))
            keep_us = data.draw(st.sampled_from([None, 0, 40]))
            self.ask("update", job, None, self.now_us, labels, keep_us)
        elif verb == "limit":
            running = data.draw(st.integers(0, 2))
            self.ask("set_limits", owner, Limits(data.draw(st.integers(1, 5)), running))
        else:
            self.ask(verb, job, None, self.now_us)

    @rule(verb=st.sampled_from(["reap", "reap", "expire", "forget"]), is_retried=st.booleans())
    def tidy(self, verb: str, is_retried: bool) -> None:
        if verb == "reap":
            retry_at_us = self.now_us if is_retried else None
            lost = Failure(Kind.CRASH, b"lost", retry_at_us, Outcome.LOST)
            self.ask("reap", lambda job: replace(lost, error=job.id.encode()), self.now_us, 2)
        elif verb == "expire":
            self.ask("expire", self.now_us, 2)
        else:
            self.ask("forget", self.now_us)

    @rule()
    def lose_workers(self) -> None:
        """All leases pass, and the jobs go to others: those who had them are late from now on."""
        self.now_us += LEASE_US
        lost = Failure(Kind.CRASH, b"lost", self.now_us, Outcome.LOST)
        reaped = self.ask("reap", lambda _: lost, self.now_us)
        for _ in reaped:
            self.claim_one(0)

    @rule(by_us=st.sampled_from([10, 40, 100, -30]))
    def wait(self, by_us: int) -> None:
        self.now_us += by_us

    # Laws

    @invariant()
    def laws(self) -> None:
        records, named, pieces, *_ = self.agreed(self.everything)
        for job in records:
            self.ends_once(job)
            assert job.fence == self.fences[job.id]
        assert named == self.objects - self.unpinned
        fruitless = {job.id for job in records if job.is_done and job.status is not Status.SUCCESS}
        assert not any(pieces[job] for job in fruitless)
        outstanding = Counter(job.owner for job in records if not job.is_done)
        running = Counter(job.owner for job in records if job.is_leased)
        for owner, usage in self.usage.items():
            assert (usage.outstanding, usage.running) == (outstanding[owner], running[owner])

    def everything(self, transaction: Transaction) -> tuple[Any, ...]:
        """All that can be read."""
        self.usage = {owner: transaction.usage(owner, LIMITS) for owner in ("ann", "bob", "Zoë")}
        assert transaction.recount() == []
        return (
            transaction.find(None, Filter(), None, 1000),
            transaction.referenced(self.jobs),
            {job: transaction.pieces(job) for job in self.jobs},
            self.usage,
            transaction.next_run_at_us(),
            [transaction.attempts(job) for job in self.jobs],
            [transaction.manifest(job) for job in self.jobs],
        )

    def ends_once(self, job: JobRecord) -> None:
        """Once it is done, nothing of a job changes but labels, expiry and that its result goes."""
        if not job.is_done:
            assert job.id not in self.ended
            return
        end = replace(job, revision=0, updated_us=0, labels={}, keep_us=None, expires_us=None)
        end = replace(end, result_bytes=None)
        assert self.ended.setdefault(job.id, end) == end


def answer(store: Store, read: Callable[[Transaction], Any]) -> tuple[Any, set[str]]:
    """What a store gives, LOST, or its error; and the keys that are free after it."""
    try:
        with store.transaction() as transaction:
            given = read(transaction)
    except LeaseLost:
        return LOST, set()
    except SwathError as error:
        return (type(error), error.problem, error.fields), set()
    return given, transaction.freed


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
        max_examples=20,
        stateful_step_count=30,
        deadline=None,
        suppress_health_check=list(HealthCheck),
    )
    try:
        run_state_machine_as_test(Machine, settings=bounded)
    finally:
        opened.close()
