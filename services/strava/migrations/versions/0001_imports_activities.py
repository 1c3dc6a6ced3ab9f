"""Imports, activities, recordings, streams, laps, splits and audits."""

from alembic import op

from common.db import baseline

revision = "0001"
down_revision = None

_TABLES = """
CREATE TABLE imports (
    id uuid NOT NULL CONSTRAINT pk_imports PRIMARY KEY,
    athlete_id uuid NOT NULL,
    state text NOT NULL DEFAULT 'pending',
    req_id text NOT NULL DEFAULT '',
    created_at timestamptz NOT NULL DEFAULT now(),
    updated_at timestamptz NOT NULL DEFAULT now()
);
CREATE INDEX ix_imports_athlete_id ON imports (athlete_id, id);
CREATE TABLE import_items (
    id uuid NOT NULL CONSTRAINT pk_import_items PRIMARY KEY,
    import_id uuid NOT NULL CONSTRAINT fk_import_items_import_id REFERENCES imports (id) ON DELETE CASCADE,
    name text NOT NULL,
    object_key text NOT NULL DEFAULT '',
    sha256 text NOT NULL DEFAULT '',
    state text NOT NULL DEFAULT 'pending',
    reason text,
    quality jsonb NOT NULL DEFAULT '[]'::jsonb,
    activity_ids uuid[] NOT NULL DEFAULT '{}'
);
CREATE INDEX ix_import_items_import_id ON import_items (import_id, id);
CREATE TABLE activities (
    id uuid NOT NULL CONSTRAINT pk_activities PRIMARY KEY,
    athlete_id uuid NOT NULL,
    version integer NOT NULL DEFAULT 1,
    name text NOT NULL,
    description text NOT NULL DEFAULT '',
    sport text NOT NULL,
    start_time timestamptz NOT NULL,
    timezone text NOT NULL,
    distance double precision NOT NULL,
    moving_time double precision NOT NULL,
    elapsed_time double precision NOT NULL,
    elevation_gain double precision,
    average_speed double precision,
    max_speed double precision,
    average_heartrate double precision,
    max_heartrate double precision,
    average_cadence double precision,
    calories double precision,
    fastest_pace double precision,
    has_map boolean NOT NULL,
    source text NOT NULL,
    sources text[] NOT NULL,
    strava_id bigint,
    edited text[] NOT NULL DEFAULT '{}',
    created_at timestamptz NOT NULL DEFAULT now(),
    updated_at timestamptz NOT NULL DEFAULT now()
);
CREATE INDEX ix_activities_athlete_id ON activities (athlete_id, start_time, id);
CREATE TABLE activity_list_versions (
    athlete_id uuid NOT NULL CONSTRAINT pk_activity_list_versions PRIMARY KEY,
    version bigint NOT NULL
);
CREATE TABLE recordings (
    id uuid NOT NULL CONSTRAINT pk_recordings PRIMARY KEY,
    activity_id uuid NOT NULL CONSTRAINT fk_recordings_activity_id REFERENCES activities (id) ON DELETE CASCADE,
    athlete_id uuid NOT NULL,
    "primary" boolean NOT NULL,
    source text NOT NULL,
    format text NOT NULL,
    file_name text NOT NULL,
    object_key text NOT NULL,
    sha256 text NOT NULL,
    part smallint NOT NULL,
    device text,
    sport text NOT NULL,
    start_time timestamptz NOT NULL,
    elapsed_time double precision NOT NULL,
    reason text NOT NULL,
    quality jsonb NOT NULL,
    summary jsonb NOT NULL,
    polyline text,
    summary_polyline text,
    bounds jsonb,
    created_at timestamptz NOT NULL DEFAULT now(),
    CONSTRAINT uq_recordings_athlete_id UNIQUE (athlete_id, sha256, part)
);
CREATE INDEX ix_recordings_activity_id ON recordings (activity_id);
CREATE TABLE streams (
    recording_id uuid NOT NULL CONSTRAINT fk_streams_recording_id REFERENCES recordings (id) ON DELETE CASCADE,
    type text NOT NULL,
    count integer NOT NULL,
    data bytea NOT NULL,
    CONSTRAINT pk_streams PRIMARY KEY (recording_id, type)
);
ALTER TABLE streams ALTER COLUMN data SET STORAGE EXTERNAL;
CREATE TABLE laps (
    recording_id uuid NOT NULL CONSTRAINT fk_laps_recording_id REFERENCES recordings (id) ON DELETE CASCADE,
    lap_index smallint NOT NULL,
    start double precision NOT NULL,
    start_index integer NOT NULL,
    end_index integer NOT NULL,
    elapsed_time double precision NOT NULL,
    moving_time double precision NOT NULL,
    distance double precision NOT NULL,
    average_speed double precision,
    max_speed double precision,
    total_elevation_gain double precision,
    average_heartrate double precision,
    max_heartrate double precision,
    average_cadence double precision,
    calories double precision,
    CONSTRAINT pk_laps PRIMARY KEY (recording_id, lap_index)
);
CREATE TABLE splits (
    recording_id uuid NOT NULL CONSTRAINT fk_splits_recording_id REFERENCES recordings (id) ON DELETE CASCADE,
    unit text NOT NULL,
    index smallint NOT NULL,
    distance double precision NOT NULL,
    elapsed_time double precision NOT NULL,
    moving_time double precision NOT NULL,
    average_speed double precision,
    elevation_difference double precision,
    average_heartrate double precision,
    grade_adjusted_speed double precision,
    partial boolean NOT NULL,
    CONSTRAINT pk_splits PRIMARY KEY (recording_id, unit, index)
);
CREATE TABLE audits (
    id uuid NOT NULL CONSTRAINT pk_audits PRIMARY KEY,
    activity_id uuid NOT NULL,
    athlete_id uuid NOT NULL,
    action text NOT NULL,
    reason text NOT NULL,
    actor text NOT NULL,
    req_id text NOT NULL DEFAULT '',
    created_at timestamptz NOT NULL DEFAULT now()
);
CREATE INDEX ix_audits_activity_id ON audits (activity_id)
"""


def upgrade() -> None:
    baseline.upgrade_1()
    for statement in _TABLES.strip().split(";\n"):
        op.execute(statement)


def downgrade() -> None:
    op.execute("DROP TABLE audits, splits, laps, streams, recordings, activity_list_versions")
    op.execute("DROP TABLE activities, import_items, imports")
    baseline.downgrade_1()
