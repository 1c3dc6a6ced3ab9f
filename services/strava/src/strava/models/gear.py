"""Tables of shoes and bikes."""

from datetime import date, datetime
from uuid import UUID

from sqlalchemy import ForeignKey, Index, func, text
from sqlalchemy.orm import Mapped, mapped_column

from common.ids import uuid7
from strava.models.base import Base


class Gear(Base):
    """A pair of shoes or a bike; how far it went is the sum of its activities and what it had before."""

    __tablename__ = "gear"

    id: Mapped[UUID] = mapped_column(primary_key=True, default=uuid7)
    athlete_id: Mapped[UUID]
    version: Mapped[int] = mapped_column(server_default="1")
    kind: Mapped[str] = mapped_column(comment="shoes or bike")
    name: Mapped[str]
    brand: Mapped[str | None]
    model: Mapped[str | None]
    initial_distance: Mapped[float] = mapped_column(server_default="0", comment="m, before its first activity here")
    retire_at: Mapped[float | None] = mapped_column(comment="m, from where on it should be replaced")
    retired_on: Mapped[date | None]
    strava_gear_id: Mapped[str | None] = mapped_column(comment="as Strava numbers it")
    created_at: Mapped[datetime] = mapped_column(server_default=func.now())
    updated_at: Mapped[datetime] = mapped_column(server_default=func.now())

    __table_args__ = (
        Index("ix_gear_athlete_id", "athlete_id", "id"),
        Index(
            "uq_gear_strava_gear_id",
            "athlete_id",
            "strava_gear_id",
            unique=True,
            postgresql_where=text("strava_gear_id IS NOT NULL"),
        ),
    )


class GearDefault(Base):
    """Which gear an athlete's new activities of a sport have."""

    __tablename__ = "gear_defaults"

    athlete_id: Mapped[UUID] = mapped_column(primary_key=True)
    sport: Mapped[str] = mapped_column(primary_key=True)
    gear_id: Mapped[UUID] = mapped_column(ForeignKey("gear.id", ondelete="CASCADE"), index=True)
