"""The tables of jobs, as this version knows them; `migrations/` is how a database gets there.

A test compares the two. Times are µs since 1970 UTC. Stages, statuses and outcomes are the names of
`swath.job` in text. What changes often (`job`) is apart from what is long (`spec`, `plan`,
`manifest`), as both engines write a row anew when a part of it changes.
"""

from __future__ import annotations

from sqlalchemy import (
    JSON,
    BigInteger,
    Boolean,
    CheckConstraint,
    Column,
    ColumnClause,
    ForeignKey,
    Index,
    Integer,
    LargeBinary,
    MetaData,
    PrimaryKeyConstraint,
    Table,
    Text,
    literal_column,
    text,
)
from sqlalchemy.dialects.postgresql import JSONB

from swath.job import Outcome, Stage, Status

metadata = MetaData()

# In code points on both engines: the order of owners and ids is part of what claim and find do.
_TEXT = Text().with_variant(Text(collation="C"), "postgresql")
_JSON = JSON().with_variant(JSONB(), "postgresql")

QUEUED: ColumnClause[str] = literal_column("'QUEUED'")
"""Written out: neither engine finds a partial index by the value of a parameter."""
DONE: ColumnClause[str] = literal_column("'DONE'")


def _one_of(column: str, values: type[Stage] | type[Status] | type[Outcome]) -> str:
    return f"{column} IN ({', '.join(repr(value.name) for value in values)})"


job = Table(
    "job",
    metadata,
    Column("id", _TEXT, primary_key=True),
    Column("owner", _TEXT, nullable=False),
    Column("stage", _TEXT, nullable=False),
    Column("status", _TEXT, nullable=False),
    Column("revision", BigInteger, nullable=False),
    Column("steps_done", BigInteger, nullable=False),
    Column("steps_total", BigInteger, nullable=False),
    Column("attempt", BigInteger, nullable=False),
    Column("fence", BigInteger, nullable=False),
    Column("crash_losses", Integer, nullable=False),
    Column("memory_losses", Integer, nullable=False),
    Column("timeout_losses", Integer, nullable=False),
    Column("error", LargeBinary),
    Column("cancel_requested", Boolean, nullable=False),
    Column("created_us", BigInteger, nullable=False),
    Column("updated_us", BigInteger, nullable=False),
    Column("run_at_us", BigInteger, nullable=False),
    Column("started_us", BigInteger),
    Column("finished_us", BigInteger),
    Column("expires_us", BigInteger),
    Column("keep_us", BigInteger),
    Column("attempt_timeout_us", BigInteger, nullable=False),
    Column("age_limit_us", BigInteger, nullable=False),
    Column("lease_until_us", BigInteger),
    Column("deadline_us", BigInteger),
    Column("worker", _TEXT),
    Column("labels", _JSON, nullable=False),
    Column("priority", Integer, nullable=False),
    Column("type", LargeBinary, nullable=False),
    Column("format", _TEXT, nullable=False),
    Column("resubmitted_from", _TEXT),
    Column("result_bytes", BigInteger),
    # Beyond JobRecord:
    Column("request_id", _TEXT),
    Column("spec_digest", LargeBinary, nullable=False),
    Column("removed_us", BigInteger),  # when its result was
    Column("is_deleted", Boolean, nullable=False),  # a tombstone: no verb finds it but delete
    CheckConstraint(_one_of("stage", Stage), "job_stage"),
    CheckConstraint(_one_of("status", Status), "job_status"),
    CheckConstraint("(stage = 'DONE') = (finished_us IS NOT NULL)", "job_done_at_a_time"),
    CheckConstraint("(stage = 'DONE') = (status <> 'UNSPECIFIED')", "job_done_has_status"),
    CheckConstraint(
        "(stage IN ('QUEUED', 'DONE')) = (lease_until_us IS NULL)", "job_leased_while_it_works"
    ),
    CheckConstraint("(lease_until_us IS NULL) = (deadline_us IS NULL)", "job_lease_has_deadline"),
    CheckConstraint("(lease_until_us IS NULL) = (worker IS NULL)", "job_lease_has_worker"),
    CheckConstraint("stage <> 'QUEUED' OR NOT cancel_requested", "job_queued_is_wanted"),
    CheckConstraint("revision >= 1 AND attempt >= 0 AND fence >= attempt", "job_counters"),
    CheckConstraint("steps_done >= 0 AND steps_total >= 0", "job_steps"),
    CheckConstraint("expires_us IS NULL OR stage = 'DONE'", "job_expires_when_done"),
    CheckConstraint("removed_us IS NULL OR stage = 'DONE'", "job_removed_when_done"),
    CheckConstraint("NOT is_deleted OR removed_us IS NOT NULL", "job_deleted_is_removed"),
    CheckConstraint("result_bytes IS NULL OR status = 'SUCCESS'", "job_result_of_success"),
    CheckConstraint("removed_us IS NULL OR result_bytes IS NULL", "job_removed_has_no_result"),
    # A quarter of each page stays free, so that changes of state stay on their page; dead rows are
    # swept from a queue long before a fifth of the table is dead, the usual measure.
    postgresql_with={"fillfactor": 75, "autovacuum_vacuum_scale_factor": 0.01},
)

_IS_QUEUED = text("stage = 'QUEUED'")
_HAS_REQUEST, _IS_LEASED = text("request_id IS NOT NULL"), text("lease_until_us IS NOT NULL")
_WILL_EXPIRE = text("expires_us IS NOT NULL AND removed_us IS NULL")
_IS_REMOVED = text("removed_us IS NOT NULL")


def _partial(name: str, *columns: object, where: object, unique: bool = False) -> None:
    Index(name, *columns, sqlite_where=where, postgresql_where=where, unique=unique)  # type: ignore[arg-type]


# A repeated create finds its job, and two at once cannot make two.
_partial("job_request", job.c.owner, job.c.request_id, where=_HAS_REQUEST, unique=True)
# claim: the next job of one owner, in the order in which they go; jobs that are done are not in it.
_partial(
    "job_ready",
    job.c.owner,
    job.c.priority.desc(),
    job.c.run_at_us,
    job.c.id,
    where=_IS_QUEUED,
)
# next_run_at_us: the first of all.
_partial("job_next", job.c.run_at_us, where=_IS_QUEUED)
# reap: as many entries as workers have jobs.
_partial("job_leased", job.c.lease_until_us, where=_IS_LEASED)
# find: pages of one owner, and of everyone.
Index("job_of_owner", job.c.owner, job.c.created_us, job.c.id)
Index("job_created", job.c.created_us, job.c.id)
# expire and forget: what is due, without looking at what is not.
_partial("job_expires", job.c.expires_us, where=_WILL_EXPIRE)
_partial("job_removed", job.c.removed_us, where=_IS_REMOVED)


def _of_job() -> Column[str]:
    return Column("job", _TEXT, ForeignKey("job.id", ondelete="CASCADE"), nullable=False)


spec = Table(
    "spec",
    metadata,
    _of_job(),
    Column("spec", LargeBinary, nullable=False),
    PrimaryKeyConstraint("job"),
)

plan = Table(
    "plan",
    metadata,
    _of_job(),
    Column("plan", LargeBinary, nullable=False),
    Column("engine_version", _TEXT, nullable=False),
    PrimaryKeyConstraint("job"),
)

attempt = Table(
    "attempt",
    metadata,
    _of_job(),
    Column("fence", BigInteger, nullable=False),
    Column("number", BigInteger, nullable=False),
    Column("worker", _TEXT, nullable=False),
    Column("started_us", BigInteger, nullable=False),
    Column("ended_us", BigInteger),
    Column("outcome", _TEXT, nullable=False),
    Column("error", LargeBinary),
    PrimaryKeyConstraint("job", "fence"),
    CheckConstraint(_one_of("outcome", Outcome), "attempt_outcome"),
    CheckConstraint("(outcome = 'UNSPECIFIED') = (ended_us IS NULL)", "attempt_ended_with_outcome"),
)

piece = Table(
    "piece",
    metadata,
    _of_job(),
    Column("name", _TEXT, nullable=False),
    Column("key", _TEXT, nullable=False),
    Column("size_bytes", BigInteger, nullable=False),
    Column("crc32", BigInteger, nullable=False),
    PrimaryKeyConstraint("job", "name"),
)

manifest = Table(
    "manifest",
    metadata,
    _of_job(),
    Column("format", _TEXT, nullable=False),
    Column("size_bytes", BigInteger, nullable=False),
    Column("crc32", BigInteger, nullable=False),
    Column("data", LargeBinary),
    Column("pieces", _JSON, nullable=False),  # [[name, key, size_bytes, crc32], ...] in order
    PrimaryKeyConstraint("job"),
)

owner = Table(
    "owner",
    metadata,
    Column("owner", _TEXT, primary_key=True),
    Column("outstanding", BigInteger, nullable=False),
    Column("running", BigInteger, nullable=False),
    Column("outstanding_limit", BigInteger),  # absent: the server's
    Column("running_limit", BigInteger),  # absent: the server's; 0: none
    Column("vt", BigInteger, nullable=False),  # its pass: see job_server.store.turn
    Column("wake_us", BigInteger),  # claim passes it over until then; absent: it does not
    Column("arrivals", BigInteger, nullable=False),  # times that a job of it was queued
    CheckConstraint("0 <= running AND running <= outstanding", "owner_counters"),
    CheckConstraint(
        "(outstanding_limit IS NULL) = (running_limit IS NULL)", "owner_limits_together"
    ),
    postgresql_with={"fillfactor": 50, "autovacuum_vacuum_scale_factor": 0.01},
)

_HAS_TURN = text("outstanding > running AND wake_us IS NULL")
_SLEEPS = text("wake_us IS NOT NULL")
# claim: owners who have a job that is queued, in their order.
_partial("owner_turn", owner.c.vt, owner.c.owner, where=_HAS_TURN)
# claim: the furthest of all owners; those who have no jobs count too.
Index("owner_furthest", owner.c.vt)
# claim: whose jobs have become ready.
_partial("owner_asleep", owner.c.wake_us, where=_SLEEPS)

schema_version = Table(
    "schema_version",
    metadata,
    Column("one", Integer, primary_key=True, autoincrement=False),
    Column("number", Integer, nullable=False),
    CheckConstraint("one = 1", "schema_version_one_row"),
)
