"""Tables of activities, their history and what must not come back."""

from datetime import datetime
from uuid import UUID

from sqlalchemy import BigInteger, ForeignKey, Index, Text, func, text
from sqlalchemy.dialects.postgresql import ARRAY
from sqlalchemy.orm import Mapped, mapped_column

from common.ids import uuid7
from strava.models.base import Base


class Activity(Base):
    """A workout that was done; its figures are those of its primary recording, unless the athlete edited them."""

    __tablename__ = "activities"

    id: Mapped[UUID] = mapped_column(primary_key=True, default=uuid7)
    athlete_id: Mapped[UUID]
    version: Mapped[int] = mapped_column(server_default="1")
    name: Mapped[str]
    description: Mapped[str] = mapped_column(server_default="")
    sport: Mapped[str]
    start_time: Mapped[datetime]
    timezone: Mapped[str] = mapped_column(comment="IANA name")
    distance: Mapped[float] = mapped_column(comment="m")
    moving_time: Mapped[float] = mapped_column(comment="s")
    elapsed_time: Mapped[float] = mapped_column(comment="s")
    elevation_gain: Mapped[float | None] = mapped_column(comment="m")
    average_speed: Mapped[float | None] = mapped_column(comment="m/s, over moving time")
    max_speed: Mapped[float | None] = mapped_column(comment="m/s")
    average_heartrate: Mapped[float | None] = mapped_column(comment="bpm")
    max_heartrate: Mapped[float | None] = mapped_column(comment="bpm")
    average_cadence: Mapped[float | None] = mapped_column(comment="per minute; steps for runs")
    calories: Mapped[float | None] = mapped_column(comment="kcal")
    fastest_pace: Mapped[float | None] = mapped_column(comment="s/km of the fastest full kilometre split")
    has_map: Mapped[bool]
    source: Mapped[str] = mapped_column(comment="of the primary recording")
    sources: Mapped[list[str]] = mapped_column(ARRAY(Text))
    strava_id: Mapped[int | None] = mapped_column(BigInteger, comment="as Strava numbers it")
    gear_id: Mapped[UUID | None] = mapped_column(ForeignKey("gear.id", ondelete="SET NULL"))
    calories_source: Mapped[str | None] = mapped_column(comment="device, strava, manual or estimated")
    picture_revision: Mapped[str | None] = mapped_column(comment="of its picture in the thumbnails service")
    edited: Mapped[list[str]] = mapped_column(ARRAY(Text), server_default=text("'{}'"), comment="fields set by hand")
    created_at: Mapped[datetime] = mapped_column(server_default=func.now())
    updated_at: Mapped[datetime] = mapped_column(server_default=func.now())

    __table_args__ = (
        # With what lists are narrowed by, so that a filter that fits little reads no rows but those it fits.
        Index(
            "ix_activities_listing",
            "athlete_id",
            "start_time",
            "id",
            postgresql_include=["sport", "distance", "gear_id", "sources", "name"],
        ),
        Index("ix_activities_gear_id", "gear_id", postgresql_include=["distance", "moving_time"]),
    )


class ActivityListVersion(Base):
    """Counts the changes to an athlete's activities, so that a list is known to be fresh by reading one number."""

    __tablename__ = "activity_list_versions"

    athlete_id: Mapped[UUID] = mapped_column(primary_key=True)
    version: Mapped[int] = mapped_column(BigInteger)


class ActivityAudit(Base):
    """Every write to an activity, with its reason; outlives the activity."""

    __tablename__ = "audits"

    id: Mapped[UUID] = mapped_column(primary_key=True, default=uuid7)
    activity_id: Mapped[UUID] = mapped_column(index=True)
    athlete_id: Mapped[UUID]
    action: Mapped[str] = mapped_column(comment="created, updated, merged, unmerged, skipped or deleted")
    reason: Mapped[str]
    actor: Mapped[str] = mapped_column(comment="user id or service name")
    by_hand: Mapped[bool] = mapped_column(server_default=text("false"), comment="a person chose this very write")
    req_id: Mapped[str] = mapped_column(server_default="")
    created_at: Mapped[datetime] = mapped_column(server_default=func.now())


class Tombstone(Base):
    """A Strava activity that must not come (back): the athlete deleted it here, or Strava has it no more."""

    __tablename__ = "tombstones"

    athlete_id: Mapped[UUID] = mapped_column(primary_key=True)
    strava_id: Mapped[int] = mapped_column(BigInteger, primary_key=True)
    fetch_number: Mapped[int | None] = mapped_column(
        BigInteger, comment="of the fetch that Strava answered with 404; empty when the athlete deleted it here"
    )
    created_at: Mapped[datetime] = mapped_column(server_default=func.now())
