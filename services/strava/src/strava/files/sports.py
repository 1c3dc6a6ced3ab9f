"""What devices call a sport, as a Strava sport type."""

from typing import Final

FIT_SPORTS: Final = {
    "running": "Run",
    "cycling": "Ride",
    "e_biking": "EBikeRide",
    "swimming": "Swim",
    "walking": "Walk",
    "hiking": "Hike",
    "mountaineering": "Hike",
    "cross_country_skiing": "NordicSki",
    "alpine_skiing": "AlpineSki",
    "snowboarding": "Snowboard",
    "snowshoeing": "Snowshoe",
    "rowing": "Rowing",
    "paddling": "Kayaking",
    "kayaking": "Kayaking",
    "stand_up_paddleboarding": "StandUpPaddling",
    "rafting": "Kayaking",
    "surfing": "Surfing",
    "sailing": "Sail",
    "windsurfing": "Windsurf",
    "kitesurfing": "Kitesurf",
    "inline_skating": "InlineSkate",
    "ice_skating": "IceSkate",
    "rock_climbing": "RockClimbing",
    "golf": "Golf",
    "soccer": "Soccer",
    "tennis": "Tennis",
    "racket": "Tennis",
    "wheelchair_push_run": "Wheelchair",
    "fitness_equipment": "Workout",
    "training": "Workout",
    "hiit": "HighIntensityIntervalTraining",
}
FIT_SUB_SPORTS: Final = {
    ("running", "trail"): "TrailRun",
    ("running", "virtual_activity"): "VirtualRun",
    ("cycling", "mountain"): "MountainBikeRide",
    ("cycling", "gravel_cycling"): "GravelRide",
    ("cycling", "virtual_activity"): "VirtualRide",
    ("cycling", "e_bike_fitness"): "EBikeRide",
    ("cycling", "e_bike_mountain"): "EMountainBikeRide",
    ("cross_country_skiing", "backcountry"): "BackcountrySki",
    ("alpine_skiing", "backcountry"): "BackcountrySki",
    ("rowing", "indoor_rowing"): "VirtualRow",
    ("fitness_equipment", "elliptical"): "Elliptical",
    ("fitness_equipment", "stair_climbing"): "StairStepper",
    ("fitness_equipment", "indoor_rowing"): "VirtualRow",
    ("fitness_equipment", "treadmill"): "Run",
    ("fitness_equipment", "indoor_cycling"): "Ride",
    ("training", "strength_training"): "WeightTraining",
    ("training", "yoga"): "Yoga",
    ("training", "pilates"): "Pilates",
}
INDOOR: Final = frozenset(
    {
        "treadmill",
        "indoor_running",
        "indoor_cycling",
        "spin",
        "lap_swimming",
        "indoor_rowing",
        "indoor_walking",
        "virtual_activity",
        "elliptical",
        "stair_climbing",
    }
)
TCX_SPORTS: Final = {"running": "Run", "biking": "Ride"}
NAMED: Final = {
    "run": "Run",
    "running": "Run",
    "9": "Run",  # Strava's own exports number their sports
    "street_running": "Run",
    "jogging": "Run",
    "treadmill_running": "Run",
    "trail_running": "TrailRun",
    "trailrun": "TrailRun",
    "trail run": "TrailRun",
    "virtualrun": "VirtualRun",
    "ride": "Ride",
    "1": "Ride",
    "cycling": "Ride",
    "biking": "Ride",
    "bike": "Ride",
    "road_biking": "Ride",
    "mountain_biking": "MountainBikeRide",
    "gravel_cycling": "GravelRide",
    "virtualride": "VirtualRide",
    "walk": "Walk",
    "walking": "Walk",
    "10": "Walk",
    "hike": "Hike",
    "hiking": "Hike",
    "4": "Hike",
    "swim": "Swim",
    "swimming": "Swim",
    "open_water_swimming": "Swim",
    "nordic_walking": "Walk",
    "cross_country_skiing": "NordicSki",
    "nordicski": "NordicSki",
    "cross_country_skiing_ws": "NordicSki",
    "alpine_skiing": "AlpineSki",
    "rowing": "Rowing",
    "inline_skating": "InlineSkate",
    "workout": "Workout",
}


def fit_sport(sport: object, sub_sport: object) -> str:
    """Strava sport type of a FIT sport; a sport without a counterpart is a workout."""
    return FIT_SUB_SPORTS.get((str(sport), str(sub_sport))) or FIT_SPORTS.get(str(sport), "Workout")


def tcx_sport(sport: str | None) -> str:
    """Strava sport type of TCX's three words."""
    return TCX_SPORTS.get((sport or "").strip().lower(), "Workout")


def named_sport(name: str | None) -> str | None:
    """Strava sport type of a GPX track's ``type``; None when there is none that says anything."""
    return NAMED.get((name or "").strip().lower())
