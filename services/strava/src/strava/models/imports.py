"""Tables of imports: batches of files that athletes give."""

from datetime import datetime
from typing import Any
from uuid import UUID

from sqlalchemy import ForeignKey, Index, SmallInteger, func, text
from sqlalchemy.dialects.postgresql import ARRAY
from sqlalchemy.orm import Mapped, mapped_column

from common.db.tables import TYPES
from common.ids import uuid7
from strava.models.base import Base


class Import(Base):
    """A batch of files that an athlete gave at once."""

    __tablename__ = "imports"

    id: Mapped[UUID] = mapped_column(primary_key=True, default=uuid7)
    athlete_id: Mapped[UUID]
    state: Mapped[str] = mapped_column(server_default="pending", comment="pending, undoing or undone")
    dry_run: Mapped[bool] = mapped_column(server_default=text("false"), comment="a preview that is not committed")
    left_out: Mapped[list[Any]] = mapped_column(
        server_default=text("'[]'::jsonb"), comment="files of an archive that are no activities: reason and count"
    )
    req_id: Mapped[str] = mapped_column(server_default="")
    created_at: Mapped[datetime] = mapped_column(server_default=func.now())
    updated_at: Mapped[datetime] = mapped_column(server_default=func.now())

    __table_args__ = (
        Index("ix_imports_athlete_id", "athlete_id", "id"),
        Index("ix_imports_created_at", "created_at", postgresql_where=text("dry_run")),
    )


class ImportItem(Base):
    """One file of a batch, by itself or out of an archive, and what became of it."""

    __tablename__ = "import_items"

    id: Mapped[UUID] = mapped_column(primary_key=True, default=uuid7)
    import_id: Mapped[UUID] = mapped_column(ForeignKey("imports.id", ondelete="CASCADE"))
    name: Mapped[str]
    object_key: Mapped[str] = mapped_column(server_default="", comment="empty when refused before it was stored")
    sha256: Mapped[str] = mapped_column(server_default="")
    state: Mapped[str] = mapped_column(server_default="pending")
    reason: Mapped[str | None]
    quality: Mapped[list[Any]] = mapped_column(server_default=text("'[]'::jsonb"), comment="a report per recording")
    activity_ids: Mapped[list[UUID]] = mapped_column(ARRAY(TYPES[UUID]), server_default=text("'{}'"))
    told: Mapped[dict[str, Any]] = mapped_column(
        server_default=text("'{}'::jsonb"), comment="what the archive says of the file: name, gear, number at Strava"
    )
    activities: Mapped[list[Any]] = mapped_column(
        server_default=text("'[]'::jsonb"), comment="what became, or would become, of each recording in it"
    )
    recording_ids: Mapped[list[UUID]] = mapped_column(
        ARRAY(TYPES[UUID]), server_default=text("'{}'"), comment="that it brought"
    )

    __table_args__ = (Index("ix_import_items_import_id", "import_id", "id"),)


class ImportPreview(Base):
    """A recording that a preview would bring, for the other files of the same preview to be compared with."""

    __tablename__ = "import_previews"

    item_id: Mapped[UUID] = mapped_column(ForeignKey("import_items.id", ondelete="CASCADE"), primary_key=True)
    part: Mapped[int] = mapped_column(SmallInteger, primary_key=True, comment="place in a file of several")
    import_id: Mapped[UUID]
    sha256: Mapped[str]
    family: Mapped[str] = mapped_column(comment="of sports")
    start_time: Mapped[datetime]
    elapsed_time: Mapped[float] = mapped_column(comment="s")

    __table_args__ = (
        Index("ix_import_previews_import_id", "import_id", "start_time"),
        Index("ix_import_previews_sha256", "import_id", "sha256", "part"),
    )
