"""A session becomes samples as a watch records them: pace, heart rate, cadence, position."""

from dataclasses import dataclass

import numpy as np

from local.demo import terrain
from local.demo.sessions import Session
from local.demo.terrain import Column

GRID = 5.0  # m
EVERY = 2  # s between samples
SLOWEST, FASTEST = 2.15, 5.9  # m/s
MAX_HEARTRATE, REST_HEARTRATE = 189.0, 50.0
THRESHOLD_SHARE = 0.87  # of the heart rate reserve
STANDING = 96.0  # bpm
LAG = 32.0  # s until the heart has followed to 63 %
LIGHTS_PER_KM = 0.1
POSITION_ERROR, POSITION_MEMORY = 1.4, 25.0  # m, s
WEIGHT = 68.0  # kg
KCAL_PER_KG_KM = 1.0  # the usual cost of running
KILOMETRE = 1_000.0


@dataclass(frozen=True)
class Lap:
    """``start`` and ``end`` in s from the start of the run, ``distance`` in m, heart rates in bpm."""

    start: int
    end: int
    distance: float
    average_heartrate: int
    max_heartrate: int
    manual: bool


@dataclass(frozen=True)
class Run:
    """Samples of one run, all (n,): ``time`` s from the start, m, degrees, bpm, single-leg cadence."""

    session: Session
    time: Column
    distance: Column
    altitude: Column
    latitude: Column
    longitude: Column
    heartrate: Column
    cadence: Column
    laps: tuple[Lap, ...]

    @property
    def calories(self) -> int:
        """Kilocalories of the whole run."""
        return round(KCAL_PER_KG_KM * WEIGHT * float(self.distance[-1]) / 1000)


def run(session: Session) -> Run:
    """Run a session: every random number comes from its seed."""
    random = np.random.default_rng((*session.seed, 1))
    course = terrain.loop(session.distance, hilly=session.kind in {"easy", "long"}, random=random)
    at = np.append(np.arange(0.0, session.distance, GRID), session.distance)
    intensity = _intensity(session, at)
    climb = np.gradient(terrain.altitude(*course.at(at)), at)
    speed = _speed(session, at, intensity, climb, random)
    clock, where = _with_stops(session, at, speed, random)

    last = int(np.ceil(clock[-1]))
    time = np.append(np.arange(0, last, EVERY), last).astype(np.float64)
    distance = np.interp(time, clock, where)
    moving = np.append(np.diff(distance), 1.0) > 0.0
    effort = np.interp(distance, at, intensity * (1.0 + 0.7 * np.clip(climb, -0.08, 0.08)))
    heartrate = _heartrate(time, np.where(moving, effort, 0.0), random)
    pace = np.interp(distance, at, speed)
    east, north = course.at(distance)
    latitude, longitude = terrain.degrees(
        east + _wander(len(time), POSITION_ERROR, POSITION_MEMORY / EVERY, random),
        north + _wander(len(time), POSITION_ERROR, POSITION_MEMORY / EVERY, random),
    )
    return Run(
        session=session,
        time=time,
        distance=distance,
        altitude=terrain.altitude(east, north) + _wander(len(time), 0.35, 60.0, random),
        latitude=latitude,
        longitude=longitude,
        heartrate=heartrate,
        cadence=np.where(moving, np.round((158.0 + 8.5 * (pace - 2.6)) / 2 + random.normal(0, 0.4, len(time))), 0.0),
        laps=_laps(session, time, distance, heartrate),
    )


def _intensity(session: Session, at: Column) -> Column:
    """Share of the threshold speed at each metre, without edges: nobody changes pace within one step."""
    ends = np.cumsum([part.distance for part in session.parts])
    index = np.minimum(np.searchsorted(ends, at, side="right"), len(ends) - 1)
    steps = np.array([part.intensity for part in session.parts])[index]
    return _smooth(steps, 3)


def _speed(session: Session, at: Column, intensity: Column, climb: Column, random: np.random.Generator) -> Column:
    """m/s at each metre: the effort, slower uphill, a little faster downhill, slower when tired, never quite even."""
    hills = 1.0 - 2.6 * np.clip(climb, 0.0, 0.12) + 1.2 * np.clip(-climb, 0.0, 0.08)
    tired_from = 0.7 * max(session.distance, 18_000.0)
    fade = 1.0 - 0.045 * np.clip((at - tired_from) / 12_000.0, 0.0, 1.0)
    uneven = 1.0 + _wander(len(at), 0.012 if session.kind == "race" else 0.02, 30.0, random)
    flicker = 1.0 + _wander(len(at), 0.012, 3.0, random)
    speed = session.threshold * intensity * hills * fade * uneven * flicker
    return np.asarray(np.clip(speed, SLOWEST, FASTEST), dtype=np.float64)


def _with_stops(session: Session, at: Column, speed: Column, random: np.random.Generator) -> tuple[Column, Column]:
    """(seconds, metres) of the way, with a few stops at traffic lights on easy days."""
    middle = (speed[1:] + speed[:-1]) / 2
    clock = np.concatenate(([0.0], np.cumsum(np.diff(at) / middle)))
    if session.kind not in {"easy", "long"}:
        return clock, at
    count = int(random.poisson(LIGHTS_PER_KM * session.distance / 1000))
    places = np.unique(random.integers(40, max(41, len(at) - 40), count))
    waits = random.uniform(12.0, 48.0, len(places))
    waited = np.zeros(len(at))
    waited[places] = waits
    left = clock + np.cumsum(waited)
    # Where the athlete stands there are two times for one place: of coming and of leaving.
    times = np.insert(left, places, left[places] - waits)
    return times, np.insert(at, places, at[places])


def _heartrate(time: Column, effort: Column, random: np.random.Generator) -> Column:
    """Beats per minute, whole: follows the effort late, drifts up with the time, never above the maximum."""
    reserve = MAX_HEARTRATE - REST_HEARTRATE
    wanted = np.where(effort > 0.0, REST_HEARTRATE + reserve * np.minimum(0.99, THRESHOLD_SHARE * effort), STANDING)
    kernel = np.exp(-np.arange(0.0, 6.0 * LAG, EVERY) / LAG)
    before = np.full(len(kernel) - 1, STANDING)
    followed = np.convolve(np.concatenate((before, wanted)), kernel / kernel.sum(), mode="valid")
    drift = 4.5 * np.clip((time - 900.0) / 3600.0, 0.0, 2.5) ** 0.8
    day = random.normal(0.0, 1.5)
    noise = _wander(len(time), 0.9, 8.0, random)
    beats = np.round(np.clip(followed + drift + day + noise, 92.0, MAX_HEARTRATE))
    return np.asarray(beats, dtype=np.float64)


def _wander(count: int, deviation: float, memory: float, random: np.random.Generator) -> Column:
    """(count,) noise of a standard deviation that changes slowly: over about ``memory`` samples."""
    kernel = np.exp(-np.arange(0.0, 5.0 * memory) / memory)
    kernel = np.convolve(kernel, np.exp(-np.arange(0.0, memory) / (memory / 4.0)))  # smooth, not jagged
    kernel /= np.sqrt(np.sum(kernel**2))
    white = random.normal(0.0, deviation, count + len(kernel) - 1)
    return np.asarray(np.convolve(white, kernel, mode="valid"), dtype=np.float64)


def _smooth(values: Column, width: int) -> Column:
    padded = np.pad(values, width, mode="edge")
    kernel = np.full(2 * width + 1, 1.0 / (2 * width + 1))
    return np.asarray(np.convolve(padded, kernel, mode="valid"), dtype=np.float64)


def _laps(session: Session, time: Column, distance: Column, heartrate: Column) -> tuple[Lap, ...]:
    """Laps by button where the session has parts, else one for each kilometre."""
    manual = len(session.parts) > 1
    if manual:
        ends = np.cumsum([part.distance for part in session.parts])
    else:
        ends = np.append(np.arange(KILOMETRE, session.distance - 20.0, KILOMETRE), session.distance)
    edges = np.concatenate(([0.0], np.interp(ends, distance, time)))
    edges[-1] = time[-1]
    starts = np.round(edges).astype(int)
    metres = np.diff(np.interp(starts, time, distance))
    found = []
    for start, end, length in zip(starts[:-1].tolist(), starts[1:].tolist(), metres.tolist(), strict=True):
        beats = heartrate[(time >= start) & (time <= end)]
        found.append(Lap(start, end, length, round(float(beats.mean())), int(beats.max()), manual))
    return tuple(found)
