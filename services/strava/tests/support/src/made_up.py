"""Recordings made up for tests."""

from datetime import UTC, datetime, timedelta

METRES_PER_DEGREE = 111_195.0
START = datetime(2026, 3, 1, 7, tzinfo=UTC)


def run(
    start: datetime = START,
    *,
    seconds: int = 600,
    speed: float = 3.0,
    heartrate: int | None = None,
    name: str = "",
    kind: str = "running",
    every: int = 2,
) -> bytes:
    """A GPX of somebody who goes north from 45 N 9 E (Europe/Rome) at a steady speed in m/s."""
    extension = (
        f"<extensions><g:TrackPointExtension><g:hr>{heartrate}</g:hr></g:TrackPointExtension></extensions>"
        if heartrate
        else ""
    )
    points = "".join(
        f'<trkpt lat="{45 + speed * second / METRES_PER_DEGREE:.7f}" lon="9.0"><ele>100</ele>'
        f"<time>{start + timedelta(seconds=second):%Y-%m-%dT%H:%M:%SZ}</time>{extension}</trkpt>"
        for second in range(0, seconds + 1, every)
    )
    title = f"<name>{name}</name>" if name else ""
    return (
        '<?xml version="1.0"?><gpx version="1.1" creator="t" xmlns="http://www.topografix.com/GPX/1/1"'
        ' xmlns:g="http://www.garmin.com/xmlschemas/TrackPointExtension/v1">'
        f"<trk>{title}<type>{kind}</type><trkseg>{points}</trkseg></trk></gpx>"
    ).encode()


def indoor(start: datetime = START, *, seconds: int = 600, speed: float = 3.0) -> bytes:
    """A TCX of a treadmill run: times and distances, no positions."""
    points = "".join(
        f"<Trackpoint><Time>{start + timedelta(seconds=second):%Y-%m-%dT%H:%M:%SZ}</Time>"
        f"<DistanceMeters>{speed * second}</DistanceMeters></Trackpoint>"
        for second in range(0, seconds + 1, 2)
    )
    return (
        '<?xml version="1.0"?><TrainingCenterDatabase '
        'xmlns="http://www.garmin.com/xmlschemas/TrainingCenterDatabase/v2"><Activities><Activity Sport="Running">'
        f'<Id>{start:%Y-%m-%dT%H:%M:%SZ}</Id><Lap StartTime="{start:%Y-%m-%dT%H:%M:%SZ}">'
        f"<TotalTimeSeconds>{seconds}</TotalTimeSeconds><DistanceMeters>{speed * seconds}</DistanceMeters>"
        f"<Track>{points}</Track></Lap></Activity></Activities></TrainingCenterDatabase>"
    ).encode()
