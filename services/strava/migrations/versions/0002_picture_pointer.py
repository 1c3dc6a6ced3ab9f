"""The pointer from an activity to its picture."""

from alembic import op

revision = "0002"
down_revision = "0001"


def upgrade() -> None:
    op.execute("ALTER TABLE activities ADD COLUMN picture_revision text")
