"""Tables of the analytics schema."""

from datetime import datetime
from typing import Any
from uuid import UUID

from sqlalchemy import BigInteger, Index, MetaData, SmallInteger, UniqueConstraint, func, text
from sqlalchemy.orm import DeclarativeBase, Mapped, mapped_column

from common.db.tables import NAMING, TYPES
from common.ids import uuid7


class Base(DeclarativeBase):
    metadata = MetaData(naming_convention=NAMING)
    type_annotation_map = TYPES


class AnalysedActivity(Base):
    """An activity that was looked at, and what its efforts were computed from.

    ``state``: ``analysed``; ``unsuited``, no run or no distance recorded; ``cleared``, its efforts were deleted by
    hand and come back with the next analysis.
    """

    __tablename__ = "analysed_activities"

    activity_id: Mapped[UUID] = mapped_column(primary_key=True)
    athlete_id: Mapped[UUID] = mapped_column(index=True)
    version: Mapped[int] = mapped_column(comment="of the activity, as read")
    state: Mapped[str]
    input_digest: Mapped[bytes | None] = mapped_column(comment="of all that the efforts depend on")
    formula_version: Mapped[int] = mapped_column(SmallInteger)
    analysed_at: Mapped[datetime] = mapped_column(server_default=func.now())


class Effort(Base):
    """The best effort over one distance inside one activity. Its id stays when it is computed again."""

    __tablename__ = "efforts"

    id: Mapped[UUID] = mapped_column(primary_key=True, default=uuid7)
    athlete_id: Mapped[UUID]
    activity_id: Mapped[UUID]
    activity_version: Mapped[int] = mapped_column(comment="that the effort was found in")
    distance: Mapped[str] = mapped_column(comment="label, such as 5k")
    meters: Mapped[float]
    time: Mapped[float] = mapped_column(comment="s, elapsed, to 1 ms")
    speed: Mapped[float] = mapped_column(comment="m/s")
    start_time: Mapped[datetime] = mapped_column(comment="when the effort began")
    start_offset: Mapped[float] = mapped_column(comment="s since the activity's start")
    end_offset: Mapped[float] = mapped_column(comment="s since the activity's start")
    start_distance: Mapped[float] = mapped_column(comment="m since the activity's start")
    end_distance: Mapped[float] = mapped_column(comment="m since the activity's start")
    start_index: Mapped[int] = mapped_column(comment="last sample at or before the start")
    end_index: Mapped[int] = mapped_column(comment="first sample at or after the end")
    interpolated: Mapped[str | None] = mapped_column(comment="the end between two samples: start or end")
    pauses: Mapped[list[Any]] = mapped_column(server_default=text("'[]'::jsonb"))
    longest_gap: Mapped[float] = mapped_column(comment="s between two samples")
    formula_version: Mapped[int] = mapped_column(SmallInteger)
    computed_at: Mapped[datetime] = mapped_column(server_default=func.now())

    __table_args__ = (
        UniqueConstraint("activity_id", "distance"),
        Index("ix_efforts_ranks", "athlete_id", "distance", "time", "start_time", "activity_id"),
    )


class RankVersion(Base):
    """Counts the changes of an athlete's efforts; whoever changes them holds this row, one at a time."""

    __tablename__ = "rank_versions"

    athlete_id: Mapped[UUID] = mapped_column(primary_key=True)
    version: Mapped[int] = mapped_column(BigInteger, server_default="1")
    updated_at: Mapped[datetime] = mapped_column(server_default=func.now())


class RankTable(Base):
    """An athlete's ranks in one window, as they are served: good for one version and until an effort leaves."""

    __tablename__ = "rank_tables"

    athlete_id: Mapped[UUID] = mapped_column(primary_key=True)
    window: Mapped[str] = mapped_column(primary_key=True, comment="all, 2y, 1y or 3m")
    version: Mapped[int] = mapped_column(BigInteger, comment="of the athlete's efforts")
    valid_until: Mapped[datetime | None] = mapped_column(comment="when the first of its efforts leaves the window")
    body: Mapped[bytes] = mapped_column(comment="JSON")
    computed_at: Mapped[datetime] = mapped_column(server_default=func.now())
