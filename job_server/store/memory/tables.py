"""What the store in memory keeps: values that never change, and a journal to undo changes."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import Any

from job_server.store.record import AttemptRecord, JobRecord, Limits, Manifest, NewJob, Piece
from swath.job import Stage


@dataclass(frozen=True, slots=True)
class Row:
    """One job, with what is beyond its record."""

    job: JobRecord
    new: NewJob
    plan: bytes | None = None
    engine_version: str = ""
    removed_us: int | None = None
    is_deleted: bool = False


@dataclass(frozen=True, slots=True)
class Owner:
    """Counters of one owner."""

    outstanding: int = 0
    running: int = 0
    vt: int = 0
    limits: Limits | None = None


@dataclass(slots=True)
class Tables:
    """Values are immutable, so that what was there before can be put back as it was."""

    rows: dict[str, Row] = field(default_factory=dict)
    owners: dict[str, Owner] = field(default_factory=dict)
    requests: dict[tuple[str, str], str] = field(default_factory=dict)
    attempts: dict[str, tuple[AttemptRecord, ...]] = field(default_factory=dict)
    pieces: dict[str, tuple[Piece, ...]] = field(default_factory=dict)
    manifests: dict[str, Manifest] = field(default_factory=dict)

    def queued(self) -> list[JobRecord]:
        """Jobs that wait for a worker."""
        return [row.job for row in self.rows.values() if row.job.stage is Stage.QUEUED]

    def next(self, owner: str, now_us: int) -> JobRecord | None:
        """The job of an owner that goes next; None: none is ready."""
        ready = [job for job in self.queued() if job.owner == owner and job.run_at_us <= now_us]
        return min(ready, key=lambda job: (-job.priority, job.run_at_us, job.id), default=None)

    def keys(self, job: str) -> set[str]:
        """Keys of the result store that the pieces or the manifest of a job name."""
        manifest = self.manifests.get(job)
        named = () if manifest is None else manifest.pieces
        return {piece.key for piece in (*self.pieces.get(job, ()), *named)}


class Journal:
    """Changes tables, and notes what was there before."""

    def __init__(self) -> None:
        self._entries: list[tuple[dict[Any, Any], Any, Any]] = []

    @property
    def mark(self) -> int:
        """Where it is now, for `undo`."""
        return len(self._entries)

    def put(self, table: dict[Any, Any], key: Any, value: Any) -> None:
        """Set a value of a table."""
        self._entries.append((table, key, table.get(key)))
        table[key] = value

    def drop(self, table: dict[Any, Any], key: Any) -> None:
        """Remove one, if it is there."""
        self._entries.append((table, key, table.pop(key, None)))

    def undo(self, mark: int) -> None:
        """Put back all that was changed since `mark`."""
        while len(self._entries) > mark:
            table, key, before = self._entries.pop()
            if before is None:
                table.pop(key, None)
            else:
                table[key] = before
