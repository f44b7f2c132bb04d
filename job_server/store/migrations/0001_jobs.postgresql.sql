-- The first schema: what job_server/store/sql/schema.py said then, with the reasons.

CREATE TABLE job (
    id TEXT COLLATE "C" NOT NULL,
    owner TEXT COLLATE "C" NOT NULL,
    stage TEXT COLLATE "C" NOT NULL,
    status TEXT COLLATE "C" NOT NULL,
    revision BIGINT NOT NULL,
    steps_done BIGINT NOT NULL,
    steps_total BIGINT NOT NULL,
    attempt BIGINT NOT NULL,
    fence BIGINT NOT NULL,
    crash_losses INTEGER NOT NULL,
    memory_losses INTEGER NOT NULL,
    timeout_losses INTEGER NOT NULL,
    error BYTEA,
    cancel_requested BOOLEAN NOT NULL,
    created_us BIGINT NOT NULL,
    updated_us BIGINT NOT NULL,
    run_at_us BIGINT NOT NULL,
    started_us BIGINT,
    finished_us BIGINT,
    expires_us BIGINT,
    keep_us BIGINT,
    attempt_timeout_us BIGINT NOT NULL,
    age_limit_us BIGINT NOT NULL,
    lease_until_us BIGINT,
    deadline_us BIGINT,
    worker TEXT COLLATE "C",
    labels JSONB NOT NULL,
    priority INTEGER NOT NULL,
    type BYTEA NOT NULL,
    format TEXT COLLATE "C" NOT NULL,
    resubmitted_from TEXT COLLATE "C",
    result_bytes BIGINT,
    request_id TEXT COLLATE "C",
    spec_digest BYTEA NOT NULL,
    removed_us BIGINT,
    is_deleted BOOLEAN NOT NULL,
    PRIMARY KEY (id),
    CONSTRAINT job_stage CHECK (stage IN ('QUEUED', 'PREPARING', 'RUNNING', 'SAVING', 'DONE')),
    CONSTRAINT job_status CHECK (status IN ('UNSPECIFIED', 'SUCCESS', 'FAILURE', 'CANCELLED')),
    CONSTRAINT job_done_at_a_time CHECK ((stage = 'DONE') = (finished_us IS NOT NULL)),
    CONSTRAINT job_done_has_status CHECK ((stage = 'DONE') = (status <> 'UNSPECIFIED')),
    CONSTRAINT job_leased_while_it_works CHECK ((stage IN ('QUEUED', 'DONE')) = (lease_until_us IS NULL)),
    CONSTRAINT job_lease_has_deadline CHECK ((lease_until_us IS NULL) = (deadline_us IS NULL)),
    CONSTRAINT job_lease_has_worker CHECK ((lease_until_us IS NULL) = (worker IS NULL)),
    CONSTRAINT job_queued_is_wanted CHECK (stage <> 'QUEUED' OR NOT cancel_requested),
    CONSTRAINT job_counters CHECK (revision >= 1 AND attempt >= 0 AND fence >= attempt),
    CONSTRAINT job_steps CHECK (steps_done >= 0 AND steps_total >= 0),
    CONSTRAINT job_expires_when_done CHECK (expires_us IS NULL OR stage = 'DONE'),
    CONSTRAINT job_removed_when_done CHECK (removed_us IS NULL OR stage = 'DONE'),
    CONSTRAINT job_deleted_is_removed CHECK (NOT is_deleted OR removed_us IS NOT NULL),
    CONSTRAINT job_result_of_success CHECK (result_bytes IS NULL OR status = 'SUCCESS'),
    CONSTRAINT job_removed_has_no_result CHECK (removed_us IS NULL OR result_bytes IS NULL)
)
 WITH (fillfactor = 75, autovacuum_vacuum_scale_factor = 0.01);

CREATE INDEX job_created ON job (created_us, id);

CREATE INDEX job_expires ON job (expires_us) WHERE expires_us IS NOT NULL AND removed_us IS NULL;

CREATE INDEX job_leased ON job (lease_until_us) WHERE lease_until_us IS NOT NULL;

CREATE INDEX job_next ON job (run_at_us) WHERE stage = 'QUEUED';

CREATE INDEX job_of_owner ON job (owner, created_us, id);

CREATE INDEX job_ready ON job (owner, priority DESC, run_at_us, id) WHERE stage = 'QUEUED';

CREATE INDEX job_removed ON job (removed_us) WHERE removed_us IS NOT NULL;

CREATE UNIQUE INDEX job_request ON job (owner, request_id) WHERE request_id IS NOT NULL;

CREATE TABLE owner (
    owner TEXT COLLATE "C" NOT NULL,
    outstanding BIGINT NOT NULL,
    running BIGINT NOT NULL,
    outstanding_limit BIGINT,
    running_limit BIGINT,
    vt BIGINT NOT NULL,
    wake_us BIGINT,
    arrivals BIGINT NOT NULL,
    PRIMARY KEY (owner),
    CONSTRAINT owner_counters CHECK (0 <= running AND running <= outstanding),
    CONSTRAINT owner_limits_together CHECK ((outstanding_limit IS NULL) = (running_limit IS NULL))
)
 WITH (fillfactor = 50, autovacuum_vacuum_scale_factor = 0.01);

CREATE INDEX owner_asleep ON owner (wake_us) WHERE wake_us IS NOT NULL;

CREATE INDEX owner_furthest ON owner (vt);

CREATE INDEX owner_turn ON owner (vt, owner) WHERE outstanding > running AND wake_us IS NULL;

CREATE TABLE schema_version (
    one INTEGER NOT NULL,
    number INTEGER NOT NULL,
    PRIMARY KEY (one),
    CONSTRAINT schema_version_one_row CHECK (one = 1)
);

CREATE TABLE attempt (
    job TEXT COLLATE "C" NOT NULL,
    fence BIGINT NOT NULL,
    number BIGINT NOT NULL,
    worker TEXT COLLATE "C" NOT NULL,
    started_us BIGINT NOT NULL,
    ended_us BIGINT,
    outcome TEXT COLLATE "C" NOT NULL,
    error BYTEA,
    PRIMARY KEY (job, fence),
    CONSTRAINT attempt_outcome CHECK (outcome IN ('UNSPECIFIED', 'SUCCESS', 'FAILURE', 'CANCELLED', 'LOST', 'RELEASED')),
    CONSTRAINT attempt_ended_with_outcome CHECK ((outcome = 'UNSPECIFIED') = (ended_us IS NULL)),
    FOREIGN KEY(job) REFERENCES job (id) ON DELETE CASCADE
);

CREATE TABLE manifest (
    job TEXT COLLATE "C" NOT NULL,
    format TEXT COLLATE "C" NOT NULL,
    size_bytes BIGINT NOT NULL,
    crc32 BIGINT NOT NULL,
    data BYTEA,
    pieces JSONB NOT NULL,
    PRIMARY KEY (job),
    FOREIGN KEY(job) REFERENCES job (id) ON DELETE CASCADE
);

CREATE TABLE piece (
    job TEXT COLLATE "C" NOT NULL,
    name TEXT COLLATE "C" NOT NULL,
    key TEXT COLLATE "C" NOT NULL,
    size_bytes BIGINT NOT NULL,
    crc32 BIGINT NOT NULL,
    PRIMARY KEY (job, name),
    FOREIGN KEY(job) REFERENCES job (id) ON DELETE CASCADE
);

CREATE TABLE plan (
    job TEXT COLLATE "C" NOT NULL,
    plan BYTEA NOT NULL,
    engine_version TEXT COLLATE "C" NOT NULL,
    PRIMARY KEY (job),
    FOREIGN KEY(job) REFERENCES job (id) ON DELETE CASCADE
);

CREATE TABLE spec (
    job TEXT COLLATE "C" NOT NULL,
    spec BYTEA NOT NULL,
    PRIMARY KEY (job),
    FOREIGN KEY(job) REFERENCES job (id) ON DELETE CASCADE
);
