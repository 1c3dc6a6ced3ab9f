"""Migrations of the tables every service has, called from a service's own versions.

They are written out, not made from the models: what ran once must stay what it was.
"""

from alembic import op

_TABLES_1 = """
CREATE TABLE jobs (
    id uuid NOT NULL CONSTRAINT pk_jobs PRIMARY KEY,
    kind text NOT NULL,
    subject_id uuid,
    payload jsonb NOT NULL DEFAULT '{}'::jsonb,
    state text NOT NULL DEFAULT 'queued',
    priority smallint NOT NULL DEFAULT 0,
    attempts smallint NOT NULL DEFAULT 0,
    max_attempts smallint NOT NULL DEFAULT 8,
    run_after timestamptz NOT NULL DEFAULT now(),
    lease_until timestamptz,
    lease_token uuid,
    progress double precision NOT NULL DEFAULT 0,
    reason text,
    req_id text NOT NULL DEFAULT '',
    traceparent text,
    created_at timestamptz NOT NULL DEFAULT now(),
    updated_at timestamptz NOT NULL DEFAULT now()
);
CREATE INDEX ix_jobs_due ON jobs (priority, run_after) WHERE state IN ('queued', 'running');
CREATE INDEX ix_jobs_dead ON jobs (updated_at) WHERE state = 'dead';
CREATE TABLE outbox (
    id uuid NOT NULL CONSTRAINT pk_outbox PRIMARY KEY,
    position bigint CONSTRAINT uq_outbox_position UNIQUE,
    type text NOT NULL,
    payload jsonb NOT NULL,
    req_id text NOT NULL DEFAULT '',
    traceparent text,
    created_at timestamptz NOT NULL DEFAULT now()
);
CREATE SEQUENCE outbox_position OWNED BY outbox.position;
CREATE INDEX ix_outbox_pending ON outbox (id) WHERE position IS NULL;
CREATE TABLE inbox (
    event_id uuid NOT NULL CONSTRAINT pk_inbox PRIMARY KEY,
    publisher text NOT NULL,
    type text NOT NULL,
    handled_at timestamptz NOT NULL DEFAULT now()
);
CREATE TABLE inbox_cursors (
    publisher text NOT NULL CONSTRAINT pk_inbox_cursors PRIMARY KEY,
    position bigint NOT NULL DEFAULT 0,
    updated_at timestamptz NOT NULL DEFAULT now()
);
CREATE TABLE idempotency_keys (
    subject text NOT NULL,
    key text NOT NULL,
    fingerprint bytea NOT NULL,
    status smallint NOT NULL,
    headers jsonb NOT NULL,
    body bytea NOT NULL,
    created_at timestamptz NOT NULL DEFAULT now(),
    CONSTRAINT pk_idempotency_keys PRIMARY KEY (subject, key)
);
CREATE INDEX ix_idempotency_keys_created_at ON idempotency_keys (created_at)
"""


def upgrade_1() -> None:
    """Make jobs, outbox, inbox, inbox_cursors and idempotency_keys."""
    for statement in _TABLES_1.strip().split(";\n"):
        op.execute(statement)


def downgrade_1() -> None:
    op.execute("DROP TABLE jobs, outbox, inbox, inbox_cursors, idempotency_keys")


def upgrade_2() -> None:
    """Have a person's latest job of a kind found without a look at all jobs."""
    op.execute("CREATE INDEX ix_jobs_subject_id ON jobs (subject_id, kind, id)")


def downgrade_2() -> None:
    op.execute("DROP INDEX ix_jobs_subject_id")
