"""Sports as Strava names them, and which of them are the same sport for two recordings of one activity."""

from strava.files.sports import STRAVA_SPORTS

FAMILIES: dict[str, frozenset[str]] = {
    "run": frozenset({"Run", "TrailRun", "VirtualRun"}),
    "ride": frozenset(
        {"Ride", "MountainBikeRide", "GravelRide", "EBikeRide", "EMountainBikeRide", "VirtualRide", "Velomobile"}
    ),
    "swim": frozenset({"Swim"}),
    "walk": frozenset({"Walk", "Hike", "Snowshoe"}),
    "ski": frozenset({"AlpineSki", "BackcountrySki", "NordicSki", "RollerSki", "Snowboard"}),
    "row": frozenset({"Rowing", "VirtualRow", "Canoeing", "Kayaking", "StandUpPaddling"}),
}

SPORTS = frozenset(STRAVA_SPORTS)
_FAMILY_OF = {sport: family for family, sports in FAMILIES.items() for sport in sports}


def family_of(sport: str) -> str:
    """Return the family, or the sport itself where it has no kin."""
    return _FAMILY_OF.get(sport, sport)


def same_family(sport: str) -> frozenset[str]:
    """Return all sports of the sport's family."""
    return FAMILIES.get(family_of(sport), frozenset({sport}))
