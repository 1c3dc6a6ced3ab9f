"""Addresses that were registered again before they were confirmed."""

from alembic import op

revision = "0005"
down_revision = "0004"


def upgrade() -> None:
    op.execute("ALTER TABLE users ADD COLUMN contested_at timestamptz")


def downgrade() -> None:
    op.execute("ALTER TABLE users DROP COLUMN contested_at")
