"""Tables of what athletes send to Strava from here."""

from datetime import datetime
from typing import Any
from uuid import UUID

from sqlalchemy import BigInteger, ForeignKey, Index, func, text
from sqlalchemy.orm import Mapped, mapped_column

from common.ids import uuid7
from strava.models.base import Base


class Push(Base):
    """A file or an entry by hand that goes to Strava, and what became of it there."""

    __tablename__ = "pushes"

    id: Mapped[UUID] = mapped_column(primary_key=True, default=uuid7)
    athlete_id: Mapped[UUID]
    kind: Mapped[str] = mapped_column(comment="upload or manual")
    activity_id: Mapped[UUID | None] = mapped_column(ForeignKey("activities.id", ondelete="SET NULL"))
    state: Mapped[str] = mapped_column(
        comment="queued, sending, processing, unknown; done, duplicate, overlap or failed"
    )
    reason: Mapped[str | None]
    fields: Mapped[dict[str, Any]] = mapped_column(comment="as Strava is given them")
    upload_id: Mapped[int | None] = mapped_column(BigInteger, comment="as Strava numbers it while it works on a file")
    strava_id: Mapped[int | None] = mapped_column(BigInteger, comment="of the activity at Strava")
    sent_at: Mapped[datetime | None]
    req_id: Mapped[str] = mapped_column(server_default="")
    created_at: Mapped[datetime] = mapped_column(server_default=func.now())
    updated_at: Mapped[datetime] = mapped_column(server_default=func.now())

    __table_args__ = (
        Index("ix_pushes_athlete_id", "athlete_id", "id"),
        Index(
            "uq_pushes_open",
            "activity_id",
            unique=True,
            postgresql_where=text("state IN ('queued', 'sending', 'processing', 'unknown')"),
        ),
    )
