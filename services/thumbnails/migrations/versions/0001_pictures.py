"""Routes of activities, from which pictures are drawn."""

from alembic import op

from common.db import baseline

revision = "0001"
down_revision = None


def upgrade() -> None:
    baseline.upgrade_1()
    op.execute(
        """
        CREATE TABLE pictures (
            activity_id uuid NOT NULL CONSTRAINT pk_pictures PRIMARY KEY,
            athlete_id uuid NOT NULL,
            revision text,
            route bytea NOT NULL,
            rendered_at timestamptz NOT NULL DEFAULT now()
        )
        """
    )


def downgrade() -> None:
    op.execute("DROP TABLE pictures")
    baseline.downgrade_1()
