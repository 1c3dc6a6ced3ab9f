"""Shapes of the API of best efforts."""

from datetime import datetime
from typing import Literal
from uuid import UUID

from pydantic import BaseModel, ConfigDict, Field

from analytics.efforts.distances import Distance, Window
from common.fields import example


class Rank(BaseModel):
    """One effort in a rank table: ``time`` in s, ``speed`` in m/s, ``start_time`` when the effort began."""

    rank: int
    time: float
    speed: float
    activity_id: UUID
    effort_id: UUID
    start_time: datetime


class DistanceRanks(BaseModel):
    """The ten best over one distance, one per activity."""

    distance: Distance
    meters: float
    ranks: list[Rank]


class BestEfforts(BaseModel):
    window: Window
    items: list[DistanceRanks]


class End(BaseModel):
    """One end of an effort: ``time`` in s and ``distance`` in m since the activity's start."""

    time: float
    distance: float
    index: int = Field(description="sample of the full-resolution streams: last before the start, first after the end")
    interpolated: bool = Field(description="the end lies between this sample and its neighbour inside the effort")


class PauseInside(BaseModel):
    """Standing for more than 10 s; its time counts. ``gap``: nothing was recorded meanwhile."""

    start: float
    duration: float
    distance: float
    kind: Literal["gap", "plateau"]


class Formula(BaseModel):
    name: str
    version: int


class Explanation(BaseModel):
    """Where a best effort comes from."""

    id: UUID
    activity_id: UUID
    activity_version: int
    distance: Distance
    meters: float
    time: float
    speed: float
    start_time: datetime
    start: End
    end: End
    pauses: list[PauseInside]
    longest_gap: float = Field(description="longest time between two samples inside, s")
    formula: Formula
    computed_at: datetime


class Selection(BaseModel):
    """Whom an admin's command is for: one athlete, or everybody."""

    model_config = ConfigDict(
        extra="forbid", json_schema_extra=example({"athlete_id": "01a1fc7e-6364-74ee-8b37-2ec179ef2aba"})
    )

    athlete_id: UUID | None = None
