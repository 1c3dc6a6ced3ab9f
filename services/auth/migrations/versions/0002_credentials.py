"""Mailed tokens, throttles, second factors, personal access tokens; how a session was opened."""

from alembic import op

revision = "0002"
down_revision = "0001"

_TABLES = """
ALTER TABLE sessions ADD COLUMN method text NOT NULL DEFAULT 'password';
CREATE TABLE mailed_tokens (
    id uuid NOT NULL CONSTRAINT pk_mailed_tokens PRIMARY KEY,
    user_id uuid NOT NULL CONSTRAINT fk_mailed_tokens_user_id REFERENCES users (id) ON DELETE CASCADE,
    purpose text NOT NULL,
    token_hash bytea NOT NULL CONSTRAINT uq_mailed_tokens_token_hash UNIQUE,
    created_at timestamptz NOT NULL DEFAULT now(),
    expires_at timestamptz NOT NULL,
    used_at timestamptz
);
CREATE INDEX ix_mailed_tokens_user_id ON mailed_tokens (user_id);
CREATE INDEX ix_mailed_tokens_expires_at ON mailed_tokens (expires_at);
CREATE TABLE throttles (
    key bytea NOT NULL CONSTRAINT pk_throttles PRIMARY KEY,
    failures integer NOT NULL DEFAULT 0,
    counted_at timestamptz NOT NULL DEFAULT now(),
    blocked_until timestamptz
);
CREATE INDEX ix_throttles_counted_at ON throttles (counted_at);
CREATE TABLE totps (
    user_id uuid NOT NULL CONSTRAINT pk_totps PRIMARY KEY
        CONSTRAINT fk_totps_user_id REFERENCES users (id) ON DELETE CASCADE,
    secret bytea NOT NULL,
    created_at timestamptz NOT NULL DEFAULT now(),
    confirmed_at timestamptz,
    last_step bigint
);
CREATE TABLE recovery_codes (
    id uuid NOT NULL CONSTRAINT pk_recovery_codes PRIMARY KEY,
    user_id uuid NOT NULL CONSTRAINT fk_recovery_codes_user_id REFERENCES users (id) ON DELETE CASCADE,
    code_hash bytea NOT NULL,
    used_at timestamptz,
    CONSTRAINT uq_recovery_codes_user_id_code_hash UNIQUE (user_id, code_hash)
);
CREATE TABLE personal_tokens (
    id uuid NOT NULL CONSTRAINT pk_personal_tokens PRIMARY KEY,
    user_id uuid NOT NULL CONSTRAINT fk_personal_tokens_user_id REFERENCES users (id) ON DELETE CASCADE,
    name text NOT NULL,
    token_hash bytea NOT NULL CONSTRAINT uq_personal_tokens_token_hash UNIQUE,
    scopes text[] NOT NULL,
    rate_limit integer,
    created_at timestamptz NOT NULL DEFAULT now(),
    expires_at timestamptz,
    last_used_at timestamptz
);
CREATE INDEX ix_personal_tokens_user_id ON personal_tokens (user_id)
"""


def upgrade() -> None:
    for statement in _TABLES.strip().split(";\n"):
        op.execute(statement)


def downgrade() -> None:
    op.execute("DROP TABLE personal_tokens, recovery_codes, totps, throttles, mailed_tokens")
    op.execute("ALTER TABLE sessions DROP COLUMN method")
