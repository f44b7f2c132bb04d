"""A job as text for people and as JSON for programs; what `swath jobs` prints."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

from swath.errors import SwathError
from swath.job import Attempt, JobInfo, Status
from swath.wire.packed import from_microseconds


def row(job: JobInfo) -> tuple[str, ...]:
    """Id, creation, stage, status, steps, type, labels."""
    return (
        job.id,
        _time(job.created_us),
        job.stage.name.lower(),
        _status(job),
        _steps(job),
        str(job.type or ""),
        _labels(job),
    )


def facts(job: JobInfo) -> Iterator[tuple[str, str]]:
    """What there is to say of a job, as (name, text); what is absent is left out."""
    yield "id", job.id
    yield "owner", job.owner
    yield "stage", job.stage.name.lower()
    if job.is_done:
        yield "status", _status(job)
    elif job.cancel_requested:
        yield "cancellation", "asked for"
    yield "steps", _steps(job)
    if job.type is not None:
        yield "type", str(job.type)
    if job.error is not None:
        yield "error", f"{job.error.REASON}: {job.error}"
    for name in ("created", "started", "finished", "retry_at", "expires"):
        us = getattr(job, f"{name}_us")
        if us is not None:
            yield name.replace("_", " "), f"{_time(us)} UTC"
    if job.result_bytes is not None:
        yield "result", f"{job.result_bytes:,} bytes"
    if job.labels:
        yield "labels", _labels(job)
    if job.priority:
        yield "priority", str(job.priority)
    if job.resubmitted_from is not None:
        yield "repeats", job.resubmitted_from
    for attempt in job.attempts:
        yield f"attempt {attempt.number}", _attempt(attempt)


def plain(job: JobInfo) -> dict[str, Any]:
    """A job for JSON: times in µs since 1970 UTC, null where absent; without what it computes."""
    return {
        "id": job.id,
        "owner": job.owner,
        "stage": job.stage.value,
        "status": job.status.value,
        "revision": job.revision,
        "steps_done": job.progress.done,
        "steps_total": job.progress.total,
        "attempt": job.attempt,
        "error": _plain_error(job.error),
        "cancel_requested": job.cancel_requested,
        "created_us": job.created_us,
        "started_us": job.started_us,
        "updated_us": job.updated_us,
        "finished_us": job.finished_us,
        "expires_us": job.expires_us,
        "retry_at_us": job.retry_at_us,
        "labels": dict(job.labels),
        "priority": job.priority,
        "type": None if job.type is None else str(job.type),
        "resubmitted_from": job.resubmitted_from,
        "result_bytes": job.result_bytes,
        "attempts": [
            {
                "number": attempt.number,
                "started_us": attempt.started_us,
                "ended_us": attempt.ended_us,
                "outcome": attempt.outcome.value,
                "error": _plain_error(attempt.error),
            }
            for attempt in job.attempts
        ],
    }


def _plain_error(error: SwathError | None) -> dict[str, Any] | None:
    if error is None:
        return None
    return {
        "reason": error.REASON,
        "message": error.problem,
        "where": dict(error.where.items()),
        "fields": error.fields,
    }


def _attempt(attempt: Attempt) -> str:
    outcome = attempt.outcome.name.lower().replace("unspecified", "running")
    if attempt.ended_us is not None:
        outcome += f" after {(attempt.ended_us - attempt.started_us) / 1e6:.1f} s"
    why = f": {attempt.error}" if attempt.error is not None else ""
    return f"{_time(attempt.started_us)} UTC, {outcome}{why}"


def _steps(job: JobInfo) -> str:
    return f"{job.progress.done}/{job.progress.total or '?'}"


def _status(job: JobInfo) -> str:
    return "" if job.status is Status.UNSPECIFIED else job.status.name.lower()


def _labels(job: JobInfo) -> str:
    return " ".join(f"{name}={text}" for name, text in sorted(job.labels.items()))


def _time(us: int) -> str:
    return f"{from_microseconds(us):%Y-%m-%d %H:%M:%S}"
