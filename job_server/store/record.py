"""What the store keeps of a job, and what its verbs take and give. Times are µs since 1970 UTC."""

from __future__ import annotations

import enum
from collections.abc import Mapping
from dataclasses import dataclass, field

from swath.job import Outcome, Stage, Status


@dataclass(frozen=True, slots=True)
class NewJob:
    """A job to create; everything but what the store decides."""

    id: str
    """32 hexadecimal characters, random."""
    owner: str
    spec: bytes
    """A serialised `swath.v1.JobSpec`; the store does not look into it."""
    spec_digest: bytes
    """SHA-256 of all that a repeated create must not change: spec, labels, priority, times."""
    type: bytes
    """A serialised `swath.v1.Type`: that of the result."""
    format: str
    request_id: str | None = None
    labels: Mapping[str, str] = field(default_factory=dict)
    priority: int = 0
    keep_us: int | None = None
    """How long to keep the result after the job is done; absent: for ever."""
    attempt_timeout_us: int = 0
    """How long one attempt may take."""
    age_limit_us: int = 0
    """How long after its creation a transient failure is still retried."""
    resubmitted_from: str | None = None


@dataclass(frozen=True, slots=True)
class JobRecord:
    """A job at one revision. Large parts (spec, plan, attempts, result) are asked for apart."""

    id: str
    owner: str
    stage: Stage
    status: Status
    revision: int
    """From 1; one more with every change."""
    steps_done: int
    steps_total: int
    """0: not known yet."""
    attempt: int
    """Attempts started, without those that were released."""
    fence: int
    """Times that it was handed out; only the holder of the last one may change it."""
    crash_losses: int
    """Attempts that ended because a worker or its child was lost."""
    memory_losses: int
    """Attempts that ended for want of memory."""
    timeout_losses: int
    """Attempts that took too long."""
    error: bytes | None
    """A serialised `swath.v1.JobError`: the last failure."""
    cancel_requested: bool
    created_us: int
    updated_us: int
    run_at_us: int
    """Not handed out before."""
    started_us: int | None
    finished_us: int | None
    """Present exactly when stage is DONE."""
    expires_us: int | None
    """When the result goes; absent: never, or not done."""
    keep_us: int | None
    attempt_timeout_us: int
    age_limit_us: int
    lease_until_us: int | None
    """Present exactly while a worker has it."""
    deadline_us: int | None
    """When the attempt has taken too long; present exactly while a worker has it."""
    worker: str | None
    """Who has it."""
    labels: Mapping[str, str]
    priority: int
    type: bytes
    format: str
    resubmitted_from: str | None
    result_bytes: int | None
    """Size of the result; absent: there is none, or it was removed."""

    @property
    def is_done(self) -> bool:
        """Whether it has ended."""
        return self.stage is Stage.DONE

    @property
    def is_leased(self) -> bool:
        """Whether a worker has it."""
        return self.lease_until_us is not None


@dataclass(frozen=True, slots=True)
class Created:
    """What creating gave."""

    job: JobRecord
    is_replay: bool
    """Whether the job was there already, by its request id."""


@dataclass(frozen=True, slots=True)
class Lease:
    """The right to change a job."""

    job: str
    fence: int


@dataclass(frozen=True, slots=True)
class Claimed:
    """A job that was just handed to a worker."""

    job: JobRecord
    spec: bytes
    plan: bytes | None
    """What `pin` stored; absent: nothing yet."""
    engine_version: str
    """Of the engine that pinned; empty where nothing is."""
    pieces: tuple[Piece, ...]
    """Those that earlier attempts stored, by name."""

    @property
    def lease(self) -> Lease:
        """The right that the worker got."""
        return Lease(self.job.id, self.job.fence)


@dataclass(frozen=True, slots=True)
class Piece:
    """A part of a job's result that is stored: a finished tile, a header, ..."""

    name: str
    """Unique in its job."""
    key: str
    """Where the result store has it."""
    size_bytes: int
    crc32: int


@dataclass(frozen=True, slots=True)
class Manifest:
    """A complete result: either `data`, or pieces in order."""

    format: str
    size_bytes: int
    crc32: int
    """Of all bytes."""
    data: bytes | None = None
    pieces: tuple[Piece, ...] = ()


@dataclass(frozen=True, slots=True)
class AttemptRecord:
    """One time that a job was handed out."""

    number: int
    """Of the attempt; a released one shares its number with the next."""
    fence: int
    worker: str
    started_us: int
    ended_us: int | None
    outcome: Outcome
    error: bytes | None
    """A serialised `swath.v1.JobError`."""


@dataclass(frozen=True, slots=True)
class Beat:
    """How far a worker is with a job."""

    lease: Lease
    stage: Stage | None = None
    """Absent: as before."""
    steps_done: int | None = None
    """Absent: as before."""


class Directive(enum.Enum):
    """What a worker is to do with a job."""

    CONTINUE = "continue"
    CANCEL = "cancel"
    LEASE_LOST = "lease_lost"


class Kind(enum.Enum):
    """Kinds of failures, which are retried by different rules."""

    TRANSIENT = "transient"
    PERMANENT = "permanent"
    CRASH = "crash"
    MEMORY = "memory"
    TIMEOUT = "timeout"
    CANCELLED = "cancelled"


@dataclass(frozen=True, slots=True)
class Failure:
    """Why an attempt ended, and whether there is another."""

    kind: Kind
    error: bytes | None
    """A serialised `swath.v1.JobError`; absent only for CANCELLED."""
    retry_at_us: int | None
    """When to try again; absent: never, the job is done."""
    outcome: Outcome = Outcome.FAILURE


@dataclass(frozen=True, slots=True)
class Filter:
    """Which jobs of an owner to list."""

    stage: Stage | None = None
    status: Status | None = None
    labels: Mapping[str, str] = field(default_factory=dict)


@dataclass(frozen=True, slots=True)
class Place:
    """A place in a list: after the job created then with that id."""

    created_us: int
    id: str


@dataclass(frozen=True, slots=True)
class Usage:
    """Jobs that an owner has and may have."""

    owner: str
    outstanding: int
    running: int
    outstanding_limit: int
    running_limit: int
    """0: none."""


@dataclass(frozen=True, slots=True)
class Limits:
    """What an owner may have, where nothing else was set for it."""

    outstanding: int = 120
    running: int = 0
    """0: as many as there are workers."""


@dataclass(frozen=True, slots=True)
class Totals:
    """Figures of the whole queue."""

    queued: int = 0
    """Jobs that wait for a worker, or for their next attempt."""
    running: int = 0
    """Jobs that a worker has."""


@dataclass(frozen=True, slots=True)
class OldTransaction:
    """A transaction of another program that keeps the database from clearing what has changed."""

    id: str
    """The same for as long as it is the same transaction."""
    pid: int | None = None
    """Process of its session in PostgreSQL; absent: SQLite does not tell."""
    application: str = ""
    """What the session calls itself; empty: it says nothing, or we may not see it."""
    state: str = ""
    """Such as `idle in transaction`; empty: as above."""
    age_us: int = 0
    """How long it has been open; 0: as above, but it has a snapshot now."""
    wal_bytes: int | None = None
    """Size of the log of SQLite that it keeps; absent in PostgreSQL."""
