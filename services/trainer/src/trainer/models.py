"""Tables of the trainer schema."""

import datetime as dt
from typing import Any
from uuid import UUID

from sqlalchemy import BigInteger, ForeignKey, Index, MetaData, func, text
from sqlalchemy.dialects.postgresql import JSONB
from sqlalchemy.orm import DeclarativeBase, Mapped, mapped_column

from common.db.tables import NAMING, TYPES
from common.ids import uuid7


class Base(DeclarativeBase):
    metadata = MetaData(naming_convention=NAMING)
    type_annotation_map = TYPES


class TrainingVersion(Base):
    """Counts the changes of an athlete's plans, workouts and runs; whoever changes them holds this row."""

    __tablename__ = "training_versions"

    athlete_id: Mapped[UUID] = mapped_column(primary_key=True)
    version: Mapped[int] = mapped_column(BigInteger)


class Plan(Base):
    """A training plan. Its version rises with any change of its workouts."""

    __tablename__ = "training_plans"

    id: Mapped[UUID] = mapped_column(primary_key=True, default=uuid7)
    athlete_id: Mapped[UUID]
    name: Mapped[str]
    description: Mapped[str]
    start_date: Mapped[dt.date]
    end_date: Mapped[dt.date]
    goal: Mapped[dict[str, Any] | None] = mapped_column(JSONB(none_as_null=True))
    phases: Mapped[list[Any]]
    version: Mapped[int] = mapped_column(server_default="1")
    created_at: Mapped[dt.datetime] = mapped_column(server_default=func.now())
    updated_at: Mapped[dt.datetime] = mapped_column(server_default=func.now())

    __table_args__ = (Index("ix_training_plans_athlete_id", "athlete_id", "start_date", "id"),)


class Workout(Base):
    """What is planned for a day, in a plan or by itself. It is completed when a run belongs to it."""

    __tablename__ = "workouts"

    id: Mapped[UUID] = mapped_column(primary_key=True, default=uuid7)
    athlete_id: Mapped[UUID]
    plan_id: Mapped[UUID | None] = mapped_column(ForeignKey("training_plans.id", ondelete="CASCADE"))
    date: Mapped[dt.date]
    name: Mapped[str]
    description: Mapped[str]
    kind: Mapped[str]
    steps: Mapped[list[Any]]
    given_distance: Mapped[float | None] = mapped_column(comment="m, as planned by hand")
    given_duration: Mapped[float | None] = mapped_column(comment="s, as planned by hand")
    given_load: Mapped[float | None] = mapped_column(comment="as planned by hand")
    derived_distance: Mapped[float | None] = mapped_column(comment="m, of the steps where they say")
    derived_duration: Mapped[float | None] = mapped_column(comment="s, of the steps where they say")
    mark: Mapped[str | None] = mapped_column(comment="set by hand: skipped or completed")
    version: Mapped[int] = mapped_column(server_default="1")
    created_at: Mapped[dt.datetime] = mapped_column(server_default=func.now())
    updated_at: Mapped[dt.datetime] = mapped_column(server_default=func.now())

    __table_args__ = (
        Index("ix_workouts_athlete_id", "athlete_id", "date", "id"),
        Index("ix_workouts_plan_id", "plan_id", "date", "id"),
    )


class Run(Base):
    """A run that was done: the training log's entry of an activity, or entered by hand."""

    __tablename__ = "runs"

    id: Mapped[UUID] = mapped_column(primary_key=True, default=uuid7)
    athlete_id: Mapped[UUID]
    date: Mapped[dt.date] = mapped_column(comment="where it was run")
    name: Mapped[str]
    sport: Mapped[str]
    start_time: Mapped[dt.datetime | None]
    timezone: Mapped[str | None] = mapped_column(comment="IANA name")
    distance: Mapped[float] = mapped_column(comment="m")
    duration: Mapped[float] = mapped_column(comment="s, moving")
    elapsed_time: Mapped[float] = mapped_column(comment="s")
    average_heartrate: Mapped[float | None] = mapped_column(comment="bpm")
    notes: Mapped[str]
    activity_id: Mapped[UUID | None] = mapped_column(unique=True)
    activity_version: Mapped[int | None] = mapped_column(comment="newest that was seen")
    named_by_hand: Mapped[bool] = mapped_column(server_default=text("false"))
    workout_id: Mapped[UUID | None] = mapped_column(ForeignKey("workouts.id", ondelete="SET NULL"), unique=True)
    matched_by_hand: Mapped[bool] = mapped_column(
        server_default=text("false"), comment="the athlete chose the workout, or that there is none"
    )
    match_reason: Mapped[str | None]
    version: Mapped[int] = mapped_column(server_default="1")
    created_at: Mapped[dt.datetime] = mapped_column(server_default=func.now())
    updated_at: Mapped[dt.datetime] = mapped_column(server_default=func.now())

    __table_args__ = (Index("ix_runs_athlete_id", "athlete_id", "date", "id"),)
