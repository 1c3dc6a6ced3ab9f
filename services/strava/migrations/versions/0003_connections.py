"""Connections to Strava, states of OAuth, the webhook's inbox and subscription, recordings that came from Strava."""

from alembic import op

revision = "0003"
down_revision = "0002"

_TABLES = """
ALTER TABLE recordings ADD COLUMN strava_id bigint, ADD COLUMN fetch_number bigint;
CREATE UNIQUE INDEX uq_recordings_strava_id ON recordings (athlete_id, strava_id) WHERE strava_id IS NOT NULL;
CREATE SEQUENCE strava_fetches;
CREATE TABLE connections (
    athlete_id uuid NOT NULL CONSTRAINT pk_connections PRIMARY KEY,
    strava_athlete_id bigint NOT NULL CONSTRAINT uq_connections_strava_athlete_id UNIQUE,
    name text NOT NULL DEFAULT '',
    state text NOT NULL,
    reason text,
    scopes text[] NOT NULL,
    access_token bytea NOT NULL,
    refresh_token bytea NOT NULL,
    expires_at timestamptz NOT NULL,
    generation integer NOT NULL DEFAULT 1,
    connected_at timestamptz NOT NULL DEFAULT now(),
    last_sync_at timestamptz,
    last_event_at timestamptz,
    last_poll_at timestamptz
);
CREATE TABLE oauth_states (
    state_hash bytea NOT NULL CONSTRAINT pk_oauth_states PRIMARY KEY,
    athlete_id uuid NOT NULL,
    browser_hash bytea NOT NULL,
    expires_at timestamptz NOT NULL,
    used_at timestamptz
);
CREATE INDEX ix_oauth_states_expires_at ON oauth_states (expires_at);
CREATE TABLE webhook_events (
    id uuid NOT NULL CONSTRAINT pk_webhook_events PRIMARY KEY,
    digest bytea NOT NULL,
    object_type text NOT NULL,
    object_id bigint NOT NULL,
    aspect_type text NOT NULL,
    owner_id bigint NOT NULL,
    subscription_id bigint NOT NULL,
    event_time timestamptz NOT NULL,
    updates jsonb NOT NULL,
    req_id text NOT NULL DEFAULT '',
    received_at timestamptz NOT NULL DEFAULT now(),
    outcome text,
    reason text,
    settled_at timestamptz
);
CREATE UNIQUE INDEX uq_webhook_events_open ON webhook_events (digest) WHERE outcome IS NULL;
CREATE INDEX ix_webhook_events_object_id ON webhook_events (object_id);
CREATE INDEX ix_webhook_events_received_at ON webhook_events (received_at);
CREATE TABLE webhook_subscriptions (
    client_id text NOT NULL CONSTRAINT pk_webhook_subscriptions PRIMARY KEY,
    subscription_id bigint,
    callback_hash bytea NOT NULL,
    state text NOT NULL,
    reason text,
    checked_at timestamptz NOT NULL
);
CREATE TABLE tombstones (
    athlete_id uuid NOT NULL,
    strava_id bigint NOT NULL,
    fetch_number bigint,
    created_at timestamptz NOT NULL DEFAULT now(),
    CONSTRAINT pk_tombstones PRIMARY KEY (athlete_id, strava_id)
)
"""


def upgrade() -> None:
    for statement in _TABLES.strip().split(";\n"):
        op.execute(statement)


def downgrade() -> None:
    op.execute("DROP TABLE tombstones, webhook_subscriptions, webhook_events, oauth_states, connections")
    op.execute("DROP SEQUENCE strava_fetches")
    op.execute("ALTER TABLE recordings DROP COLUMN strava_id, DROP COLUMN fetch_number")
