"""Shapes of gear in the API: metres and seconds."""

from collections.abc import Sequence
from datetime import date, datetime
from typing import Annotated, Any, Literal
from uuid import UUID

from pydantic import AfterValidator, BaseModel, ConfigDict, Field

from common.fields import OneLine, example
from strava.activities.schemas import Name, Sport
from strava.models import Gear

NEAR = 0.9
"""Share of ``retire_at`` from which on its end is said to be near."""

Metres = Annotated[float, Field(ge=0, le=1e8, allow_inf_nan=False)]
Limit = Annotated[float, Field(ge=1000, le=1e8, allow_inf_nan=False)]
Brand = Annotated[OneLine, Field(max_length=100)]
Day = Annotated[date, Field(ge=date(1950, 1, 1), le=date(2100, 1, 1))]


def _each_once(sports: list[str]) -> list[str]:
    return sorted(set(sports))


Sports = Annotated[list[Sport], Field(max_length=60), AfterValidator(_each_once)]


class Retirement(BaseModel):
    """When it should be replaced: ``near`` within the last tenth, ``due`` past it; ``remaining`` m, never below 0."""

    retire_at: float
    remaining: float
    state: Literal["ok", "near", "due"]


class GearOut(BaseModel):
    """A pair of shoes or a bike; ``distance`` is what it had before and that of all its activities."""

    id: UUID
    kind: Literal["shoes", "bike"]
    name: str
    brand: str | None
    model: str | None
    default_for: list[str] = Field(description="sports whose new activities have it")
    distance: float = Field(description="m")
    initial_distance: float = Field(description="m")
    moving_time: float = Field(description="s")
    activities: int
    retire_at: float | None = Field(description="m")
    retired_on: date | None
    retirement: Retirement | None = Field(description="null where no distance is set, or it is retired already")
    warning: str | None = Field(description="what to tell the athlete, where there is something")
    strava_gear_id: str | None
    version: int
    created_at: datetime


class GearList(BaseModel):
    items: list[GearOut]


class GearIn(BaseModel):
    model_config = ConfigDict(
        extra="forbid",
        json_schema_extra=example(
            {"kind": "shoes", "name": "Grey ones", "brand": "Saucony", "default_for": ["Run"], "retire_at": 700_000}
        ),
    )

    kind: Literal["shoes", "bike"]
    name: Name
    brand: Brand | None = None
    model: Brand | None = None
    initial_distance: Metres = 0.0
    retire_at: Limit | None = None
    default_for: Sports = []


class GearChange(BaseModel):
    """What is left out stays as it is; null takes a value away."""

    model_config = ConfigDict(extra="forbid", json_schema_extra=example({"retired_on": "2026-11-20"}))

    name: Name = ""
    brand: Brand | None = None
    model: Brand | None = None
    initial_distance: Metres = 0.0
    retire_at: Limit | None = None
    retired_on: Day | None = None
    default_for: Sports = []


def shown(gear: Gear, totals: Sequence[Any] | None, default_for: list[str]) -> GearOut:
    """Gear as the API shows it; ``totals`` are its id, activities, metres and moving seconds."""
    _, activities, metres, seconds = totals or (gear.id, 0, 0.0, 0.0)
    distance = round(gear.initial_distance + metres, 2)
    retirement = retirement_of(gear, distance)
    return GearOut(
        default_for=default_for,
        distance=distance,
        moving_time=round(seconds, 3),
        activities=activities,
        retirement=retirement,
        warning=_warning(gear, retirement),
        **{name: getattr(gear, name) for name in _COLUMNS},
    )


def retirement_of(gear: Gear, distance: float) -> Retirement | None:
    """How far it is from its end."""
    if gear.retire_at is None or gear.retired_on is not None:
        return None
    state: Literal["ok", "near", "due"] = "ok"
    if distance >= NEAR * gear.retire_at:
        state = "due" if distance >= gear.retire_at else "near"
    return Retirement(retire_at=gear.retire_at, remaining=max(round(gear.retire_at - distance, 2), 0.0), state=state)


def _warning(gear: Gear, retirement: Retirement | None) -> str | None:
    if retirement is None or retirement.state == "ok":
        return None
    limit = f"{retirement.retire_at / 1000:g} km"
    if retirement.state == "due":
        return f"{gear.name} went further than the {limit} after which it should be replaced."
    return (
        f"{gear.name} has {retirement.remaining / 1000:.0f} km left of the {limit} after which it should be replaced."
    )


_COLUMNS = (
    "id", "kind", "name", "brand", "model", "initial_distance", "retire_at", "retired_on", "strava_gear_id", "version",
    "created_at",
)  # fmt: skip
