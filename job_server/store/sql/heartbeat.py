"""Renew the leases of a worker."""

from __future__ import annotations

from collections.abc import Sequence

from sqlalchemy import Connection, bindparam, select, update

from job_server.store import change
from job_server.store.record import Beat, Directive, JobRecord
from job_server.store.sql import row, schema

_job = schema.job.c
# In the order of ids: two heartbeats at once that name the same jobs do not wait for each other in
# a circle.
_NAMED = (
    select(*row.COLUMNS)
    .where(_job.id.in_(bindparam("ids", expanding=True)))
    .order_by(_job.id)
    .with_for_update()
)
_RENEW = (
    update(schema.job)
    .where(
        _job.id == bindparam("at_id"),
        _job.fence == bindparam("at_fence"),
        _job.lease_until_us.is_not(None),
    )
    .values(lease_until_us=bindparam("until_us"))
)
_Answer = tuple[Directive, JobRecord | None]


def heartbeat(
    connection: Connection, beats: Sequence[Beat], lease_us: int, now_us: int
) -> list[_Answer]:
    """See `Transaction.heartbeat`."""
    if not beats:
        return []
    ids = sorted({beat.lease.job for beat in beats})
    found = connection.execute(_NAMED, {"ids": ids})
    jobs = {job.id: job for job in map(row.record, found)}
    renewals: list[dict[str, object]] = []
    answers = []
    for beat in beats:
        answer, after = _beat(connection, jobs.get(beat.lease.job), beat, lease_us, now_us)
        answers.append(answer)
        if after is not None:
            if answer[1] is None:  # nothing but the lease: all of these in one statement
                renewals.append(_renewal(after))
            jobs[after.id] = after
    if renewals:
        connection.execute(_RENEW, renewals)
    return answers


def _beat(
    connection: Connection, job: JobRecord | None, beat: Beat, lease_us: int, now_us: int
) -> tuple[_Answer, JobRecord | None]:
    """The answer, and the job where its lease was renewed."""
    directive = change.directive(job, beat.lease)
    if job is None or directive is not Directive.CONTINUE:
        return (directive, None), None
    after = change.renewed(job, beat, lease_us, now_us)
    if after.revision == job.revision:
        return (Directive.CONTINUE, None), after
    return (Directive.CONTINUE, row.write(connection, job, after)), after


def _renewal(job: JobRecord) -> dict[str, object]:
    return {"at_id": job.id, "at_fence": job.fence, "until_us": job.lease_until_us}
