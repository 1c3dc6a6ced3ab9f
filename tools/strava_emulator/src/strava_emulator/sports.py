"""Sports as Strava names them."""

RUNS = frozenset({"Run", "TrailRun", "VirtualRun"})
NAMES = (
    "AlpineSki BackcountrySki Badminton Canoeing Crossfit EBikeRide EMountainBikeRide Elliptical Golf GravelRide "
    "Handcycle HighIntensityIntervalTraining Hike IceSkate InlineSkate Kayaking Kitesurf MountainBikeRide NordicSki "
    "Pickleball Pilates Racquetball Ride RockClimbing RollerSki Rowing Run Sail Skateboard Snowboard Snowshoe Soccer "
    "Squash StairStepper StandUpPaddling Surfing Swim TableTennis Tennis TrailRun Velomobile VirtualRide VirtualRow "
    "VirtualRun Walk WeightTraining Wheelchair Windsurf Workout Yoga"
)
_BY_LOWER = {name.lower(): name for name in NAMES.split()}


def known_sport(text: str) -> str:
    """The sport as Strava writes it, however a client did. Raises ``ValueError`` for one it does not have."""
    found = _BY_LOWER.get(text.strip().lower())
    if found is None:
        raise ValueError("not a sport that Strava has")
    return found


def activity_type(sport: str) -> str:
    """The older ``type``: newer sports under the name of their kin."""
    return {"TrailRun": "Run", "GravelRide": "Ride", "MountainBikeRide": "Ride"}.get(sport, sport)
