"""Tables of imports: batches of files that athletes give."""

from datetime import datetime
from typing import Any
from uuid import UUID

from sqlalchemy import ForeignKey, Index, func, text
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
    state: Mapped[str] = mapped_column(server_default="pending")
    req_id: Mapped[str] = mapped_column(server_default="")
    created_at: Mapped[datetime] = mapped_column(server_default=func.now())
    updated_at: Mapped[datetime] = mapped_column(server_default=func.now())

    __table_args__ = (Index("ix_imports_athlete_id", "athlete_id", "id"),)


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

    __table_args__ = (Index("ix_import_items_import_id", "import_id", "id"),)
