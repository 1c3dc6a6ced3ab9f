"""Call the table of connections, each with its tokens, what the field calls it."""

from alembic import op

revision = "0008"
down_revision = "0007"

_FORMER, _NOW = "connections", "strava_tokens"


def upgrade() -> None:
    _rename(_FORMER, _NOW)


def downgrade() -> None:
    _rename(_NOW, _FORMER)


def _rename(former: str, now: str) -> None:
    op.execute(f"ALTER TABLE {former} RENAME TO {now}")
    op.execute(f"ALTER TABLE {now} RENAME CONSTRAINT pk_{former} TO pk_{now}")
    op.execute(f"ALTER TABLE {now} RENAME CONSTRAINT uq_{former}_strava_athlete_id TO uq_{now}_strava_athlete_id")
