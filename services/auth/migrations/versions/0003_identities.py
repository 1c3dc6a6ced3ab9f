"""Sign-in with providers; accounts without address or password; indexes for every filter of the audit log."""

from alembic import op

revision = "0003"
down_revision = "0002"

_TABLES = """
ALTER TABLE users ALTER COLUMN email DROP NOT NULL;
ALTER TABLE users ALTER COLUMN password_hash DROP NOT NULL;
ALTER TABLE users ADD COLUMN email_proven_at timestamptz;
CREATE TABLE identities (
    id uuid NOT NULL CONSTRAINT pk_identities PRIMARY KEY,
    user_id uuid NOT NULL CONSTRAINT fk_identities_user_id REFERENCES users (id) ON DELETE CASCADE,
    provider text NOT NULL,
    subject text NOT NULL,
    created_at timestamptz NOT NULL DEFAULT now(),
    last_used_at timestamptz,
    CONSTRAINT uq_identities_provider_subject UNIQUE (provider, subject),
    CONSTRAINT uq_identities_user_id_provider UNIQUE (user_id, provider)
);
CREATE TABLE oauth_flows (
    state_hash bytea NOT NULL CONSTRAINT pk_oauth_flows PRIMARY KEY,
    provider text NOT NULL,
    browser_hash bytea NOT NULL,
    session_id uuid CONSTRAINT fk_oauth_flows_session_id REFERENCES sessions (id) ON DELETE CASCADE,
    return_to text NOT NULL,
    created_at timestamptz NOT NULL DEFAULT now(),
    expires_at timestamptz NOT NULL,
    used_at timestamptz
);
CREATE INDEX ix_oauth_flows_session_id ON oauth_flows (session_id);
CREATE INDEX ix_oauth_flows_expires_at ON oauth_flows (expires_at);
DROP INDEX ix_audits_actor;
DROP INDEX ix_audits_created_at;
CREATE INDEX ix_audits_created_at_id ON audits (created_at, id);
CREATE INDEX ix_audits_actor_created_at_id ON audits (actor, created_at, id);
CREATE INDEX ix_audits_target_created_at_id ON audits (target, created_at, id);
CREATE INDEX ix_audits_outcome_created_at_id ON audits (outcome, created_at, id);
CREATE INDEX ix_audits_service_created_at_id ON audits (service, created_at, id);
CREATE INDEX ix_audits_action_created_at_id ON audits (action text_pattern_ops, created_at, id)
"""

_BACK = """
DROP INDEX ix_audits_created_at_id, ix_audits_actor_created_at_id, ix_audits_target_created_at_id,
    ix_audits_outcome_created_at_id, ix_audits_service_created_at_id, ix_audits_action_created_at_id;
CREATE INDEX ix_audits_actor ON audits (actor);
CREATE INDEX ix_audits_created_at ON audits (created_at);
DROP TABLE oauth_flows, identities;
DELETE FROM users WHERE email IS NULL;
UPDATE users SET password_hash = '!' WHERE password_hash IS NULL;
ALTER TABLE users DROP COLUMN email_proven_at;
ALTER TABLE users ALTER COLUMN password_hash SET NOT NULL;
ALTER TABLE users ALTER COLUMN email SET NOT NULL
"""


def upgrade() -> None:
    for statement in _TABLES.strip().split(";\n"):
        op.execute(statement)


def downgrade() -> None:
    for statement in _BACK.strip().split(";\n"):
        op.execute(statement)
