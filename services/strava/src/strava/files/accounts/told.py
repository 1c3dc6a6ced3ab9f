"""One activity as the archive of an account describes it."""

from dataclasses import asdict, dataclass, fields
from datetime import datetime
from typing import Any, Self


@dataclass(frozen=True, slots=True)
class Told:
    """What an archive says of one activity; None where it says nothing.

    ``file_name`` is the path in the archive, empty for what was entered by hand; ``archive_id`` its number at Strava;
    ``sport`` a Strava sport type; ``start_time`` aware, UTC; times in s, distance and elevation gain in m, heart rates
    and cadence per minute (steps for runs), calories in kcal.
    """

    file_name: str = ""
    archive_id: int | None = None
    name: str | None = None
    description: str | None = None
    sport: str | None = None
    gear: str | None = None
    start_time: datetime | None = None
    elapsed_time: float | None = None
    moving_time: float | None = None
    distance: float | None = None
    elevation_gain: float | None = None
    average_heartrate: float | None = None
    max_heartrate: float | None = None
    average_cadence: float | None = None
    calories: float | None = None

    def as_json(self) -> dict[str, Any]:
        """All that is said, for a column of JSON; the inverse of `from_json`."""
        said = {name: value for name, value in asdict(self).items() if value is not None}
        if self.start_time is not None:
            said["start_time"] = self.start_time.isoformat()
        return said

    @classmethod
    def from_json(cls, said: dict[str, Any]) -> Self:
        """What `as_json` gave; keys of other versions are passed over."""
        known = {each.name for each in fields(cls)}
        values = {name: value for name, value in said.items() if name in known}
        if "start_time" in values:
            values["start_time"] = datetime.fromisoformat(values["start_time"])
        return cls(**values)
