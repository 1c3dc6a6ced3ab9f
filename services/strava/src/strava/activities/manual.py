"""Activities that are entered by hand: a recording without samples, whose figures are the athlete's own."""

import hashlib
from collections.abc import Mapping
from dataclasses import asdict, dataclass, fields
from datetime import UTC, datetime
from typing import Any, Self
from uuid import UUID
from zoneinfo import ZoneInfo

import orjson

from strava.activities.parsed import Origin, ParsedRecording
from strava.files.recording import Recording
from strava.kernels import Derived
from strava.kernels.splits import speed
from strava.models import Recording as Row

SOURCE = "manual"
FILE_NAME = "manual entry"


@dataclass(frozen=True)
class Entered:
    """What somebody says of an activity: m, s, per minute, kcal; times are not rounded."""

    sport: str
    start_time: datetime
    timezone: str
    distance: float
    moving_time: float
    elapsed_time: float
    elevation_gain: float | None = None
    average_heartrate: float | None = None
    max_heartrate: float | None = None
    calories: float | None = None
    name: str | None = None
    description: str | None = None

    @classmethod
    def of(cls, row: Row) -> Self:
        """Return what was entered as it is stored; calories that were estimated are none."""
        found: dict[str, Any] = {field.name: row.summary.get(field.name) for field in fields(cls)}
        if row.summary.get("calories_source") != SOURCE:
            found["calories"] = None
        return cls(**(found | {"start_time": row.start_time}))

    def sha256(self) -> str:
        """Content hash by which a repetition is known, also once the entry was edited."""
        return hashlib.sha256(orjson.dumps(asdict(self), option=orjson.OPT_SORT_KEYS)).hexdigest()

    def parsed(self, weight: float | None) -> ParsedRecording:
        """Return the recording that it makes; ``weight`` in kg is for the estimate of calories."""
        recording = Recording(
            sport=self.sport,
            start_time=self.start_time,
            columns={},
            format="manual",
            name=self.name,
            notes=self.description,
        )
        derived = Derived(
            distance=round(self.distance, 2),
            moving_time=round(self.moving_time, 3),
            elapsed_time=round(self.elapsed_time, 3),
            average_speed=speed(self.distance, self.moving_time, self.elapsed_time),
            elevation_gain=self.elevation_gain,
            average_heartrate=self.average_heartrate,
            max_heartrate=self.max_heartrate,
            calories=self.calories,
            timezone=self.timezone,
        )
        return ParsedRecording(recording, derived, weight)

    def origin(self, athlete_id: UUID, gear_id: UUID | None = None) -> Origin:
        """Say where it came from: there is no original."""
        return Origin(athlete_id, SOURCE, "", self.sha256(), FILE_NAME, 0, gear_id=gear_id)


def in_utc(start: datetime, timezone: str) -> datetime:
    """Return the moment of a local start: of an hour that the clocks repeat the first, of one they skip the next."""
    return (start if start.tzinfo else start.replace(tzinfo=ZoneInfo(timezone))).astimezone(UTC)


def differing(before: Entered, values: Mapping[str, Any]) -> list[str]:
    """Names of the fields whose value is another."""
    return sorted(name for name, value in values.items() if getattr(before, name) != value)
