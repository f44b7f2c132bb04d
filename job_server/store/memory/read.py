"""What is asked of all jobs, and changes nothing; as in `sql.read`, each looks at every one."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import replace

from job_server.store.memory.tables import Owner, Tables
from job_server.store.record import Filter, JobRecord, Limits, Place, Totals, Usage


def find(
    tables: Tables, owner: str | None, only: Filter, after: Place | None, most: int
) -> list[JobRecord]:
    """See `Transaction.find`."""
    found = [
        row.job
        for row in tables.rows.values()
        if not row.is_deleted
        and owner in (None, row.job.owner)
        and _matches(row.job, only)
        and (after is None or (row.job.created_us, row.job.id) < (after.created_us, after.id))
    ]
    found.sort(key=lambda job: (job.created_us, job.id), reverse=True)
    return found[:most]


def usage(tables: Tables, owner: str, limits: Limits) -> Usage:
    """See `Transaction.usage`."""
    has = tables.owners.get(owner, Owner())
    own = has.limits or limits
    return Usage(owner, has.outstanding, has.running, own.outstanding, own.running)


def totals(tables: Tables) -> Totals:
    """See `Transaction.totals`."""
    owners = tables.owners.values()
    running = sum(has.running for has in owners)
    return Totals(sum(has.outstanding for has in owners) - running, running)


def counted(tables: Tables, name: str, has: Owner) -> Owner:
    """An owner with counters that are right."""
    jobs = [job for job in _jobs(tables) if job.owner == name]
    outstanding, running = (
        sum(not job.is_done for job in jobs),
        sum(job.is_leased for job in jobs),
    )
    return replace(has, outstanding=outstanding, running=running)


def latest_us(tables: Tables, lease_us: int) -> int | None:
    """See `Transaction.latest_us`."""
    changed = [job.updated_us for job in _jobs(tables)]
    until_us = [job.lease_until_us for job in _jobs(tables)]
    renewed = [until - lease_us for until in until_us if until is not None]
    return max(changed + renewed, default=None)


def newer(tables: Tables, seen: Mapping[str, int]) -> list[JobRecord]:
    """See `Transaction.newer`."""
    found = (tables.rows.get(job) for job in seen)
    jobs = [row.job for row in found if row is not None and not row.is_deleted]
    return [job for job in jobs if job.revision > seen[job.id]]


def overdue(tables: Tables, now_us: int) -> list[JobRecord]:
    """Jobs whose lease or deadline has passed, in the order of their leases."""
    found = [
        job
        for job in _jobs(tables)
        if job.lease_until_us is not None
        and job.deadline_us is not None
        and min(job.lease_until_us, job.deadline_us) <= now_us
    ]
    return sorted(found, key=lambda job: (job.lease_until_us, job.id))


def due(tables: Tables, now_us: int) -> list[JobRecord]:
    """Jobs whose results were kept long enough, in that order."""
    found = [
        row.job
        for row in tables.rows.values()
        if row.removed_us is None
        and row.job.expires_us is not None
        and row.job.expires_us <= now_us
    ]
    return sorted(found, key=lambda job: (job.expires_us, job.id))


def old(tables: Tables, before_us: int) -> list[str]:
    """Jobs whose results were removed before that time, the longest gone first."""
    found = [
        (row.removed_us, job)
        for job, row in tables.rows.items()
        if row.removed_us is not None and row.removed_us < before_us
    ]
    return [job for _, job in sorted(found)]


def _jobs(tables: Tables) -> Iterator[JobRecord]:
    return (row.job for row in tables.rows.values())


def _matches(job: JobRecord, only: Filter) -> bool:
    wanted: Mapping[str, str] = only.labels
    return (
        only.stage in (None, job.stage)
        and only.status in (None, job.status)
        and all(job.labels.get(name) == value for name, value in wanted.items())
    )
