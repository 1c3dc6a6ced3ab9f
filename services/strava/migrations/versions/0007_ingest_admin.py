"""Purges after a disconnect, the cache of webhook subscriptions, and what is known of missing streams."""

from alembic import op

revision = "0007"
down_revision = "0006"

_TABLES = """
CREATE TABLE purges (
    id uuid NOT NULL CONSTRAINT pk_purges PRIMARY KEY,
    athlete_id uuid NOT NULL CONSTRAINT uq_purges_athlete_id UNIQUE,
    source text NOT NULL,
    account text NOT NULL,
    requested_at timestamptz NOT NULL DEFAULT now(),
    due_at timestamptz NOT NULL
);
CREATE TABLE subscription_views (
    client_id text NOT NULL CONSTRAINT pk_subscription_views PRIMARY KEY,
    subscriptions jsonb NOT NULL,
    checked_at timestamptz NOT NULL
);
ALTER TABLE recordings ADD COLUMN streamless text;
CREATE INDEX ix_recordings_of_strava ON recordings (created_at) WHERE source = 'strava'
"""


def upgrade() -> None:
    for statement in _TABLES.strip().split(";\n"):
        op.execute(statement)


def downgrade() -> None:
    op.execute("DROP INDEX ix_recordings_of_strava")
    op.execute("ALTER TABLE recordings DROP COLUMN streamless")
    op.execute("DROP TABLE subscription_views, purges")
