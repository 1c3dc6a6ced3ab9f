"""Call the table of plans what the field calls it."""

from alembic import op

revision = "0002"
down_revision = "0001"

_FORMER, _NOW = "plans", "training_plans"


def upgrade() -> None:
    _rename(_FORMER, _NOW)


def downgrade() -> None:
    _rename(_NOW, _FORMER)


def _rename(former: str, now: str) -> None:
    op.execute(f"ALTER TABLE {former} RENAME TO {now}")
    op.execute(f"ALTER TABLE {now} RENAME CONSTRAINT pk_{former} TO pk_{now}")
    op.execute(f"ALTER INDEX ix_{former}_athlete_id RENAME TO ix_{now}_athlete_id")
