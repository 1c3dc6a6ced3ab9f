"""Export and deletion of accounts."""

from alembic import op

revision = "0004"
down_revision = "0003"


def upgrade() -> None:
    op.execute(
        """
        CREATE TABLE exports (
            id uuid CONSTRAINT pk_exports PRIMARY KEY,
            user_id uuid NOT NULL CONSTRAINT fk_exports_user_id REFERENCES users (id) ON DELETE CASCADE,
            job_id uuid NOT NULL,
            size bigint,
            expires_at timestamptz,
            created_at timestamptz NOT NULL DEFAULT now(),
            updated_at timestamptz NOT NULL DEFAULT now()
        )
        """
    )
    op.execute("CREATE INDEX ix_exports_user_id ON exports (user_id)")
    op.execute("CREATE INDEX ix_exports_expires_at ON exports (expires_at)")
    op.execute(
        """
        CREATE TABLE departures (
            id uuid CONSTRAINT pk_departures PRIMARY KEY,
            person uuid NOT NULL CONSTRAINT uq_departures_person UNIQUE,
            token_hash bytea NOT NULL,
            report jsonb NOT NULL DEFAULT '{}',
            created_at timestamptz NOT NULL DEFAULT now(),
            updated_at timestamptz NOT NULL DEFAULT now(),
            finished_at timestamptz
        )
        """
    )
    op.execute("CREATE INDEX ix_departures_finished_at ON departures (finished_at)")


def downgrade() -> None:
    op.execute("DROP TABLE departures")
    op.execute("DROP TABLE exports")
