"""Analysed activities, efforts and ranks."""

from alembic import op

from common.db import baseline

revision = "0001"
down_revision = None

_TABLES = """
CREATE TABLE analysed_activities (
    activity_id uuid NOT NULL CONSTRAINT pk_analysed_activities PRIMARY KEY,
    athlete_id uuid NOT NULL,
    version integer NOT NULL,
    state text NOT NULL,
    input_digest bytea,
    formula_version smallint NOT NULL,
    analysed_at timestamptz NOT NULL DEFAULT now()
);
CREATE INDEX ix_analysed_activities_athlete_id ON analysed_activities (athlete_id);
CREATE TABLE efforts (
    id uuid NOT NULL CONSTRAINT pk_efforts PRIMARY KEY,
    athlete_id uuid NOT NULL,
    activity_id uuid NOT NULL,
    activity_version integer NOT NULL,
    distance text NOT NULL,
    meters double precision NOT NULL,
    "time" double precision NOT NULL,
    speed double precision NOT NULL,
    start_time timestamptz NOT NULL,
    start_offset double precision NOT NULL,
    end_offset double precision NOT NULL,
    start_distance double precision NOT NULL,
    end_distance double precision NOT NULL,
    start_index integer NOT NULL,
    end_index integer NOT NULL,
    interpolated text,
    pauses jsonb NOT NULL DEFAULT '[]'::jsonb,
    longest_gap double precision NOT NULL,
    formula_version smallint NOT NULL,
    computed_at timestamptz NOT NULL DEFAULT now(),
    CONSTRAINT uq_efforts_activity_id_distance UNIQUE (activity_id, distance)
);
CREATE INDEX ix_efforts_ranks ON efforts (athlete_id, distance, "time", start_time, activity_id);
CREATE TABLE rank_versions (
    athlete_id uuid NOT NULL CONSTRAINT pk_rank_versions PRIMARY KEY,
    version bigint NOT NULL DEFAULT 1,
    updated_at timestamptz NOT NULL DEFAULT now()
);
CREATE TABLE rank_tables (
    athlete_id uuid NOT NULL,
    "window" text NOT NULL,
    version bigint NOT NULL,
    valid_until timestamptz,
    body bytea NOT NULL,
    computed_at timestamptz NOT NULL DEFAULT now(),
    CONSTRAINT pk_rank_tables PRIMARY KEY (athlete_id, "window")
)
"""


def upgrade() -> None:
    baseline.upgrade_1()
    for statement in _TABLES.strip().split(";\n"):
        op.execute(statement)


def downgrade() -> None:
    op.execute("DROP TABLE rank_tables, rank_versions, efforts, analysed_activities")
    baseline.downgrade_1()
