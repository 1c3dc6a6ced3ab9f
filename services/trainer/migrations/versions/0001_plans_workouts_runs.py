"""Plans, workouts, runs, and the count of their changes per athlete."""

from alembic import op

from common.db import baseline

revision = "0001"
down_revision = None

_TABLES = """
CREATE TABLE training_versions (
    athlete_id uuid NOT NULL CONSTRAINT pk_training_versions PRIMARY KEY,
    version bigint NOT NULL
);
CREATE TABLE plans (
    id uuid NOT NULL CONSTRAINT pk_plans PRIMARY KEY,
    athlete_id uuid NOT NULL,
    name text NOT NULL,
    description text NOT NULL,
    start_date date NOT NULL,
    end_date date NOT NULL,
    goal jsonb,
    phases jsonb NOT NULL,
    version integer NOT NULL DEFAULT 1,
    created_at timestamptz NOT NULL DEFAULT now(),
    updated_at timestamptz NOT NULL DEFAULT now()
);
CREATE INDEX ix_plans_athlete_id ON plans (athlete_id, start_date, id);
CREATE TABLE workouts (
    id uuid NOT NULL CONSTRAINT pk_workouts PRIMARY KEY,
    athlete_id uuid NOT NULL,
    plan_id uuid CONSTRAINT fk_workouts_plan_id REFERENCES plans (id) ON DELETE CASCADE,
    date date NOT NULL,
    name text NOT NULL,
    description text NOT NULL,
    kind text NOT NULL,
    steps jsonb NOT NULL,
    given_distance double precision,
    given_duration double precision,
    given_load double precision,
    derived_distance double precision,
    derived_duration double precision,
    mark text,
    version integer NOT NULL DEFAULT 1,
    created_at timestamptz NOT NULL DEFAULT now(),
    updated_at timestamptz NOT NULL DEFAULT now()
);
CREATE INDEX ix_workouts_athlete_id ON workouts (athlete_id, date, id);
CREATE INDEX ix_workouts_plan_id ON workouts (plan_id, date, id);
CREATE TABLE runs (
    id uuid NOT NULL CONSTRAINT pk_runs PRIMARY KEY,
    athlete_id uuid NOT NULL,
    date date NOT NULL,
    name text NOT NULL,
    sport text NOT NULL,
    start_time timestamptz,
    timezone text,
    distance double precision NOT NULL,
    duration double precision NOT NULL,
    elapsed_time double precision NOT NULL,
    average_heartrate double precision,
    notes text NOT NULL,
    activity_id uuid CONSTRAINT uq_runs_activity_id UNIQUE,
    activity_version integer,
    named_by_hand boolean NOT NULL DEFAULT false,
    workout_id uuid CONSTRAINT uq_runs_workout_id UNIQUE
        CONSTRAINT fk_runs_workout_id REFERENCES workouts (id) ON DELETE SET NULL,
    matched_by_hand boolean NOT NULL DEFAULT false,
    match_reason text,
    version integer NOT NULL DEFAULT 1,
    created_at timestamptz NOT NULL DEFAULT now(),
    updated_at timestamptz NOT NULL DEFAULT now()
);
CREATE INDEX ix_runs_athlete_id ON runs (athlete_id, date, id)
"""


def upgrade() -> None:
    baseline.upgrade_1()
    for statement in _TABLES.strip().split(";\n"):
        op.execute(statement)


def downgrade() -> None:
    op.execute("DROP TABLE runs, workouts, plans, training_versions")
    baseline.downgrade_1()
