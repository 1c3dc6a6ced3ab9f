"""Table of privacy zones."""

from datetime import datetime
from uuid import UUID

from sqlalchemy import Index, func
from sqlalchemy.orm import Mapped, mapped_column

from common.ids import uuid7
from strava.models.base import Base


class PrivacyZone(Base):
    """A circle in which nobody but the athlete sees where a track starts and ends."""

    __tablename__ = "privacy_zones"

    id: Mapped[UUID] = mapped_column(primary_key=True, default=uuid7)
    athlete_id: Mapped[UUID]
    version: Mapped[int] = mapped_column(server_default="1")
    name: Mapped[str]
    latitude: Mapped[float] = mapped_column(comment="degrees")
    longitude: Mapped[float] = mapped_column(comment="degrees")
    radius: Mapped[float] = mapped_column(comment="m")
    created_at: Mapped[datetime] = mapped_column(server_default=func.now())
    updated_at: Mapped[datetime] = mapped_column(server_default=func.now())

    __table_args__ = (Index("ix_privacy_zones_athlete_id", "athlete_id", "id"),)
