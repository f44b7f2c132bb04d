"""Records of jobs for tests of the queue."""

from __future__ import annotations

from typing import Any

from job_server.store.record import JobRecord
from swath.job import Stage, Status

JOB = "a" * 32
NOW = 1_800_000_000_000_000
HOUR = 3_600_000_000

_PLAIN: dict[str, Any] = {
    "id": JOB,
    "owner": "ana",
    "stage": Stage.RUNNING,
    "status": Status.UNSPECIFIED,
    "revision": 1,
    "steps_done": 0,
    "steps_total": 10,
    "attempt": 1,
    "fence": 1,
    "crash_losses": 0,
    "memory_losses": 0,
    "timeout_losses": 0,
    "error": None,
    "cancel_requested": False,
    "created_us": NOW,
    "updated_us": NOW,
    "run_at_us": NOW,
    "started_us": NOW,
    "finished_us": None,
    "expires_us": None,
    "keep_us": None,
    "attempt_timeout_us": 2 * HOUR,
    "age_limit_us": 24 * HOUR,
    "lease_until_us": NOW + 60_000_000,
    "deadline_us": NOW + 2 * HOUR,
    "worker": "w",
    "labels": {},
    "priority": 0,
    "type": b"",
    "format": "native",
    "resubmitted_from": None,
    "result_bytes": None,
}


def record(**changed: Any) -> JobRecord:
    """A job that runs, with some fields changed."""
    return JobRecord(**{**_PLAIN, **changed})


def queued(**changed: Any) -> JobRecord:
    """A job that waits."""
    free = {"stage": Stage.QUEUED, "lease_until_us": None, "deadline_us": None, "worker": None}
    return record(**{**free, **changed})


def done(**changed: Any) -> JobRecord:
    """A job that succeeded."""
    end = {"stage": Stage.DONE, "status": Status.SUCCESS, "finished_us": NOW}
    return queued(**{**end, **changed})
