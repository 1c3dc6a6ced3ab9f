"""What an activity cost in kcal, estimated where no device says."""

from collections.abc import Mapping
from typing import Final

import numpy as np

from strava.files.recording import Column
from strava.kernels.way import RUNS

REFERENCE_WEIGHT: Final = 70.0  # kg, of an athlete who does not say
JOULES_PER_KCAL: Final = 4184.0
RESTING: Final = 1.0  # kcal per kg and hour: 1 MET (Ainsworth 2011)
STEEPEST: Final = 0.45  # as far as Minetti measured
EFFICIENCY: Final = 0.24  # of a cyclist's legs (Ettema and Loras 2009, doi 10.1007/s00421-009-1008-7)
WALKS: Final = frozenset({"Walk", "Hike", "Snowshoe"})
RIDES: Final = frozenset({"Ride", "MountainBikeRide", "GravelRide", "VirtualRide", "Velomobile"})
RUNNING_COST: Final = (155.4, -30.4, -43.3, 46.3, 19.5, 3.6)
WALKING_COST: Final = (280.5, -58.7, -76.8, 51.9, 19.6, 2.5)
RIDING_METS: Final = ((4.47, 4.0), (5.36, 6.8), (6.26, 8.0), (7.15, 10.0), (8.94, 12.0))  # below m/s: METs
RACING_METS: Final = 15.8
METS: Final = {
    "AlpineSki": 5.3, "BackcountrySki": 6.8, "Badminton": 5.5, "Canoeing": 3.5, "Crossfit": 8.0, "EBikeRide": 4.0,
    "EMountainBikeRide": 5.0, "Elliptical": 5.0, "Golf": 4.8, "HighIntensityIntervalTraining": 8.0, "IceSkate": 7.0,
    "InlineSkate": 7.5, "Kayaking": 5.0, "NordicSki": 9.0, "Pilates": 3.0, "Racquetball": 7.0, "RockClimbing": 5.8,
    "RollerSki": 9.0, "Rowing": 7.0, "Sail": 3.0, "Skateboard": 5.0, "Snowboard": 5.3, "Soccer": 7.0, "Squash": 7.3,
    "StairStepper": 9.0, "StandUpPaddling": 6.0, "Surfing": 3.0, "Swim": 5.8, "TableTennis": 4.0, "Tennis": 7.3,
    "VirtualRow": 7.0, "WeightTraining": 3.5, "Windsurf": 5.0, "Yoga": 2.5,
}  # fmt: skip
"""Metabolic equivalents, kcal per kg and hour: Compendium of Physical Activities (Ainsworth 2011, doi
10.1249/MSS.0b013e31821ece12)."""


def estimated_calories(
    sport: str,
    *,
    weight: float | None,
    distance: float,
    moving_time: float,
    streams: Mapping[str, Column],
) -> float | None:
    """Kilocalories of an activity, rounded to whole ones; None where nothing is known of the sport.

    On foot the cost of transport by grade (Minetti 2002, doi 10.1152/japplphysiol.01177.2001: J per kg and m, a
    polynomial of the grade up to 0.45) and rest; on a bike the work of the pedals at an efficiency of 24 %, or by
    average speed without power; else by the sport's metabolic equivalent. ``weight`` in kg, 70 where unknown;
    ``distance`` m, ``moving_time`` s; ``streams`` as in `Derived`, of which ``distance``, ``grade``, ``time`` and
    ``power`` are used.
    """
    kilograms, hours = weight or REFERENCE_WEIGHT, moving_time / 3600.0
    if sport in RIDES and "power" in streams:
        return float(round(_work(streams) / EFFICIENCY / JOULES_PER_KCAL))
    if sport in RUNS or sport in WALKS:
        cost = RUNNING_COST if sport in RUNS else WALKING_COST
        joules = _transport(cost, distance, streams)
        return float(round(kilograms * (joules / JOULES_PER_KCAL + RESTING * hours)))
    mets = _riding(distance, moving_time) if sport in RIDES else METS.get(sport)
    return None if mets is None else float(round(mets * kilograms * hours))


def _work(streams: Mapping[str, Column]) -> float:
    """J at the pedals: each sample's power for the time until it, at most 30 s of a gap."""
    power = np.nan_to_num(streams["power"])
    return float(np.sum(power[1:] * np.minimum(np.diff(streams["time"]), 30.0)))


def _transport(cost: tuple[float, ...], distance: float, streams: Mapping[str, Column]) -> float:
    """J per kg for the way, step by step where the grade is known."""
    flat = cost[-1]
    if "grade" not in streams or "distance" not in streams:
        return flat * distance
    percent = streams["grade"]
    slope = np.clip((percent[1:] + percent[:-1]) / 200.0, -STEEPEST, STEEPEST)
    return float(np.sum(np.polyval(cost, slope) * np.diff(streams["distance"])))


def _riding(distance: float, moving_time: float) -> float:
    speed = distance / moving_time if moving_time > 0.0 else 0.0
    return next((mets for below, mets in RIDING_METS if speed < below), RACING_METS)
