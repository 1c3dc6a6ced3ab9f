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


def full_run(start: datetime = START, *, seconds: int = 600, speed: float = 3.0, pause: int = 60) -> bytes:
    """A GPX with all sensors; in its middle the runner pauses, and goes on 200 m to the east."""
    halves = []
    for first, east, shift in ((0, 0.0, 0), (seconds // 2 + 1, 0.0025, pause)):
        points = "".join(
            f'<trkpt lat="{45 + speed * second / METRES_PER_DEGREE:.7f}" lon="{9 + east}">'
            f"<ele>{100 + second / 20:.2f}</ele>"
            f"<time>{start + timedelta(seconds=second + shift):%Y-%m-%dT%H:%M:%SZ}</time>"
            f"<extensions><p:PowerInWatts>{250 + second % 7}</p:PowerInWatts><g:TrackPointExtension>"
            f"<g:atemp>21.5</g:atemp><g:hr>{140 + second % 5}</g:hr><g:cad>85</g:cad>"
            "</g:TrackPointExtension></extensions></trkpt>"
            for second in range(first, seconds // 2 + 1 if first == 0 else seconds + 1)
        )
        halves.append(f"<trkseg>{points}</trkseg>")
    return (
        '<?xml version="1.0"?><gpx version="1.1" creator="t" xmlns="http://www.topografix.com/GPX/1/1"'
        ' xmlns:g="http://www.garmin.com/xmlschemas/TrackPointExtension/v1"'
        ' xmlns:p="http://www.garmin.com/xmlschemas/PowerExtension/v1">'
        f"<trk><name>All there is</name><type>trail_running</type>{''.join(halves)}</trk></gpx>"
    ).encode()


def moment(second: float) -> str:
    """A time so many seconds after the start, as files have it."""
    return (START + timedelta(seconds=second)).isoformat()


def outdoor(*, seconds: int = 20, laps: int = 2) -> bytes:
    """A TCX of a ride with all sensors; in each lap the rider pauses once."""
    tracks = "".join(
        f"<Track><Trackpoint><Time>{moment(second)}</Time><Position><LatitudeDegrees>{45 + second / 20_000}"
        f"</LatitudeDegrees><LongitudeDegrees>9</LongitudeDegrees></Position><AltitudeMeters>{100 + second}"
        f"</AltitudeMeters><DistanceMeters>{second * 5.56:.2f}</DistanceMeters><HeartRateBpm><Value>{120 + second}"
        "</Value></HeartRateBpm><Cadence>80</Cadence></Trackpoint></Track>"
        for second in range(0, seconds, 5)
    )
    point = "<Trackpoint><Time>{}</Time><DistanceMeters>{:.2f}</DistanceMeters></Trackpoint>"
    lap = "".join(
        f'<Lap StartTime="{moment(number * seconds)}"><TotalTimeSeconds>{seconds}</TotalTimeSeconds><DistanceMeters>'
        f"{seconds * 5.56:.2f}</DistanceMeters><MaximumSpeed>5.6</MaximumSpeed><Calories>5</Calories>"
        f"<AverageHeartRateBpm><Value>125</Value></AverageHeartRateBpm>{tracks if number == 0 else ''}<Track>"
        f"{point.format(moment((number + 1) * seconds), (number + 1) * seconds * 5.56)}</Track></Lap>"
        for number in range(laps)
    )
    return (
        '<?xml version="1.0"?><TrainingCenterDatabase '
        'xmlns="http://www.garmin.com/xmlschemas/TrainingCenterDatabase/v2"><Activities><Activity Sport="Biking">'
        f"{lap}<Notes>By the sea</Notes><Creator><Name>A watch</Name></Creator></Activity></Activities>"
        "</TrainingCenterDatabase>"
    ).encode()
