"""The store of jobs: an interface with three implementations and one conformance suite.

All state of the queue is here, and every change is one verb in one transaction. Verbs are plain and
synchronous; time comes in. Whoever writes for a worker matches `(job, fence)`: no match is
LeaseLost. `job_server.queue` runs verbs in threads and groups their commits.

Invariants, held by the schema where it can: a job is DONE exactly when it has `finished_us` and a
status; leased exactly when it has `lease_until_us`, `deadline_us` and `worker`; QUEUED is never
leased; an owner's `outstanding` is the number of its jobs that are not done, `running` the number
that are leased; fences and revisions only grow; a job that ended never changes stage again.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from contextlib import AbstractContextManager
from typing import Protocol, TypeVar

from job_server.store.record import (
    AttemptRecord,
    Beat,
    Claimed,
    Created,
    Directive,
    Failure,
    Filter,
    JobRecord,
    Lease,
    Limits,
    Manifest,
    NewJob,
    OldTransaction,
    Piece,
    Place,
    Totals,
    Usage,
)

_T = TypeVar("_T")

Decide = Callable[[JobRecord], Failure]
"""Says what becomes of a job whose worker was lost or whose attempt took too long."""


class Store(Protocol):
    """A place where jobs are kept. `transaction` may be called from several threads."""

    @property
    def is_shared(self) -> bool:
        """Whether other servers may change jobs in it, too."""
        ...

    def transaction(self) -> AbstractContextManager[Transaction]:
        """A transaction: durable when the context ends well, undone when it raises.

        Raises:
            Unavailable: the database does not answer, is locked by another program, or is full.
        """
        ...

    def close(self) -> None:
        """Let go of files and connections."""
        ...


class Transaction(Protocol):
    """The verbs, inside one transaction."""

    @property
    def freed(self) -> set[str]:
        """Keys of the result store that no row names any more, nor can: those of jobs that ended.

        Their objects may go once the transaction is durable; it tells them after its end, too.
        """
        ...

    def attempted(self, verb: Callable[[], _T]) -> _T:
        """`verb()` inside a savepoint: whatever it raises, only it is undone.

        But where the database itself fails in it, the whole transaction is lost: it raises what is
        wrong, as `Unavailable`, and its context does so too.
        """
        ...

    def take_turn(self) -> None:
        """Wait until no other transaction that took its turn goes on; before any other verb.

        For a transaction of many verbs: it locks owners in the order in which the verbs came, so
        two of them at once would wait for each other in a circle. Raises Unavailable.
        """
        ...

    # Owners of jobs

    def create(self, new: NewJob, limits: Limits, now_us: int) -> Created:
        """Queue a job, and take one of its owner's quota.

        Raises:
            ResourceExhausted: the quota is used up; nothing was made. RequestIdReused: another
            request has its request id. JobDeleted: it made a job, which was deleted. A replay takes
            nothing, and is not refused for the quota.
        """
        ...

    def made(self, owner: str, request_id: str, spec_digest: bytes) -> JobRecord | None:
        """The job that this request of the owner made; None: it made none.

        Raises:
            RequestIdReused: another request has its request id. JobDeleted: it was deleted.
        """
        ...

    def get(self, job: str, owner: str | None = None) -> JobRecord:
        """The job as it is. `owner` absent: whoever's it is.

        Raises:
            JobNotFound: there is none, it is another owner's, or it was deleted.
        """
        ...

    def spec(self, job: str) -> bytes:
        """What it computes. Raises JobNotFound."""
        ...

    def attempts(self, job: str, most: int = 20) -> list[AttemptRecord]:
        """The last attempts, oldest first."""
        ...

    def manifest(self, job: str) -> Manifest | None:
        """Its result; None: it has none, or it was removed."""
        ...

    def find(
        self, owner: str | None, only: Filter, after: Place | None, most: int
    ) -> list[JobRecord]:
        """Jobs, newest first, at most `most`. `owner` None: of everyone."""
        ...

    def cancel(self, job: str, owner: str | None, now_us: int) -> JobRecord:
        """Ask for its end: queued, it is done as cancelled; leased, `cancel_requested` is set.

        A job that is done stays as it is. Raises JobNotFound.
        """
        ...

    def update(
        self,
        job: str,
        owner: str | None,
        now_us: int,
        labels: dict[str, str] | None = None,
        keep_us: int | None = None,
    ) -> JobRecord:
        """Change labels, or how long the result is kept (0: for ever): from now, if it is done.

        Raises:
            JobNotFound. ResultExpired: it has been removed already.
        """
        ...

    def delete(self, job: str, owner: str | None, now_us: int) -> JobRecord | None:
        """Remove a job that is done; its row stays as a tombstone. None: it was removed before.

        What its result named is freed.

        Raises:
            JobNotFound. JobNotDone.
        """
        ...

    def usage(self, owner: str, limits: Limits) -> Usage:
        """What an owner has and may have; `limits` hold where nothing else was set."""
        ...

    def set_limits(self, owner: str, limits: Limits) -> None:
        """Give an owner limits of its own."""
        ...

    # Workers

    def claim(self, worker: str, lease_us: int, running_limit: int, now_us: int) -> Claimed | None:
        """Hand the next job to a worker; None: none is ready.

        Owners take turns, by stride scheduling; among an owner's jobs the highest priority comes
        first, then the oldest `run_at_us`. Owners who have `running_limit` (0: none; their own
        limit, where one was set) jobs running are passed over, as are jobs whose `run_at_us` is to
        come. Counts an attempt, raises the fence.
        Cost: does not grow with the number of queued jobs.
        """
        ...

    def next_run_at_us(self) -> int | None:
        """When the next queued job becomes ready; None: none is queued. It may be in the past."""
        ...

    def heartbeat(
        self, beats: Sequence[Beat], lease_us: int, now_us: int
    ) -> list[tuple[Directive, JobRecord | None]]:
        """Renew leases; what to do about each, and the job where something visible changed."""
        ...

    def pin(
        self, lease: Lease, plan: bytes, engine_version: str, steps_total: int, now_us: int
    ) -> JobRecord:
        """Store the resolved plan and the number of steps; sets stage RUNNING.

        A plan of the same engine version that is there stays as it is; one of another version is
        replaced, and its pieces are forgotten; they are not freed, for this very lease may name
        the same again (the sweep removes their objects).
        Raises LeaseLost.
        """
        ...

    def put_piece(
        self, lease: Lease, piece: Piece, steps_done: int | None, now_us: int
    ) -> tuple[Piece, JobRecord]:
        """Record a piece whose object is stored; the one that counts, and the job.

        A piece of that name that is there already stays: then its key differs from `piece.key`,
        and the caller may delete the object that it stored. Raises LeaseLost.
        """
        ...

    def pieces(self, job: str) -> list[Piece]:
        """The pieces of a job that count, by name."""
        ...

    def piece(self, job: str, name: str) -> Piece | None:
        """One of them; None: there is none of that name. Cost: not that of all of them."""
        ...

    def commit(self, lease: Lease, manifest: Manifest, now_us: int) -> JobRecord:
        """End the job with success; release its quota. The commit point of a job.

        Pieces that the manifest does not name are freed.
        Repeated under the fence that ended it, it gives the job again.
        Raises LeaseLost: also when cancellation was asked for before.
        """
        ...

    def fail(self, lease: Lease, failure: Failure, now_us: int) -> JobRecord:
        """End the attempt; queue the job again or end it, as the failure says.

        One that is queued keeps its pieces; those of one that ended are freed.
        With `cancel_requested` the job always ends as cancelled. Raises LeaseLost, but repeated
        under the same fence it gives the job.
        """
        ...

    def release(self, lease: Lease, now_us: int) -> JobRecord:
        """Queue the job again at once; the attempt is not counted. Raises LeaseLost."""
        ...

    # The server itself

    def reap(self, decide: Decide, now_us: int, most: int = 100) -> list[JobRecord]:
        """End attempts whose lease or deadline has passed, as `decide` says; the jobs after it.

        Jobs with `cancel_requested` end as cancelled. The predicate is repeated in the update: a
        heartbeat that came first wins.
        """
        ...

    def expire(self, now_us: int, most: int = 100) -> list[JobRecord]:
        """Mark results whose time has come as removed, and free what they named; the jobs."""
        ...

    def newer(self, seen: Mapping[str, int]) -> list[JobRecord]:
        """Of the jobs named, with a revision each, those that have a higher one by now."""
        ...

    def referenced(self, jobs: Sequence[str]) -> set[str]:
        """Keys of the result store that pieces or manifests of these jobs name."""
        ...

    def forget(self, before_us: int, most: int = 1000) -> int:
        """Remove the rows of jobs deleted, or whose results were removed, before that time."""
        ...

    def latest_us(self, lease_us: int) -> int | None:
        """When a job changed last, or a lease of that length was renewed; None: there is no job.

        For a server that starts: no time before this can come again.
        Cost: reads every job.
        """
        ...

    def totals(self) -> Totals:
        """Figures of the whole queue. Cost: grows with the number of owners, not of jobs."""
        ...

    def recount(self) -> list[str]:
        """Owners whose counters were not what their jobs say; they are right afterwards."""
        ...

    def old_transactions(self, old_us: int, large_wal_bytes: int) -> list[OldTransaction]:
        """Transactions of other programs in this database that have been open for so long.

        In PostgreSQL those whose age may not be seen are told, too. In SQLite it is one, where the
        log (WAL) is at least so large, as somebody who reads has kept it from being emptied.
        """
        ...
