"""Compare the counters of owners with their jobs, and put right what is not."""

from __future__ import annotations

from sqlalchemy import Connection, bindparam, func, select, update

from job_server.store.sql import schema

# Locked, so that no counter changes between the two: whoever changed a job of an owner before has
# ended, and whoever does it now waits with the counter.
_OWNERS = (
    select(schema.owner.c.owner, schema.owner.c.outstanding, schema.owner.c.running)
    .order_by(schema.owner.c.owner)
    .with_for_update()
)
_JOBS = (
    select(schema.job.c.owner, func.count(), func.count(schema.job.c.lease_until_us))
    .where(schema.job.c.stage != schema.DONE)
    .group_by(schema.job.c.owner)
)
_SET = (
    update(schema.owner)
    .where(schema.owner.c.owner == bindparam("at_owner"))
    .values(
        outstanding=bindparam("right_outstanding"), running=bindparam("right_running"), wake_us=None
    )
)


def recount(connection: Connection) -> list[str]:
    """See `Transaction.recount`."""
    counted = connection.execute(_OWNERS).all()
    jobs = {
        owner: (outstanding, running) for owner, outstanding, running in connection.execute(_JOBS)
    }
    wrong = []
    for owner, outstanding, running in counted:
        right = jobs.get(owner, (0, 0))
        if right != (outstanding, running):
            values = {"at_owner": owner, "right_outstanding": right[0], "right_running": right[1]}
            connection.execute(_SET, values)
            wrong.append(owner)
    return wrong
