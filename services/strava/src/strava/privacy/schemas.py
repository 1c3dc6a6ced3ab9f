"""Shapes of privacy zones in the API: degrees and metres."""

from datetime import datetime
from typing import Annotated, Literal
from uuid import UUID

from pydantic import BaseModel, ConfigDict, Field

from common.fields import example
from strava.activities.schemas import Name

Privacy = Literal["full", "cut"]
"""``cut``: as everybody but the athlete sees it."""

Latitude = Annotated[float, Field(ge=-90, le=90, allow_inf_nan=False)]
Longitude = Annotated[float, Field(ge=-180, le=180, allow_inf_nan=False)]
Radius = Annotated[float, Field(ge=50, le=5000, allow_inf_nan=False, description="m")]


class ZoneIn(BaseModel):
    model_config = ConfigDict(
        extra="forbid", json_schema_extra=example({"name": "Home", "lat": -34.9285, "lng": 138.6007, "radius": 400})
    )

    name: Name
    lat: Latitude
    lng: Longitude
    radius: Radius = 200.0


class ZoneChange(BaseModel):
    """What is left out stays as it is."""

    model_config = ConfigDict(extra="forbid", json_schema_extra=example({"radius": 600}))

    name: Name = ""
    lat: Latitude = 0.0
    lng: Longitude = 0.0
    radius: Radius = 200.0


class ZoneOut(BaseModel):
    """A circle around an address: where a track starts or ends in it, others see the track from its edge on."""

    id: UUID
    name: str
    lat: float = Field(description="degrees")
    lng: float = Field(description="degrees")
    radius: float = Field(description="m")
    version: int
    created_at: datetime


class ZoneList(BaseModel):
    items: list[ZoneOut]
