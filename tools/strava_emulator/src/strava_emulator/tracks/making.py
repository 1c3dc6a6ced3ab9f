"""A made-up activity's samples: knots every ten seconds, which its summary is read off, and streams between them.

Everything follows from the activity alone, so nothing of it needs to be kept: the same activity gives the same
samples in every process. Between knots everything is linear, so that the two say the same.
"""

import itertools
import math
from collections.abc import Sequence
from random import Random

from strava_emulator.models import Activity, Place
from strava_emulator.sports import RUNS
from strava_emulator.tracks.course import Course, altitude
from strava_emulator.tracks.track import Track

KNOT_S = 10
LAG_KNOTS = 5.0  # knots until the heart has followed
PAUSE_EVERY_S = 1_500


def knots(activity: Activity, place: Place) -> Track:
    """The coarse track of a made-up activity."""
    random = Random(activity.id)  # noqa: S311 - the same samples each time are the point
    clock = [*range(0, activity.moving_time, KNOT_S), activity.moving_time]
    distance = _distances(activity, clock, random)
    latlng, heights = None, None
    if not activity.indoor:
        course = Course(activity.id, max(activity.distance, 1.0), (place.latitude, place.longitude))
        spots = [course.at(metres) for metres in distance]
        latlng = [course.degrees(*spot) for spot in spots]
        heights = [altitude(*spot, hilly=activity.hilly) for spot in spots]
    pace = _paces(clock, distance)
    return Track(
        clock=clock,
        time=_with_pauses(clock, activity.elapsed_time - activity.moving_time),
        distance=[round(metres, 1) for metres in distance],
        index=clock,
        latlng=latlng,
        altitude=heights,
        heartrate=_heartrate(activity.heartrate, pace, random) if activity.heartrate else None,
        cadence=_cadence(activity.sport_type, pace) if activity.cadence else None,
        watts=[round(60 + 9 * speed**1.9) for speed in pace] if activity.watts else None,
        temp=[round(17 + 3 * math.sin(second / 4000)) for second in clock] if activity.temp else None,
    )


def samples(coarse: Track) -> Track:
    """One sample a second from the knots; a pause is a gap in ``time``."""
    clock = list(range(coarse.clock[-1] + 1))
    latlng = None
    if coarse.latlng:
        latitudes = _spread([point[0] for point in coarse.latlng], coarse.clock, 6)
        longitudes = _spread(_unwrapped([point[1] for point in coarse.latlng]), coarse.clock, 6)
        wrapped = [round((longitude + 180) % 360 - 180, 6) for longitude in longitudes]
        latlng = list(zip(latitudes, wrapped, strict=True))

    def whole(values: list[int] | None) -> list[int] | None:
        return [round(value) for value in _spread(values, coarse.clock, 3)] if values else None

    return Track(
        clock=clock,
        time=_spread_time(coarse),
        distance=_spread(coarse.distance, coarse.clock, 1),
        index=clock,
        latlng=latlng,
        altitude=_spread(coarse.altitude, coarse.clock, 1) if coarse.altitude else None,
        heartrate=whole(coarse.heartrate),
        cadence=whole(coarse.cadence),
        watts=whole(coarse.watts),
        temp=whole(coarse.temp),
    )


def _distances(activity: Activity, clock: Sequence[int], random: Random) -> list[float]:
    """Metres at each knot: never quite even, quicker in the middle where the activity is a workout."""
    drift, ways = 0.0, [0.0]
    repeats = activity.workout_type == 3  # noqa: PLR2004 - Strava's number for a workout
    for start, end in itertools.pairwise(clock):
        drift = 0.9 * drift + random.gauss(0, 0.02)
        share = start / activity.moving_time
        fast = 1.28 if repeats and 0.2 < share < 0.85 and (start // 180) % 2 else 1.0  # noqa: PLR2004 - warm-up and cool-down
        ways.append(ways[-1] + (end - start) * max(0.3, 1 + drift) * fast)
    scale = activity.distance / ways[-1]
    return [way * scale for way in ways[:-1]] + [activity.distance]


def _paces(clock: Sequence[int], distance: Sequence[float]) -> list[float]:
    """m/s at each knot: of the way to it."""
    found = [
        (distance[number] - distance[number - 1]) / (clock[number] - clock[number - 1])
        for number in range(1, len(clock))
    ]
    return [found[0], *found]


def _heartrate(average: int, pace: Sequence[float], random: Random) -> list[int]:
    usual = sum(pace) / len(pace) or 1.0
    level, raw = 0.72, []
    for speed in pace:
        level += ((speed / usual) ** 0.6 - level) / LAG_KNOTS
        raw.append(average * level + random.gauss(0, 0.8))
    shift = average - sum(raw) / len(raw)
    return [max(40, round(beats + shift)) for beats in raw]


def _cadence(sport: str, pace: Sequence[float]) -> list[int]:
    """Steps of one leg for runs, turns of the crank for all else."""
    if sport in RUNS:
        return [round(80 + 4.2 * (min(speed, 7.0) - 2.8)) for speed in pace]
    return [round(70 + 2.0 * min(speed, 12.0)) for speed in pace]


def _with_pauses(clock: Sequence[int], paused: int) -> list[int]:
    """Seconds since the start: the pauses lie evenly in the activity, one for each 25 minutes."""
    count = min(max(1, clock[-1] // PAUSE_EVERY_S), len(clock) - 1) if paused > 0 else 0
    after = [len(clock) * (number + 1) // (count + 1) for number in range(count)]
    found = []
    for number, seconds in enumerate(clock):
        passed = sum(1 for knot in after if number >= max(1, knot))
        found.append(seconds + (paused * passed // count if count else 0))
    return found


def _spread(values: Sequence[float], clock: Sequence[int], digits: int) -> list[float]:
    """Linear between knots, one value a second."""
    found: list[float] = []
    for number in range(1, len(clock)):
        seconds = clock[number] - clock[number - 1]
        step = (values[number] - values[number - 1]) / seconds
        found += [round(values[number - 1] + step * second, digits) for second in range(seconds)]
    found.append(values[-1])
    return found


def _spread_time(coarse: Track) -> list[int]:
    found = [0]
    for number in range(1, len(coarse)):
        seconds = coarse.clock[number] - coarse.clock[number - 1]
        found += range(coarse.time[number] - seconds + 1, coarse.time[number] + 1)
    return found


def _unwrapped(longitudes: Sequence[float]) -> list[float]:
    """Without the jump of 360 degrees at the antimeridian."""
    found = [longitudes[0]]
    for longitude in longitudes[1:]:
        found.append(longitude + 360 * round((found[-1] - longitude) / 360))
    return found
