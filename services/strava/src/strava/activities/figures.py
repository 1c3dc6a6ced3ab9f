"""What an activity takes from its recordings: figures of the primary one, words and gear where nobody chose others."""

from collections.abc import Sequence
from typing import Any

from strava.activities.naming import usable_name
from strava.activities.parsed import CALORIES_OF, Origin, ParsedRecording
from strava.models import Activity, Recording

FIGURES = (
    "sport",
    "distance",
    "moving_time",
    "elapsed_time",
    "elevation_gain",
    "average_speed",
    "max_speed",
    "average_heartrate",
    "max_heartrate",
    "average_cadence",
    "calories",
    "calories_source",
    "fastest_pace",
    "has_map",
)
"""Fields that an activity takes from its primary recording."""

Calories = tuple[float | None, str | None]


def take_words(activity: Activity, parsed: ParsedRecording, *, name: str | None, description: str | None) -> list[str]:
    """Take name and description where the activity still has the words given here, which nobody chose; say which."""
    told = {
        "name": (name, usable_name(parsed.recording.name)),
        "description": (description or "", parsed.recording.notes or ""),
    }
    changed = [
        field
        for field, (before, now) in told.items()
        if now not in (before, None) and getattr(activity, field) == before and field not in activity.edited
    ]
    for field in changed:
        setattr(activity, field, told[field][1])
    return changed


def take_gear(activity: Activity, origin: Origin) -> list[str]:
    """Take the gear that a source tells of, unless the athlete chose it; say whether it is another."""
    if origin.gear_id in (None, activity.gear_id) or "gear_id" in activity.edited:
        return []
    activity.gear_id = origin.gear_id
    return ["gear_id"]


def take_figures(activity: Activity, primary: Recording, recordings: Sequence[Recording]) -> list[str]:
    """Take the figures of the primary one of these recordings where the athlete set none; say which are others."""
    fresh: dict[str, Any] = {name: primary.summary.get(name) for name in FIGURES}
    fresh["calories"], fresh["calories_source"] = _calories(primary, recordings)
    fresh["start_time"] = primary.start_time
    if primary.summary["timezone"]:
        fresh["timezone"] = primary.summary["timezone"]
    changed = [
        name for name, value in fresh.items() if name not in activity.edited and getattr(activity, name) != value
    ]
    for name in changed:
        setattr(activity, name, fresh[name])
    return changed


def _calories(primary: Recording, recordings: Sequence[Recording]) -> Calories:
    """Calories of the primary recording; what a device counted goes before an estimate, whosever it is."""
    told = [_calories_of(each) for each in (primary, *recordings)]
    return next((each for each in told if each[1] not in (None, "estimated")), told[0])


def _calories_of(recording: Recording) -> Calories:
    calories = recording.summary.get("calories")
    if calories is None:
        return None, None
    return calories, recording.summary.get("calories_source") or CALORIES_OF.get(recording.format, "device")
