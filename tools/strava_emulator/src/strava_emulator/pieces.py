"""Splits, laps, best efforts and zones of an activity, as Strava's API gives them."""

import itertools
from collections.abc import Iterator

from strava_emulator.models import Activity, Athlete, Json
from strava_emulator.times import local_text, utc_text
from strava_emulator.tracks.track import (
    Point,
    Track,
    at_clock,
    at_distance,
    climbed,
    maximum_between,
    mean_between,
    speeds,
)

KILOMETRE, MILE = 1_000.0, 1_609.344
SHORTEST_REST = 10.0  # m; less is not a split of its own
EFFORTS = (
    ("400m", 400.0),
    ("1/2 mile", 804.672),
    ("1K", 1_000.0),
    ("1 mile", MILE),
    ("2 mile", 3_218.688),
    ("5K", 5_000.0),
    ("10K", 10_000.0),
    ("Half-Marathon", 21_097.5),
    ("Marathon", 42_195.0),
)
FIRST_EFFORT = 9_007_199_254_740_993  # 2^53 + 1: what a float cannot hold
UPHILL_COST = 3.3  # how much a grade slows, roughly, as Strava's pace for the flat would have it
ZONE_SHARES = (0.6, 0.75, 0.85, 0.92)


def parts(track: Track, length: float) -> Iterator[tuple[Point, Point]]:
    """Start and end of each part of so many metres; the last is what is left."""
    total = track.distance[-1]
    start = at_distance(track, 0.0)
    number = 1
    while number * length < total - SHORTEST_REST:
        end = at_distance(track, number * length)
        yield start, end
        start, number = end, number + 1
    yield start, at_clock(track, track.clock[-1])


def splits(track: Track, length: float) -> list[Json]:
    """One per kilometre or mile."""
    return [_split(track, number, *ends) for number, ends in enumerate(parts(track, length), 1)]


def _split(track: Track, number: int, start: Point, end: Point) -> Json:
    distance, moving = end.distance - start.distance, max(end.clock - start.clock, 0.0)
    rise = (end.altitude or 0.0) - (start.altitude or 0.0)
    speed = distance / moving if moving else 0.0
    found = {
        "distance": round(distance, 1),
        "elapsed_time": round(end.time - start.time),
        "elevation_difference": round(rise, 1),
        "moving_time": round(moving),
        "split": number,
        "average_speed": round(speed, 2),
        "average_grade_adjusted_speed": round(speed * (1 + UPHILL_COST * rise / distance if distance else 1), 2),
        "pace_zone": 0,
    }
    if track.heartrate:
        found["average_heartrate"] = round(mean_between(track.heartrate, start, end), 1)
    return found


def laps(activity: Activity, track: Track) -> list[Json]:
    """One per kilometre, as a watch makes them by itself."""
    way = speeds(track)
    return [_lap(activity, track, way, number, *ends) for number, ends in enumerate(parts(track, KILOMETRE), 1)]


def _lap(activity: Activity, track: Track, way: list[float], number: int, start: Point, end: Point) -> Json:
    moving = max(end.clock - start.clock, 0.0)
    begun = activity.start + round(start.time)
    heights = track.altitude[start.sample : end.sample + 2] if track.altitude else None
    found = {
        "id": activity.id * 1_000 + number,
        "resource_state": 2,
        "name": f"Lap {number}",
        "activity": {"id": activity.id, "resource_state": 1},
        "athlete": {"id": activity.athlete_id, "resource_state": 1},
        "elapsed_time": round(end.time - start.time),
        "moving_time": round(moving),
        "start_date": utc_text(begun),
        "start_date_local": local_text(begun, activity.timezone),
        "distance": round(end.distance - start.distance, 1),
        "average_speed": round((end.distance - start.distance) / moving, 2) if moving else 0.0,
        "max_speed": round(max(way[start.sample + 1 : end.sample + 2] or [0.0]), 2),
        "lap_index": number,
        "split": number,
        "start_index": start.index,
        "end_index": end.index,
        "total_elevation_gain": round(climbed(heights), 1),
        "pace_zone": 0,
    }
    if track.cadence:
        found["average_cadence"] = round(mean_between(track.cadence, start, end), 1)
    if track.heartrate:
        found["average_heartrate"] = round(mean_between(track.heartrate, start, end), 1)
        found["max_heartrate"] = maximum_between(track.heartrate, start, end)
    return found


def best_efforts(activity: Activity, track: Track) -> list[Json]:
    """The quickest stretch of each distance."""
    found = []
    for number, (name, metres) in enumerate(EFFORTS):
        if track.distance[-1] < metres:
            break
        start, end = _quickest(track, metres)
        begun = activity.start + round(start.time)
        found.append(
            {
                "id": FIRST_EFFORT + activity.id * 16 + number,
                "resource_state": 2,
                "name": name,
                "activity": {"id": activity.id, "resource_state": 1},
                "athlete": {"id": activity.athlete_id, "resource_state": 1},
                "elapsed_time": round(end.time - start.time),
                "moving_time": round(end.clock - start.clock),
                "start_date": utc_text(begun),
                "start_date_local": local_text(begun, activity.timezone),
                "distance": metres,
                "start_index": start.index,
                "end_index": end.index,
                "pr_rank": None,
                "achievements": [],
            }
        )
    return found


def _quickest(track: Track, metres: float) -> tuple[Point, Point]:
    """By elapsed time, starting at a sample."""
    best, after = (0, track.time[-1] + 1.0), 0
    for number, begun in enumerate(track.distance):
        while after < len(track) and track.distance[after] < begun + metres:
            after += 1
        if after == len(track):
            break
        ended = at_distance(track, begun + metres).time
        if ended - track.time[number] < best[1]:
            best = number, ended - track.time[number]
    start = at_distance(track, track.distance[best[0]])
    return start, at_distance(track, track.distance[best[0]] + metres)


def heartrate_zones(athlete: Athlete) -> list[Json]:
    """Five zones; the last has no end, which Strava writes as -1."""
    edges = [0, *(round(share * athlete.max_heartrate) for share in ZONE_SHARES), -1]
    return [{"min": low, "max": high} for low, high in itertools.pairwise(edges)]


def zones(athlete: Athlete, track: Track) -> list[Json]:
    """Time in each heart rate zone; none without the sensor."""
    if not track.heartrate:
        return []
    buckets: list[Json] = [{**zone, "time": 0} for zone in heartrate_zones(athlete)]
    for number in range(1, len(track)):
        beats = track.heartrate[number]
        zone = next(z for z in reversed(buckets) if beats >= z["min"])
        zone["time"] += track.clock[number] - track.clock[number - 1]
    return [
        {
            "score": round(sum(number * zone["time"] for number, zone in enumerate(buckets, 1)) / 60),
            "distribution_buckets": buckets,
            "type": "heartrate",
            "resource_state": 3,
            "sensor_based": True,
            "points": 0,
            "custom_zones": False,
        }
    ]
