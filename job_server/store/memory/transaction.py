"""One transaction on dicts: the verbs of `Transaction` in the plainest way that is right."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import replace
from typing import TypeVar

from job_server.store import change, refusal, turn
from job_server.store.memory import read
from job_server.store.memory.tables import Journal, Owner, Row, Tables
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
from job_server.store.store import Decide
from swath.job import Outcome, Status

_T = TypeVar("_T")


class MemoryTransaction:
    """The verbs of `Transaction`, on dicts."""

    def __init__(self, tables: Tables) -> None:
        self._tables = tables
        self.journal = Journal()
        self._freed: dict[str, bool] = {}

    @property
    def freed(self) -> set[str]:
        """See `Transaction`."""
        return set(self._freed)

    def attempted(self, verb: Callable[[], _T]) -> _T:
        """See `Transaction`."""
        mark = self.journal.mark
        try:
            return verb()
        except BaseException:
            self.journal.undo(mark)
            raise

    def take_turn(self) -> None:
        """See `Transaction`: here there is one at a time anyway."""

    # Owners of jobs

    def create(self, new: NewJob, limits: Limits, now_us: int) -> Created:
        """See `Transaction`."""
        if new.request_id is not None:
            known = self.made(new.owner, new.request_id, new.spec_digest)
            if known is not None:
                return Created(known, is_replay=True)
        usage = self.usage(new.owner, limits)
        if usage.outstanding >= usage.outstanding_limit:
            raise refusal.quota_exceeded(usage.outstanding, usage.outstanding_limit)
        job = change.created(new, now_us)
        self._count(new.owner, outstanding=1)
        self.journal.put(self._tables.rows, new.id, Row(job, new))
        if new.request_id is not None:
            self.journal.put(self._tables.requests, (new.owner, new.request_id), new.id)
        return Created(job, is_replay=False)

    def made(self, owner: str, request_id: str, spec_digest: bytes) -> JobRecord | None:
        """See `Transaction`."""
        known = self._tables.requests.get((owner, request_id))
        if known is None:
            return None
        row = self._tables.rows[known]
        if row.new.spec_digest != spec_digest:
            raise refusal.request_id_reused(request_id)
        if row.is_deleted:
            raise refusal.job_deleted(known, request_id)
        return row.job

    def get(self, job: str, owner: str | None = None) -> JobRecord:
        """See `Transaction`."""
        row = self._row(job, owner)
        if row.is_deleted:
            raise refusal.job_not_found(job)
        return row.job

    def spec(self, job: str) -> bytes:
        """See `Transaction`."""
        self.get(job)
        return self._tables.rows[job].new.spec

    def attempts(self, job: str, most: int = 20) -> list[AttemptRecord]:
        """See `Transaction`."""
        return list(self._tables.attempts.get(job, ())[-most:])

    def manifest(self, job: str) -> Manifest | None:
        """See `Transaction`."""
        return self._tables.manifests.get(job)

    def find(
        self, owner: str | None, only: Filter, after: Place | None, most: int
    ) -> list[JobRecord]:
        """See `Transaction`."""
        return read.find(self._tables, owner, only, after, most)

    def cancel(self, job: str, owner: str | None, now_us: int) -> JobRecord:
        """See `Transaction`."""
        before = self.get(job, owner)
        after = self._write(before, change.cancelled(before, now_us))
        if after.is_done and not before.is_done:
            self._drop_pieces(job)
        return after

    def update(
        self,
        job: str,
        owner: str | None,
        now_us: int,
        labels: dict[str, str] | None = None,
        keep_us: int | None = None,
    ) -> JobRecord:
        """See `Transaction`."""
        before = self.get(job, owner)
        if keep_us is not None and self._tables.rows[job].removed_us is not None:
            raise refusal.result_expired(before)
        return self._write(before, change.updated(before, labels, keep_us, now_us))

    def delete(self, job: str, owner: str | None, now_us: int) -> JobRecord | None:
        """See `Transaction`."""
        row = self._row(job, owner)
        if row.is_deleted:
            return None
        if not row.job.is_done:
            raise refusal.job_not_done(row.job)
        after = self._remove(row.job, now_us)
        self.journal.drop(self._tables.attempts, job)
        self.journal.put(self._tables.rows, job, replace(self._tables.rows[job], is_deleted=True))
        return after

    def usage(self, owner: str, limits: Limits) -> Usage:
        """See `Transaction`."""
        return read.usage(self._tables, owner, limits)

    def set_limits(self, owner: str, limits: Limits) -> None:
        """See `Transaction`."""
        has = self._tables.owners.get(owner, Owner())
        self.journal.put(self._tables.owners, owner, replace(has, limits=limits))

    # Workers

    def claim(self, worker: str, lease_us: int, running_limit: int, now_us: int) -> Claimed | None:
        """See `Transaction`."""
        owners = sorted(self._tables.owners.items(), key=lambda item: (item[1].vt, item[0]))
        for name, has in owners:
            limit = running_limit if has.limits is None else has.limits.running
            if limit and has.running >= limit:
                continue
            before = self._tables.next(name, now_us)
            if before is None:
                continue
            furthest = owners[-1][1].vt
            self.journal.put(
                self._tables.owners, name, replace(has, vt=turn.after(has.vt, furthest))
            )
            job = self._write(before, change.claimed(before, worker, lease_us, now_us))
            attempt = AttemptRecord(
                job.attempt, job.fence, worker, now_us, None, Outcome.UNSPECIFIED, None
            )
            attempts = (*self._tables.attempts.get(job.id, ()), attempt)
            self.journal.put(self._tables.attempts, job.id, attempts)
            row = self._tables.rows[job.id]
            pieces = tuple(self.pieces(job.id))
            return Claimed(job, row.new.spec, row.plan, row.engine_version, pieces)
        return None

    def next_run_at_us(self) -> int | None:
        """See `Transaction`."""
        return min((job.run_at_us for job in self._tables.queued()), default=None)

    def latest_us(self, lease_us: int) -> int | None:
        """See `Transaction`."""
        return read.latest_us(self._tables, lease_us)

    def heartbeat(
        self, beats: Sequence[Beat], lease_us: int, now_us: int
    ) -> list[tuple[Directive, JobRecord | None]]:
        """See `Transaction`."""
        return [self._beat(beat, lease_us, now_us) for beat in beats]

    def pin(
        self, lease: Lease, plan: bytes, engine_version: str, steps_total: int, now_us: int
    ) -> JobRecord:
        """See `Transaction`."""
        before = self._held(lease)
        row = self._tables.rows[lease.job]
        if row.plan is not None and row.engine_version == engine_version:
            return self._write(before, change.pinned(before, None, now_us))
        self.journal.drop(self._tables.pieces, lease.job)
        planned = replace(row, plan=plan, engine_version=engine_version)
        self.journal.put(self._tables.rows, lease.job, planned)
        return self._write(before, change.pinned(before, steps_total, now_us))

    def put_piece(
        self, lease: Lease, piece: Piece, steps_done: int | None, now_us: int
    ) -> tuple[Piece, JobRecord]:
        """See `Transaction`."""
        before = self._held(lease)
        pieces = self._tables.pieces.get(lease.job, ())
        counts = next((known for known in pieces if known.name == piece.name), None)
        if counts is None:
            counts = piece
            self.journal.put(self._tables.pieces, lease.job, (*pieces, piece))
        return counts, self._write(before, change.progressed(before, steps_done, now_us))

    def pieces(self, job: str) -> list[Piece]:
        """See `Transaction`."""
        return sorted(self._tables.pieces.get(job, ()), key=lambda piece: piece.name)

    def piece(self, job: str, name: str) -> Piece | None:
        """See `Transaction`."""
        return next((piece for piece in self.pieces(job) if piece.name == name), None)

    def commit(self, lease: Lease, manifest: Manifest, now_us: int) -> JobRecord:
        """See `Transaction`."""
        row = self._tables.rows.get(lease.job)
        if row is not None and row.job.fence == lease.fence and row.job.status is Status.SUCCESS:
            return row.job
        before = self._held(lease)
        if before.cancel_requested:
            raise refusal.lease_lost(lease.job)
        after = self._write(before, change.committed(before, manifest, now_us))
        self.journal.put(self._tables.manifests, lease.job, manifest)
        names = {piece.name for piece in manifest.pieces}
        kept = tuple(p for p in self._tables.pieces.get(lease.job, ()) if p.name in names)
        with self._freeing(lease.job):
            self.journal.put(self._tables.pieces, lease.job, kept)
        self._end_attempt(after, Outcome.SUCCESS, None, now_us)
        return after

    def fail(self, lease: Lease, failure: Failure, now_us: int) -> JobRecord:
        """See `Transaction`."""
        row = self._tables.rows.get(lease.job)
        if row is not None and row.job.fence == lease.fence and not row.job.is_leased:
            last = self._tables.attempts.get(lease.job, ())[-1:]
            if last and last[0].outcome in (Outcome.FAILURE, Outcome.CANCELLED):
                return row.job
        return self._fail(self._held(lease), failure, now_us)

    def release(self, lease: Lease, now_us: int) -> JobRecord:
        """See `Transaction`."""
        before = self._held(lease)
        after = self._write(before, change.released(before, now_us))
        if after.is_done:
            self._drop_pieces(after.id)
        self._end_attempt(after, Outcome.RELEASED, None, now_us)
        return after

    # The server itself

    def reap(self, decide: Decide, now_us: int, most: int = 100) -> list[JobRecord]:
        """See `Transaction`."""
        overdue = read.overdue(self._tables, now_us)
        return [self._fail(job, decide(job), now_us) for job in overdue[:most]]

    def expire(self, now_us: int, most: int = 100) -> list[JobRecord]:
        """See `Transaction`."""
        return [self._remove(job, now_us) for job in read.due(self._tables, now_us)[:most]]

    def newer(self, seen: Mapping[str, int]) -> list[JobRecord]:
        """See `Transaction`."""
        return read.newer(self._tables, seen)

    def referenced(self, jobs: Sequence[str]) -> set[str]:
        """See `Transaction`."""
        return {key for job in jobs for key in self._tables.keys(job)}

    def forget(self, before_us: int, most: int = 1000) -> int:
        """See `Transaction`."""
        old = read.old(self._tables, before_us)[:most]
        for job in old:
            new = self._tables.rows[job].new
            self.journal.drop(self._tables.rows, job)
            self.journal.drop(self._tables.attempts, job)
            self.journal.drop(self._tables.requests, (new.owner, new.request_id))
        return len(old)

    def totals(self) -> Totals:
        """See `Transaction`."""
        return read.totals(self._tables)

    def recount(self) -> list[str]:
        """See `Transaction`."""
        wrong = []
        for name, has in sorted(self._tables.owners.items()):
            right = read.counted(self._tables, name, has)
            if right != has:
                self.journal.put(self._tables.owners, name, right)
                wrong.append(name)
        return wrong

    def old_transactions(self, old_us: int, large_wal_bytes: int) -> list[OldTransaction]:
        """See `Transaction`: nobody else can have one."""
        return []

    # Parts of the verbs

    def _row(self, job: str, owner: str | None) -> Row:
        row = self._tables.rows.get(job)
        if row is None or owner not in (None, row.job.owner):
            raise refusal.job_not_found(job)
        return row

    def _held(self, lease: Lease) -> JobRecord:
        row = self._tables.rows.get(lease.job)
        if row is None or row.job.fence != lease.fence or not row.job.is_leased:
            raise refusal.lease_lost(lease.job)
        return row.job

    def _write(self, before: JobRecord, after: JobRecord) -> JobRecord:
        if after is before:
            return before
        self.journal.put(
            self._tables.rows, after.id, replace(self._tables.rows[after.id], job=after)
        )
        self._count(
            after.owner,
            outstanding=before.is_done - after.is_done,
            running=after.is_leased - before.is_leased,
        )
        return after

    def _count(self, owner: str, outstanding: int = 0, running: int = 0) -> None:
        has = self._tables.owners.get(owner, Owner())
        counted = replace(
            has, outstanding=has.outstanding + outstanding, running=has.running + running
        )
        self.journal.put(self._tables.owners, owner, counted)

    def _beat(self, beat: Beat, lease_us: int, now_us: int) -> tuple[Directive, JobRecord | None]:
        row = self._tables.rows.get(beat.lease.job)
        directive = change.directive(None if row is None else row.job, beat.lease)
        if row is None or directive is not Directive.CONTINUE:
            return directive, None
        after = self._write(row.job, change.renewed(row.job, beat, lease_us, now_us))
        return directive, after if after.revision != row.job.revision else None

    def _fail(self, before: JobRecord, failure: Failure, now_us: int) -> JobRecord:
        after = self._write(before, change.failed(before, failure, now_us))
        if after.is_done:
            self._drop_pieces(after.id)
        self._end_attempt(after, change.outcome(after, failure), failure.error, now_us)
        return after

    def _end_attempt(
        self, job: JobRecord, outcome: Outcome, error: bytes | None, now_us: int
    ) -> None:
        *earlier, last = self._tables.attempts[job.id]
        ended = replace(last, ended_us=max(last.started_us, now_us), outcome=outcome, error=error)
        self.journal.put(self._tables.attempts, job.id, (*earlier, ended))

    def _remove(self, job: JobRecord, now_us: int) -> JobRecord:
        after = self._write(job, change.removed(job, now_us))
        with self._freeing(job.id):
            self.journal.drop(self._tables.pieces, job.id)
            self.journal.drop(self._tables.manifests, job.id)
        self.journal.put(
            self._tables.rows, job.id, replace(self._tables.rows[job.id], removed_us=now_us)
        )
        return after

    def _drop_pieces(self, job: str) -> None:
        with self._freeing(job):
            self.journal.drop(self._tables.pieces, job)

    @contextmanager
    def _freeing(self, job: str) -> Iterator[None]:
        """What the rows of a job named before the block and do not name after it is freed."""
        before = self._tables.keys(job)
        yield
        for key in before - self._tables.keys(job):
            self.journal.put(self._freed, key, True)
