"""Numbers of an activity: pure functions over arrays."""

from strava.kernels.clean import clean
from strava.kernels.derive import derive
from strava.kernels.derived import Bounds, Derived, Lap, Split

__all__ = ["Bounds", "Derived", "Lap", "Split", "clean", "derive"]
