"""Totals of an athlete: the last four weeks, this year, all."""

from collections.abc import Callable, Iterable

from strava_emulator.models import Activity, Json
from strava_emulator.sports import RUNS
from strava_emulator.times import local

RECENT_S = 28 * 86_400
SPORTS = {
    "run": RUNS,
    "ride": frozenset({"Ride", "GravelRide", "MountainBikeRide", "VirtualRide"}),
    "swim": frozenset({"Swim"}),
}


def stats(activities: list[Activity], summary: Callable[[Activity], Json], now: float) -> Json:
    """Totals by sport; ``summary`` gives an activity's climb."""
    found: Json = {"biggest_ride_distance": None, "biggest_climb_elevation_gain": None}
    for sport, types in SPORTS.items():
        of_sport = [each for each in activities if each.sport_type in types]
        this_year = [each for each in of_sport if local(each.start, each.timezone).year == local(int(now), "UTC").year]
        recent = [each for each in of_sport if each.start > now - RECENT_S]
        found[f"recent_{sport}_totals"] = _totals(recent, summary) | {"achievement_count": 0}
        found[f"ytd_{sport}_totals"] = _totals(this_year, summary)
        found[f"all_{sport}_totals"] = _totals(of_sport, summary)
    rides = [each.distance for each in activities if each.sport_type in SPORTS["ride"]]
    found["biggest_ride_distance"] = max(rides, default=None)
    return found


def _totals(activities: Iterable[Activity], summary: Callable[[Activity], Json]) -> Json:
    chosen = list(activities)
    return {
        "count": len(chosen),
        "distance": round(sum(each.distance for each in chosen), 1),
        "moving_time": sum(each.moving_time for each in chosen),
        "elapsed_time": sum(each.elapsed_time for each in chosen),
        "elevation_gain": round(sum(summary(each)["total_elevation_gain"] for each in chosen), 1),
    }
