"""Previews and the undoing of imports."""

from alembic import op

revision = "0005"
down_revision = "0004"

_TABLES = """
ALTER TABLE imports ADD COLUMN dry_run boolean NOT NULL DEFAULT false;
ALTER TABLE imports ADD COLUMN left_out jsonb NOT NULL DEFAULT '[]'::jsonb;
CREATE INDEX ix_imports_created_at ON imports (created_at) WHERE dry_run;
ALTER TABLE import_items ADD COLUMN told jsonb NOT NULL DEFAULT '{}'::jsonb;
ALTER TABLE import_items ADD COLUMN activities jsonb NOT NULL DEFAULT '[]'::jsonb;
ALTER TABLE import_items ADD COLUMN recording_ids uuid[] NOT NULL DEFAULT '{}';
UPDATE import_items SET recording_ids = ARRAY(
    SELECT recordings.id FROM recordings JOIN imports ON imports.athlete_id = recordings.athlete_id
    WHERE imports.id = import_items.import_id AND recordings.object_key = import_items.object_key
) WHERE state IN ('imported', 'merged');
CREATE TABLE import_previews (
    item_id uuid NOT NULL CONSTRAINT fk_import_previews_item_id REFERENCES import_items (id) ON DELETE CASCADE,
    part smallint NOT NULL,
    import_id uuid NOT NULL,
    sha256 text NOT NULL,
    family text NOT NULL,
    start_time timestamptz NOT NULL,
    elapsed_time double precision NOT NULL,
    CONSTRAINT pk_import_previews PRIMARY KEY (item_id, part)
);
CREATE INDEX ix_import_previews_import_id ON import_previews (import_id, start_time);
CREATE INDEX ix_import_previews_sha256 ON import_previews (import_id, sha256, part);
ALTER TABLE audits ADD COLUMN by_hand boolean NOT NULL DEFAULT false;
UPDATE audits SET by_hand = true WHERE reason LIKE 'Edited by hand%';
ALTER TABLE recordings ADD COLUMN archive_id bigint;
CREATE INDEX ix_recordings_archive_id ON recordings (athlete_id, archive_id) WHERE archive_id IS NOT NULL
"""


def upgrade() -> None:
    for statement in _TABLES.strip().split(";\n"):
        op.execute(statement)


def downgrade() -> None:
    op.execute("SELECT 1")
