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
STRAVA_SPORTS: Final = (
    "AlpineSki", "BackcountrySki", "Badminton", "Canoeing", "Crossfit", "EBikeRide", "EMountainBikeRide", "Elliptical",
    "Golf", "GravelRide", "Handcycle", "HighIntensityIntervalTraining", "Hike", "IceSkate", "InlineSkate", "Kayaking",
    "Kitesurf", "MountainBikeRide", "NordicSki", "Pickleball", "Pilates", "Racquetball", "Ride", "RockClimbing",
    "RollerSki", "Rowing", "Run", "Sail", "Skateboard", "Snowboard", "Snowshoe", "Soccer", "Squash", "StairStepper",
    "StandUpPaddling", "Surfing", "Swim", "TableTennis", "Tennis", "TrailRun", "Velomobile", "VirtualRide",
    "VirtualRow", "VirtualRun", "Walk", "WeightTraining", "Wheelchair", "Windsurf", "Workout", "Yoga",
)  # fmt: skip
"""As Strava's own files and ours write them."""
TCX_SPORTS: Final = {"running": "Run", "biking": "Ride"}
NAMED: Final = {
    "9": "Run",  # Strava's older exports number their sports
    "1": "Ride",
    "10": "Walk",
    "4": "Hike",
    "street_running": "Run",
    "track_running": "Run",
    "treadmill_running": "Run",
    "indoor_running": "Run",
    "jogging": "Run",
    "trail_running": "TrailRun",
    "ultra_run": "Run",
    "virtual_running": "VirtualRun",
    "biking": "Ride",
    "bike": "Ride",
    "road_biking": "Ride",
    "indoor_cycling": "Ride",
    "mountain_biking": "MountainBikeRide",
    "gravel_cycling": "GravelRide",
    "casual_walking": "Walk",
    "speed_walking": "Walk",
    "nordic_walking": "Walk",
    "open_water_swimming": "Swim",
    "lap_swimming": "Swim",
    "cross_country_skiing_ws": "NordicSki",
    "resort_skiing_snowboarding_ws": "AlpineSki",
    "backcountry_skiing": "BackcountrySki",
    "skate_skiing_ws": "NordicSki",
    "snow_shoe_ws": "Snowshoe",
    "strength_training": "WeightTraining",
}
"""What others call them, Garmin above all; names are compared without case and marks."""


def fit_sport(sport: object, sub_sport: object) -> str:
    """Strava sport type of a FIT sport; a sport without a counterpart is a workout."""
    return FIT_SUB_SPORTS.get((str(sport), str(sub_sport))) or FIT_SPORTS.get(str(sport), "Workout")


def tcx_sport(sport: str | None) -> str:
    """Strava sport type of TCX's three words."""
    return TCX_SPORTS.get((sport or "").strip().lower(), "Workout")


def named_sport(name: str | None) -> str | None:
    """Strava sport type of a GPX track's ``type``, in the words of Strava, Garmin or FIT; None when it says nothing."""
    return _BY_NAME.get(_squashed(name or ""))


def _squashed(name: str) -> str:
    return "".join(letter for letter in name.lower() if letter.isalnum())


_BY_NAME: Final = {_squashed(sport): sport for sport in STRAVA_SPORTS} | {
    _squashed(name): sport for names in (FIT_SPORTS, NAMED) for name, sport in names.items()
}
