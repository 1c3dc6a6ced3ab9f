"""Addresses of people's pictures."""

from alembic import op

revision = "0006"
down_revision = "0005"


def upgrade() -> None:
    op.execute("ALTER TABLE users ADD COLUMN picture text")


def downgrade() -> None:
    op.execute("ALTER TABLE users DROP COLUMN picture")
