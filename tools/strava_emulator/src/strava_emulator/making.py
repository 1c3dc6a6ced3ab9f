"""New activities: from a file, from a few numbers, by hand."""

import hashlib

from strava_emulator.emulator import Emulator
from strava_emulator.files import Recording
from strava_emulator.models import Activity, Athlete, Streams
from strava_emulator.times import local
from strava_emulator.tracks.recorded import of_streams


def default_name(sport_type: str, hour: int) -> str:
    """What Strava calls an activity that nobody has named."""
    times = ((4, "Night"), (11, "Morning"), (13, "Lunch"), (17, "Afternoon"), (21, "Evening"), (24, "Night"))
    return f"{next(name for end, name in times if hour < end)} {sport_type}"


def fingerprint(data: bytes) -> str:
    """By which a file is known again."""
    return hashlib.sha256(data).hexdigest()


def of_recording(athlete: Athlete, recording: Recording, **known: object) -> Activity:
    """An activity with a file's streams; ``known`` are other fields of it."""
    return of_columns(
        athlete, recording.start, recording.streams, **{"sport_type": recording.sport_type or "Run", **known}
    )


def of_columns(athlete: Athlete, start: int, streams: Streams, **known: object) -> Activity:
    """An activity with these streams: its numbers are read off them."""
    track = of_streams(streams)
    values = {
        "id": 0,
        "athlete_id": athlete.id,
        "start": start,
        "timezone": athlete.place.timezone,
        "distance": streams.distance[-1],
        "moving_time": track.clock[-1],
        "elapsed_time": streams.time[-1],
        "origin": "file",
        "streams": streams,
        "trainer": streams.latlng is None,
        **known,
    }
    if "name" not in known:
        hour = local(start, athlete.place.timezone).hour
        values["name"] = default_name(str(known.get("sport_type", "Run")), hour)
    return Activity.model_validate(values)


def former(emulator: Emulator, activity: Activity) -> Activity | None:
    """The activity that was made from the same file, or that began at the same moment."""
    for each in emulator.store.activities(activity.athlete_id):
        if (activity.content and each.content == activity.content) or each.start == activity.start:
            return each
    return None


def overlapping(emulator: Emulator, activity: Activity) -> Activity | None:
    """The activity during which this one took place."""
    for each in emulator.store.activities(activity.athlete_id):
        if each.start < activity.end and activity.start < each.end:
            return each
    return None
