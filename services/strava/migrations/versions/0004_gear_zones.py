"""Gear, privacy zones and what is entered by hand."""

from alembic import op

revision = "0004"
down_revision = "0003"

_TABLES = """
CREATE TABLE gear (
    id uuid NOT NULL CONSTRAINT pk_gear PRIMARY KEY,
    athlete_id uuid NOT NULL,
    version integer NOT NULL DEFAULT 1,
    kind text NOT NULL,
    name text NOT NULL,
    brand text,
    model text,
    initial_distance double precision NOT NULL DEFAULT 0,
    retire_at double precision,
    retired_on date,
    strava_gear_id text,
    created_at timestamptz NOT NULL DEFAULT now(),
    updated_at timestamptz NOT NULL DEFAULT now()
);
CREATE INDEX ix_gear_athlete_id ON gear (athlete_id, id);
CREATE UNIQUE INDEX uq_gear_strava_gear_id ON gear (athlete_id, strava_gear_id) WHERE strava_gear_id IS NOT NULL;
CREATE TABLE gear_defaults (
    athlete_id uuid NOT NULL,
    sport text NOT NULL,
    gear_id uuid NOT NULL CONSTRAINT fk_gear_defaults_gear_id REFERENCES gear (id) ON DELETE CASCADE,
    CONSTRAINT pk_gear_defaults PRIMARY KEY (athlete_id, sport)
);
CREATE INDEX ix_gear_defaults_gear_id ON gear_defaults (gear_id);
CREATE TABLE privacy_zones (
    id uuid NOT NULL CONSTRAINT pk_privacy_zones PRIMARY KEY,
    athlete_id uuid NOT NULL,
    version integer NOT NULL DEFAULT 1,
    name text NOT NULL,
    latitude double precision NOT NULL,
    longitude double precision NOT NULL,
    radius double precision NOT NULL,
    created_at timestamptz NOT NULL DEFAULT now(),
    updated_at timestamptz NOT NULL DEFAULT now()
);
CREATE INDEX ix_privacy_zones_athlete_id ON privacy_zones (athlete_id, id);
ALTER TABLE activities ADD COLUMN gear_id uuid
    CONSTRAINT fk_activities_gear_id REFERENCES gear (id) ON DELETE SET NULL;
ALTER TABLE activities ADD COLUMN calories_source text;
UPDATE activities SET calories_source = CASE source WHEN 'strava' THEN 'strava' ELSE 'device' END
    WHERE calories IS NOT NULL;
CREATE INDEX ix_activities_gear_id ON activities (gear_id) INCLUDE (distance, moving_time);
CREATE INDEX ix_activities_listing ON activities (athlete_id, start_time, id)
    INCLUDE (sport, distance, gear_id, sources, name);
DROP INDEX ix_activities_athlete_id;
ALTER TABLE laps ADD COLUMN elevation_difference double precision;
ALTER TABLE laps ADD COLUMN grade_adjusted_speed double precision;
ALTER TABLE laps ADD COLUMN partial boolean NOT NULL DEFAULT false
"""


def upgrade() -> None:
    for statement in _TABLES.strip().split(";\n"):
        op.execute(statement)


def downgrade() -> None:
    op.execute("SELECT 1")
