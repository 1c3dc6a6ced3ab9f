"""What is sent to Strava, and nightly comparisons."""

from alembic import op

revision = "0006"
down_revision = "0005"

_TABLES = """
ALTER TABLE connections ADD COLUMN reconciled_at timestamptz, ADD COLUMN history_at timestamptz;
CREATE TABLE pushes (
    id uuid NOT NULL CONSTRAINT pk_pushes PRIMARY KEY,
    athlete_id uuid NOT NULL,
    kind text NOT NULL,
    activity_id uuid CONSTRAINT fk_pushes_activity_id REFERENCES activities ON DELETE SET NULL,
    state text NOT NULL,
    reason text,
    fields jsonb NOT NULL,
    upload_id bigint,
    strava_id bigint,
    sent_at timestamptz,
    req_id text NOT NULL DEFAULT '',
    created_at timestamptz NOT NULL DEFAULT now(),
    updated_at timestamptz NOT NULL DEFAULT now()
);
CREATE INDEX ix_pushes_athlete_id ON pushes (athlete_id, id);
CREATE UNIQUE INDEX uq_pushes_open ON pushes (activity_id)
    WHERE state IN ('queued', 'sending', 'processing', 'unknown')
"""


def upgrade() -> None:
    for statement in _TABLES.strip().split(";\n"):
        op.execute(statement)


def downgrade() -> None:
    op.execute("DROP TABLE pushes")
    op.execute("ALTER TABLE connections DROP COLUMN reconciled_at, DROP COLUMN history_at")
