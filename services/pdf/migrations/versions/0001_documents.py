"""Documents made of plans."""

from alembic import op

from common.db import baseline

revision = "0001"
down_revision = None


def upgrade() -> None:
    baseline.upgrade_1()
    op.execute(
        """
        CREATE TABLE documents (
            id uuid NOT NULL CONSTRAINT pk_documents PRIMARY KEY,
            athlete_id uuid NOT NULL,
            plan_id uuid NOT NULL,
            plan_version integer NOT NULL,
            template text NOT NULL,
            paper text NOT NULL,
            units text NOT NULL,
            title text NOT NULL,
            printed_on date NOT NULL,
            plan bytea,
            job_id uuid NOT NULL,
            outcome text,
            reason text,
            pages integer,
            size bigint,
            sha256 text,
            version integer NOT NULL DEFAULT 1,
            created_at timestamptz NOT NULL DEFAULT now(),
            updated_at timestamptz NOT NULL DEFAULT now(),
            CONSTRAINT uq_documents_edition
                UNIQUE (athlete_id, plan_id, plan_version, template, paper, units)
        )
        """
    )
    op.execute("CREATE INDEX ix_documents_list ON documents (athlete_id, id)")


def downgrade() -> None:
    op.execute("DROP TABLE documents")
    baseline.downgrade_1()
