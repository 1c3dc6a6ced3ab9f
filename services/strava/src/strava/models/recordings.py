"""Tables of recordings, with their streams, laps and splits."""

from datetime import datetime
from typing import Any
from uuid import UUID

from sqlalchemy import BigInteger, ForeignKey, Index, Integer, SmallInteger, UniqueConstraint, func, text
from sqlalchemy.orm import Mapped, mapped_column

from common.ids import uuid7
from strava.models.base import Base


class Recording(Base):
    """A file's or a source's own record of an activity. The primary one is the richest."""

    __tablename__ = "recordings"

    id: Mapped[UUID] = mapped_column(primary_key=True, default=uuid7)
    activity_id: Mapped[UUID] = mapped_column(ForeignKey("activities.id", ondelete="CASCADE"), index=True)
    athlete_id: Mapped[UUID]
    primary: Mapped[bool]
    source: Mapped[str] = mapped_column(comment="file, strava or manual")
    format: Mapped[str] = mapped_column(comment="fit, gpx, tcx, strava or manual")
    file_name: Mapped[str]
    object_key: Mapped[str] = mapped_column(comment="of the original; empty for what was entered by hand")
    sha256: Mapped[str]
    part: Mapped[int] = mapped_column(SmallInteger, comment="place in a file of several")
    device: Mapped[str | None]
    sport: Mapped[str]
    start_time: Mapped[datetime]
    elapsed_time: Mapped[float] = mapped_column(comment="s")
    reason: Mapped[str] = mapped_column(comment="why it is a recording of this activity")
    quality: Mapped[dict[str, Any]]
    summary: Mapped[dict[str, Any]] = mapped_column(comment="the figures it gives its activity when it is primary")
    polyline: Mapped[str | None] = mapped_column(comment="encoded, precision 5")
    summary_polyline: Mapped[str | None] = mapped_column(comment="the same, simplified")
    bounds: Mapped[list[Any] | None] = mapped_column(comment="south, west, north, east in degrees")
    strava_id: Mapped[int | None] = mapped_column(BigInteger, comment="as Strava numbers it, when it came from there")
    strava_athlete_id: Mapped[int | None] = mapped_column(BigInteger, comment="whose account there it came from")
    fetch_number: Mapped[int | None] = mapped_column(BigInteger, comment="of the fetch it holds; a later one wins")
    archive_id: Mapped[int | None] = mapped_column(BigInteger, comment="number at Strava, by the athlete's own archive")
    streamless: Mapped[str | None] = mapped_column(comment="late or none, when its source had no samples so far")
    created_at: Mapped[datetime] = mapped_column(server_default=func.now())

    __table_args__ = (
        Index("ix_recordings_of_strava", "created_at", postgresql_where=text("source = 'strava'")),
        UniqueConstraint("athlete_id", "sha256", "part", name="uq_recordings_athlete_id"),
        Index(
            "uq_recordings_strava_id",
            "athlete_id",
            "strava_id",
            unique=True,
            postgresql_where=text("strava_id IS NOT NULL"),
        ),
        Index("ix_recordings_archive_id", "athlete_id", "archive_id", postgresql_where=text("archive_id IS NOT NULL")),
    )


class Stream(Base):
    """One column of samples of a recording, compressed."""

    __tablename__ = "streams"

    recording_id: Mapped[UUID] = mapped_column(ForeignKey("recordings.id", ondelete="CASCADE"), primary_key=True)
    type: Mapped[str] = mapped_column(primary_key=True)
    count: Mapped[int] = mapped_column(Integer, comment="samples")
    data: Mapped[bytes]


class Lap(Base):
    """A lap as the device has it, with what the samples inside it say."""

    __tablename__ = "laps"

    recording_id: Mapped[UUID] = mapped_column(ForeignKey("recordings.id", ondelete="CASCADE"), primary_key=True)
    lap_index: Mapped[int] = mapped_column(SmallInteger, primary_key=True)
    start: Mapped[float] = mapped_column(comment="s since the start of the recording")
    start_index: Mapped[int] = mapped_column(comment="first sample")
    end_index: Mapped[int] = mapped_column(comment="last sample")
    elapsed_time: Mapped[float] = mapped_column(comment="s")
    moving_time: Mapped[float] = mapped_column(comment="s")
    distance: Mapped[float] = mapped_column(comment="m")
    average_speed: Mapped[float | None] = mapped_column(comment="m/s, over moving time")
    max_speed: Mapped[float | None] = mapped_column(comment="m/s")
    total_elevation_gain: Mapped[float | None] = mapped_column(comment="m")
    average_heartrate: Mapped[float | None] = mapped_column(comment="bpm")
    max_heartrate: Mapped[float | None] = mapped_column(comment="bpm")
    average_cadence: Mapped[float | None] = mapped_column(comment="per minute; steps for runs")
    calories: Mapped[float | None] = mapped_column(comment="kcal")
    elevation_difference: Mapped[float | None] = mapped_column(comment="m, end minus start")
    grade_adjusted_speed: Mapped[float | None] = mapped_column(comment="m/s, over moving time")
    partial: Mapped[bool] = mapped_column(server_default=text("false"), comment="what an even lap left over")


class Split(Base):
    """A kilometre or mile of a recording, with its real distance and time."""

    __tablename__ = "splits"

    recording_id: Mapped[UUID] = mapped_column(ForeignKey("recordings.id", ondelete="CASCADE"), primary_key=True)
    unit: Mapped[str] = mapped_column(primary_key=True, comment="km or mi")
    index: Mapped[int] = mapped_column(SmallInteger, primary_key=True)
    distance: Mapped[float] = mapped_column(comment="m")
    elapsed_time: Mapped[float] = mapped_column(comment="s")
    moving_time: Mapped[float] = mapped_column(comment="s")
    average_speed: Mapped[float | None] = mapped_column(comment="m/s, over moving time")
    elevation_difference: Mapped[float | None] = mapped_column(comment="m")
    average_heartrate: Mapped[float | None] = mapped_column(comment="bpm")
    grade_adjusted_speed: Mapped[float | None] = mapped_column(comment="m/s")
    partial: Mapped[bool]
