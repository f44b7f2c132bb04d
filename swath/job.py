"""What a job is, as users and servers speak of it: plain values, no network."""

from __future__ import annotations

import enum
from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any

from swath.errors import SwathError
from swath.geocontext import GeoContextValue
from swath.graph.graph import Graph
from swath.graph.type import Type

DAY_S = 86_400.0
KEEP_S = 10 * DAY_S
"""How long a result is kept unless the caller says otherwise."""
MOST_LABELS = 64
LONGEST_LABEL = 63
"""Characters of a label's name, and of its value."""
HIGHEST_PRIORITY = 100
"""Priorities are from minus that to that."""
LONGEST_REQUEST_ID = 128
LONGEST_CLIENT = 128


class Stage(enum.StrEnum):
    """Where a job is in its life. It goes forward, but a retry takes it back to QUEUED."""

    QUEUED = "STAGE_QUEUED"
    """Waits for a worker, or for the time of its next attempt."""
    PREPARING = "STAGE_PREPARING"
    """A worker resolves which files are read, and how the area is cut into tiles."""
    RUNNING = "STAGE_RUNNING"
    """Tiles are computed; or it is in a stage of work that this version does not know."""
    SAVING = "STAGE_SAVING"
    """The result is encoded, or delivered."""
    DONE = "STAGE_DONE"
    """It has ended; its status says how."""


class Status(enum.StrEnum):
    """How a job ended."""

    UNSPECIFIED = "STATUS_UNSPECIFIED"
    """It has not, or in a way that this version does not know."""
    SUCCESS = "STATUS_SUCCESS"
    FAILURE = "STATUS_FAILURE"
    CANCELLED = "STATUS_CANCELLED"


class Outcome(enum.StrEnum):
    """How one attempt ended."""

    UNSPECIFIED = "OUTCOME_UNSPECIFIED"
    """It has not, or in a way that this version does not know."""
    SUCCESS = "OUTCOME_SUCCESS"
    FAILURE = "OUTCOME_FAILURE"
    CANCELLED = "OUTCOME_CANCELLED"
    LOST = "OUTCOME_LOST"
    """Its worker stopped sending heartbeats."""
    RELEASED = "OUTCOME_RELEASED"
    """Its worker stopped and gave the job back; it is not counted as a try."""


@dataclass(frozen=True, slots=True)
class Progress:
    """Steps of a job."""

    done: int = 0
    total: int = 0
    """0: not known yet."""


@dataclass(frozen=True, slots=True)
class Destination:
    """Where a result goes."""

    name: str = "download"
    """`download`: it is kept by the job server."""
    options: Mapping[str, Any] = field(default_factory=dict)


@dataclass(frozen=True, slots=True)
class JobSpec:
    """What a job computes; it never changes."""

    graph: Graph
    geocontext: GeoContextValue | None = None
    """Where; absent: nowhere in particular."""
    arguments: Mapping[str, Any] = field(default_factory=dict)
    """A Python value for each parameter of the graph."""
    format: str = "native"
    options: Mapping[str, Any] = field(default_factory=dict)
    """Options of the format."""
    destination: Destination = field(default_factory=Destination)
    client: str = ""
    """The program that asked, and its version, as `swath-python/0.1.0`; empty: it did not say."""


@dataclass(frozen=True, slots=True)
class Attempt:
    """One try at running a job. Times are µs since 1970 UTC."""

    number: int
    """From 1."""
    started_us: int
    ended_us: int | None = None
    """Absent: it has not ended."""
    outcome: Outcome = Outcome.UNSPECIFIED
    error: SwathError | None = None
    """Why it failed; absent: it did not, or has not yet."""


@dataclass(frozen=True, slots=True)
class JobInfo:
    """A job at one revision, as its owner sees it. Times are µs since 1970 UTC."""

    id: str
    """32 hexadecimal characters."""
    owner: str
    stage: Stage
    status: Status
    revision: int
    """Grows with every change of the job."""
    progress: Progress
    attempt: int
    """Attempts started; 0: none yet."""
    created_us: int
    updated_us: int
    error: SwathError | None = None
    """Why it failed; while it waits for another attempt, why the last one did."""
    cancel_requested: bool = False
    started_us: int | None = None
    """Absent: its first attempt has not begun."""
    finished_us: int | None = None
    """Absent: it is not done."""
    expires_us: int | None = None
    """When its result is removed; absent: never, or it is not done."""
    retry_at_us: int | None = None
    """When its next attempt may begin; absent: now, or there is none to come."""
    labels: Mapping[str, str] = field(default_factory=dict)
    priority: int = 0
    """Higher goes first, among jobs of one owner."""
    type: Type | None = None
    """Type of the result; absent: the server did not say."""
    resubmitted_from: str | None = None
    """Id of the job that it repeats."""
    result_bytes: int | None = None
    """Size of the stored result; absent: there is none."""
    spec: JobSpec | None = None
    """Absent: it was not asked for."""
    attempts: tuple[Attempt, ...] = ()
    """The last 20 at most, oldest first; empty also where they were not asked for."""

    @property
    def is_done(self) -> bool:
        """Whether it has ended."""
        return self.stage is Stage.DONE


@dataclass(frozen=True, slots=True)
class JobResult:
    """What a job gave."""

    type: Type
    format: str
    size_bytes: int
    crc32: int
    """CRC-32 (ISO-HDLC) of all bytes."""
    data: bytes | None = None
    """The bytes of a small result; absent: they have to be downloaded."""


@dataclass(frozen=True, slots=True)
class Quota:
    """Jobs that an owner has and may have."""

    owner: str
    outstanding: int
    """Jobs that are not done."""
    outstanding_limit: int
    running: int
    """Jobs that a worker has now."""
    running_limit: int
    """0: as many as there are workers."""
