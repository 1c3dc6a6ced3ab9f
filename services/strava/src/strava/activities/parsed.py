"""What the store needs of a parsed activity, whatever it came from."""

from collections.abc import Mapping
from dataclasses import asdict, dataclass
from datetime import datetime
from typing import Any
from uuid import UUID

from strava.files.recording import Recording
from strava.files.summed import WITHOUT_SAMPLES
from strava.kernels.derived import Derived
from strava.kernels.energy import estimated_calories

CALORIES_OF = {"strava": "strava", "manual": "manual"}
"""Who says the calories of a recording, by its format; a file has them from a device."""

SERVICE = "strava"
"""Name of this service, as the audit log has it for what the service does by itself."""

_MILE = 1609.344
_KILOMETRE = 1000.0
_FULL = 0.01  # a split may miss a centimetre by rounding and is still a full one


@dataclass(frozen=True)
class Origin:
    """Where a recording came from: the stored original and its place in it.

    What came from Strava has its number and the athlete's there, and that of the fetch that brought it; what came out
    of the athlete's own archive of Strava has its number as the archive says. ``gear_id`` is the gear that the source
    tells of, ``listed`` what Strava's list said of it.
    """

    athlete_id: UUID
    source: str
    object_key: str
    sha256: str
    file_name: str
    part: int
    strava_id: int | None = None
    strava_athlete_id: int | None = None
    fetch_number: int | None = None
    archive_id: int | None = None
    gear_id: UUID | None = None
    listed: Mapping[str, float | None] | None = None

    @property
    def actor(self) -> str:
        """Who brings it: the athlete, or this service by a fetch of its own."""
        return SERVICE if self.strava_id is not None else str(self.athlete_id)

    @property
    def number(self) -> int | None:
        """Number at Strava, whoever says it."""
        return self.archive_id if self.strava_id is None else self.strava_id


@dataclass(frozen=True)
class ParsedRecording:
    """A cleaned recording with what was computed from it, as rows; ``weight`` is the athlete's in kg, where known."""

    recording: Recording
    derived: Derived
    weight: float | None = None

    @property
    def start_time(self) -> datetime:
        return self.recording.start_time

    def summary(self) -> dict[str, Any]:
        """The figures of the activity that this recording gives when it is the primary one."""
        derived = self.derived
        calories, calories_source = self._calories()
        return {
            "sport": self.recording.sport,
            "start_time": self.recording.start_time.isoformat(),
            "distance": derived.distance,
            "moving_time": derived.moving_time,
            "elapsed_time": derived.elapsed_time,
            "elevation_gain": derived.elevation_gain,
            "average_speed": derived.average_speed,
            "max_speed": derived.max_speed,
            "average_heartrate": derived.average_heartrate,
            "max_heartrate": derived.max_heartrate,
            "average_cadence": derived.average_cadence,
            "calories": calories,
            "calories_source": calories_source,
            "fastest_pace": derived.fastest_pace,
            "has_map": derived.polyline is not None,
            "timezone": derived.timezone,
            "streams": [] if self._is_summed_up() else sorted(derived.streams),
            "pauses": [list(span) for span in self.recording.pauses],
            "name": self.recording.name,
            "description": self.recording.notes,
            "weight": self.weight,
            "jumps": self.recording.jumps,
        }

    def _is_summed_up(self) -> bool:
        """Whether its samples are only the ends of laps: any that was measured goes before it."""
        return WITHOUT_SAMPLES in self.recording.quality.notes

    def _calories(self) -> tuple[float | None, str | None]:
        """What the source says in kcal, else an estimate, and which of them it is."""
        derived, recording = self.derived, self.recording
        if derived.calories:
            return derived.calories, CALORIES_OF.get(recording.format, "device")
        estimate = estimated_calories(
            recording.sport,
            weight=self.weight,
            distance=derived.distance,
            moving_time=derived.moving_time,
            streams=derived.streams,
        )
        return estimate, None if estimate is None else "estimated"

    def quality(self) -> dict[str, Any]:
        """The quality report as it is stored and shown."""
        report = asdict(self.recording.quality)
        return {**report, "dropped": dict(report["dropped"]), "notes": list(report["notes"])}

    def splits(self, recording_id: UUID) -> list[dict[str, Any]]:
        """Rows of ``splits``."""
        units = (("km", _KILOMETRE, self.derived.splits_km), ("mi", _MILE, self.derived.splits_mi))
        return [
            {
                "recording_id": recording_id,
                "unit": unit,
                "index": split.split,
                "distance": split.distance,
                "elapsed_time": split.elapsed_time,
                "moving_time": split.moving_time,
                "average_speed": split.average_speed,
                "elevation_difference": split.elevation_difference,
                "average_heartrate": split.average_heartrate,
                "grade_adjusted_speed": split.average_grade_adjusted_speed,
                "partial": split.distance < length - _FULL,
            }
            for unit, length, splits in units
            for split in splits
        ]

    def laps(self, recording_id: UUID) -> list[dict[str, Any]]:
        """Rows of ``laps``."""
        return [{"recording_id": recording_id, **asdict(lap)} for lap in self.derived.laps]
