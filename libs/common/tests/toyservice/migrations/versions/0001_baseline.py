from alembic import op

from common.db import baseline

revision = "0001"
down_revision = None


def upgrade() -> None:
    baseline.upgrade_1()
    op.execute(
        "CREATE TABLE effects (id uuid CONSTRAINT pk_effects PRIMARY KEY, name text NOT NULL, req_id text NOT NULL)"
    )


def downgrade() -> None:
    op.execute("DROP TABLE effects")
    baseline.downgrade_1()
