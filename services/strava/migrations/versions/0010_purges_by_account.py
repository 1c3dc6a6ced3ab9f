"""Whose account at Strava a recording came from, a purge for each account, hope for samples of what was measured."""

from alembic import op

revision = "0010"
down_revision = "0009"

_UPGRADE = """
ALTER TABLE recordings ADD COLUMN strava_athlete_id bigint;
UPDATE recordings SET strava_athlete_id = strava_tokens.strava_athlete_id FROM strava_tokens
    WHERE strava_tokens.athlete_id = recordings.athlete_id AND recordings.source = 'strava';
UPDATE recordings SET strava_athlete_id = CAST(purges.account AS bigint) FROM purges
    WHERE purges.athlete_id = recordings.athlete_id AND recordings.source = 'strava'
    AND recordings.created_at < purges.requested_at;
UPDATE recordings SET streamless = 'late' WHERE source = 'strava' AND streamless = 'none'
    AND (polyline IS NOT NULL OR device IS NOT NULL OR summary ->> 'average_heartrate' IS NOT NULL);
ALTER TABLE purges DROP CONSTRAINT uq_purges_athlete_id;
ALTER TABLE purges ADD CONSTRAINT uq_purges_athlete_id UNIQUE (athlete_id, account)
"""

_DOWNGRADE = """
DELETE FROM purges USING purges AS later
    WHERE later.athlete_id = purges.athlete_id AND later.requested_at > purges.requested_at;
ALTER TABLE purges DROP CONSTRAINT uq_purges_athlete_id;
ALTER TABLE purges ADD CONSTRAINT uq_purges_athlete_id UNIQUE (athlete_id);
ALTER TABLE recordings DROP COLUMN strava_athlete_id
"""


def upgrade() -> None:
    _run(_UPGRADE)


def downgrade() -> None:
    _run(_DOWNGRADE)


def _run(statements: str) -> None:
    for statement in statements.strip().split(";\n"):
        op.execute(statement)
