"""Hand the next job to a worker. What it costs does not depend on how many jobs wait.

Owners are read in the order of their turns, without a lock, and the first job of one is locked,
passing over those that another claim has just locked: two claims at once take two jobs, also when
only one owner has any. An owner whose jobs are all for later is put to sleep until the first of
them is due, so that a claim does not look at it again.
"""

from __future__ import annotations

from typing import Any

from sqlalchemy import (
    Connection,
    Row,
    and_,
    bindparam,
    case,
    func,
    insert,
    or_,
    select,
    tuple_,
    update,
)

from job_server.store import change
from job_server.store.record import Claimed, JobRecord
from job_server.store.sql import read, row, schema
from swath.job import Outcome

_OWNERS_AT_ONCE = 8
"""Read together: most claims are served by the first."""
_ABOVE_ALL = 1 << 30
"""More than any priority."""

_owner, _job = schema.owner.c, schema.job.c
_LIMIT = func.coalesce(_owner.running_limit, bindparam("usual_limit"))
_HAS_ROOM = or_(_LIMIT == 0, _owner.running < _LIMIT)
_OWNERS = (
    select(_owner.owner, _owner.vt, _owner.arrivals)
    .where(
        _owner.outstanding > _owner.running,
        _owner.wake_us.is_(None),
        _HAS_ROOM,
        tuple_(_owner.vt, _owner.owner) > tuple_(bindparam("after_vt"), bindparam("after_owner")),
    )
    .order_by(_owner.vt, _owner.owner)
    .limit(_OWNERS_AT_ONCE)
)
_FIRST = (
    select(_job.priority, _job.run_at_us)
    .where(
        _job.stage == schema.QUEUED,
        _job.owner == bindparam("owner"),
        _job.priority < bindparam("below"),
    )
    .order_by(_job.priority.desc(), _job.run_at_us, _job.id)
    .limit(1)
)
_READY = (
    select(*row.COLUMNS, schema.spec.c.spec, schema.plan.c.plan, schema.plan.c.engine_version)
    .select_from(schema.job.join(schema.spec).outerjoin(schema.plan, schema.plan.c.job == _job.id))
    .where(
        _job.stage == schema.QUEUED,
        _job.owner == bindparam("owner"),
        _job.priority == bindparam("priority"),
        _job.run_at_us <= bindparam("now_us"),
    )
    .order_by(_job.run_at_us, _job.id)
    .limit(1)
    .with_for_update(of=schema.job, skip_locked=True)
)
_FURTHEST = select(func.max(schema.owner.alias("anyone").c.vt)).scalar_subquery()
_SERVE = (
    update(schema.owner)
    .where(_owner.owner == bindparam("at_owner"), _HAS_ROOM)
    .values(
        running=_owner.running + 1,
        vt=case((_owner.vt + 1 > _FURTHEST, _owner.vt + 1), else_=_FURTHEST),
    )
)
_DUE = select(_owner.owner).where(_owner.wake_us <= bindparam("now_us"))
_WAKE = (
    update(schema.owner)
    .where(_owner.owner.in_(_DUE.with_for_update(skip_locked=True)))
    .values(wake_us=None)
)
_SLEEP = (
    update(schema.owner)
    .where(and_(_owner.owner == bindparam("at_owner"), _owner.arrivals == bindparam("at_arrivals")))
    .values(wake_us=bindparam("until_us"))
)
_INSERT_ATTEMPT = insert(schema.attempt)


def claim(
    connection: Connection, worker: str, lease_us: int, running_limit: int, now_us: int
) -> Claimed | None:
    """See `Transaction.claim`."""
    connection.execute(_WAKE, {"now_us": now_us})
    after: dict[str, Any] = {"after_vt": -1, "after_owner": ""}
    while True:
        owners = connection.execute(_OWNERS, {**after, "usual_limit": running_limit}).all()
        for owner in owners:
            found = _ready(connection, owner, now_us)
            if found is not None and _serve(connection, owner.owner, running_limit):
                return _hand_out(connection, found, worker, lease_us, now_us)
        if len(owners) < _OWNERS_AT_ONCE:
            return None
        after = {"after_vt": owners[-1].vt, "after_owner": owners[-1].owner}


def _ready(
    connection: Connection, owner: Row[*tuple[Any, ...]], now_us: int
) -> Row[*tuple[Any, ...]] | None:
    """The next job of an owner, locked. A step for each priority whose jobs are all for later."""
    below, soonest_us = _ABOVE_ALL, None
    of_owner = {"owner": owner.owner, "now_us": now_us}
    while first := connection.execute(_FIRST, {"owner": owner.owner, "below": below}).first():
        if first.run_at_us <= now_us:
            at_priority = {**of_owner, "priority": first.priority}
            found = connection.execute(_READY, at_priority).first()
            if found is not None:
                return found
        soonest_us = first.run_at_us if soonest_us is None else min(soonest_us, first.run_at_us)
        below = first.priority
    if soonest_us is not None and soonest_us > now_us:
        sleep = {"at_owner": owner.owner, "at_arrivals": owner.arrivals, "until_us": soonest_us}
        connection.execute(_SLEEP, sleep)
    return None


def _serve(connection: Connection, owner: str, running_limit: int) -> bool:
    serving = {"at_owner": owner, "usual_limit": running_limit}
    return connection.execute(_SERVE, serving).rowcount == 1


def _hand_out(
    connection: Connection, found: Row[*tuple[Any, ...]], worker: str, lease_us: int, now_us: int
) -> Claimed:
    before = row.record(found)
    job = change.claimed(before, worker, lease_us, now_us)
    row.change(connection, before, job)
    connection.execute(_INSERT_ATTEMPT, _attempt(job, now_us))
    pieces = read.pieces(connection, job.id) if before.fence else ()
    return Claimed(job, found.spec, found.plan, found.engine_version or "", tuple(pieces))


def _attempt(job: JobRecord, now_us: int) -> dict[str, Any]:
    return {
        "job": job.id,
        "fence": job.fence,
        "number": job.attempt,
        "worker": job.worker,
        "started_us": now_us,
        "outcome": Outcome.UNSPECIFIED.name,
    }
