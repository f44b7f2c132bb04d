"""One transaction of a database: the verbs of `Transaction`, each in its own file."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from functools import partial
from typing import NoReturn, TypeVar

from sqlalchemy import Connection
from sqlalchemy.exc import DBAPIError

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
from job_server.store.sql import (
    activity,
    claim,
    commit,
    create,
    expire,
    fail,
    failure,
    heartbeat,
    owners,
    piece,
    read,
    recount,
    row,
)
from job_server.store.store import Decide

_T = TypeVar("_T")
_TRIES = 3
"""Of a verb whose transaction was the one that the database chose to end a deadlock."""
# 'SWJTU'. Whoever has the turn waits for rows that only an outsider can hold, such as somebody's
# transaction in a shell: all that others want waits in a row behind that, so it is not for long.
_TAKE_TURN = (
    f"SELECT pg_advisory_xact_lock({0x53574A5455}), set_config('lock_timeout', '250ms', true)"
)
_WAIT_LITTLE = "SET LOCAL lock_timeout = '50ms'"


class SqlTransaction:
    """The verbs, on a connection in whose transaction they run."""

    def __init__(self, connection: Connection) -> None:
        self._alive = connection
        self._unwritten = create.Unwritten()
        self._freed: list[str] = []
        self.broken: Exception | None = None
        """Why nothing of it will be there; absent: nothing of the kind happened."""

    @property
    def freed(self) -> set[str]:
        """See `Transaction`."""
        return set(self._freed)

    def write(self) -> None:
        """Write what verbs left to be written together; whoever commits calls it before."""
        self._unwritten.write(self._unbroken)

    @property
    def _unbroken(self) -> Connection:
        if self.broken is not None:
            raise self.broken
        return self._alive

    @property
    def _connection(self) -> Connection:
        """The connection, on which all that verbs did can be read."""
        self.write()
        return self._alive

    def attempted(self, verb: Callable[[], _T]) -> _T:
        """See `Transaction`. A verb that a deadlock ended is tried again: it changed nothing.

        When the database fails in the middle, the whole transaction is broken: SQLite may have
        undone all of it already, and what came after would be a transaction of its own.
        """
        tries = 0
        while True:
            tries += 1
            try:
                return self._in_savepoint(verb)
            except DBAPIError as error:
                if self.broken is not None:
                    raise
                if failure.is_held(error):
                    # Others of the group may want what is held, and all of them wait in a row.
                    self._whole(partial(self._connection.exec_driver_sql, _WAIT_LITTLE))
                if tries == _TRIES or not failure.is_deadlock(error):
                    raise failure.explain(error) from error

    def _in_savepoint(self, verb: Callable[[], _T]) -> _T:
        """What the verb gives; where it raises and nothing is broken, nothing of it was done."""
        connection = self._unbroken
        self._whole(self.write)
        savepoint = self._whole(connection.begin_nested)
        freed = len(self._freed)
        try:
            result = verb()
            self.write()
            savepoint.commit()
        except DBAPIError as error:
            self._forget(freed)
            if not failure.is_undone(error):
                self._break(error)
            self._whole(savepoint.rollback)
            raise
        except BaseException:
            self._forget(freed)
            if self.broken is None:
                self._whole(savepoint.rollback)
            raise
        return result

    def _forget(self, freed: int) -> None:
        """Leave undone what a verb left for later; so many keys were freed before it."""
        self._unwritten.forget()
        del self._freed[freed:]

    def _whole(self, step: Callable[[], _T]) -> _T:
        """What a step gives, without which the transaction is broken."""
        try:
            return step()
        except DBAPIError as error:
            self._break(error)

    def _break(self, error: DBAPIError) -> NoReturn:
        """Raise why nothing of the transaction will be there."""
        try:
            self.broken = failure.explain(error)
        except DBAPIError as unknown:
            self.broken = unknown
        raise self.broken from error

    def take_turn(self) -> None:
        """See `Transaction`; in SQLite there is one at a time anyway."""
        if self._connection.dialect.name == "postgresql":
            self._connection.exec_driver_sql(_TAKE_TURN)

    # Owners of jobs

    def create(self, new: NewJob, limits: Limits, now_us: int) -> Created:
        """See `Transaction`."""
        return create.create(self._unbroken, self._unwritten, new, limits, now_us)

    def made(self, owner: str, request_id: str, spec_digest: bytes) -> JobRecord | None:
        """See `Transaction`."""
        return create.made(self._unbroken, self._unwritten, owner, request_id, spec_digest)

    def get(self, job: str, owner: str | None = None) -> JobRecord:
        """See `Transaction`."""
        return row.get(self._connection, job, owner)

    def spec(self, job: str) -> bytes:
        """See `Transaction`."""
        return read.spec(self._connection, job)

    def attempts(self, job: str, most: int = 20) -> list[AttemptRecord]:
        """See `Transaction`."""
        return read.attempts(self._connection, job, most)

    def manifest(self, job: str) -> Manifest | None:
        """See `Transaction`."""
        return read.manifest(self._connection, job)

    def find(
        self, owner: str | None, only: Filter, after: Place | None, most: int
    ) -> list[JobRecord]:
        """See `Transaction`."""
        return read.find(self._connection, owner, only, after, most)

    def cancel(self, job: str, owner: str | None, now_us: int) -> JobRecord:
        """See `Transaction`."""
        return owners.cancel(self._connection, self._freed, job, owner, now_us)

    def update(
        self,
        job: str,
        owner: str | None,
        now_us: int,
        labels: dict[str, str] | None = None,
        keep_us: int | None = None,
    ) -> JobRecord:
        """See `Transaction`."""
        return owners.alter(self._connection, job, owner, now_us, labels, keep_us)

    def delete(self, job: str, owner: str | None, now_us: int) -> JobRecord | None:
        """See `Transaction`."""
        return owners.remove(self._connection, self._freed, job, owner, now_us)

    def usage(self, owner: str, limits: Limits) -> Usage:
        """See `Transaction`."""
        return read.usage(self._connection, owner, limits)

    def set_limits(self, owner: str, limits: Limits) -> None:
        """See `Transaction`."""
        owners.set_limits(self._connection, owner, limits)

    # Workers

    def claim(self, worker: str, lease_us: int, running_limit: int, now_us: int) -> Claimed | None:
        """See `Transaction`."""
        return claim.claim(self._connection, worker, lease_us, running_limit, now_us)

    def next_run_at_us(self) -> int | None:
        """See `Transaction`."""
        return read.next_run_at_us(self._connection)

    def latest_us(self, lease_us: int) -> int | None:
        """See `Transaction`."""
        return read.latest_us(self._connection, lease_us)

    def heartbeat(
        self, beats: Sequence[Beat], lease_us: int, now_us: int
    ) -> list[tuple[Directive, JobRecord | None]]:
        """See `Transaction`."""
        return heartbeat.heartbeat(self._connection, beats, lease_us, now_us)

    def pin(
        self, lease: Lease, plan: bytes, engine_version: str, steps_total: int, now_us: int
    ) -> JobRecord:
        """See `Transaction`."""
        return piece.pin(self._connection, lease, plan, engine_version, steps_total, now_us)

    def put_piece(
        self, lease: Lease, new: Piece, steps_done: int | None, now_us: int
    ) -> tuple[Piece, JobRecord]:
        """See `Transaction`."""
        return piece.put_piece(self._connection, lease, new, steps_done, now_us)

    def pieces(self, job: str) -> list[Piece]:
        """See `Transaction`."""
        return read.pieces(self._connection, job)

    def piece(self, job: str, name: str) -> Piece | None:
        """See `Transaction`."""
        return read.piece(self._connection, job, name)

    def commit(self, lease: Lease, manifest: Manifest, now_us: int) -> JobRecord:
        """See `Transaction`."""
        return commit.commit(self._connection, self._freed, lease, manifest, now_us)

    def fail(self, lease: Lease, why: Failure, now_us: int) -> JobRecord:
        """See `Transaction`."""
        return fail.fail(self._connection, self._freed, lease, why, now_us)

    def release(self, lease: Lease, now_us: int) -> JobRecord:
        """See `Transaction`."""
        return fail.release(self._connection, self._freed, lease, now_us)

    # The server itself

    def reap(self, decide: Decide, now_us: int, most: int = 100) -> list[JobRecord]:
        """See `Transaction`."""
        return fail.reap(self._connection, self._freed, decide, now_us, most)

    def expire(self, now_us: int, most: int = 100) -> list[JobRecord]:
        """See `Transaction`."""
        return expire.expire(self._connection, self._freed, now_us, most)

    def newer(self, seen: Mapping[str, int]) -> list[JobRecord]:
        """See `Transaction`."""
        return read.newer(self._connection, seen)

    def referenced(self, jobs: Sequence[str]) -> set[str]:
        """See `Transaction`."""
        return read.referenced(self._connection, jobs)

    def forget(self, before_us: int, most: int = 1000) -> int:
        """See `Transaction`."""
        return expire.forget(self._connection, before_us, most)

    def totals(self) -> Totals:
        """See `Transaction`."""
        return read.totals(self._connection)

    def recount(self) -> list[str]:
        """See `Transaction`."""
        return recount.recount(self._connection)

    def old_transactions(self, old_us: int, large_wal_bytes: int) -> list[OldTransaction]:
        """See `Transaction`."""
        return activity.old_transactions(self._connection, old_us, large_wal_bytes)
