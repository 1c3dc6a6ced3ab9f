"""Made-up athletes with some months of training behind them; the same ones each time."""

import datetime as dt
from collections.abc import Iterator
from random import Random

from strava_emulator.models import Activity, Athlete, Place, Shoe
from strava_emulator.times import from_local

FIRST_ATHLETE = 3_000_000_001  # past 2^31, as real ones will be
FIRST_ACTIVITY = 12_000_000_000
ROOM = 10_000  # numbers of one athlete's history, every other of which is an activity's
MOST_MONTHS = 180  # about 3,000 activities
NAMES = (("Ada", "Runner", "F"), ("Ben", "Strider", "M"), ("Cleo", "Pacer", "F"), ("Dan", "Miler", "M"))
PLACES = (
    Place(latitude=-35.801, longitude=137.252, timezone="Australia/Adelaide", city="Parndana", country="Australia"),
    Place(latitude=43.973, longitude=-74.164, timezone="America/New_York", city="Newcomb", country="United States"),
    Place(latitude=60.118, longitude=7.492, timezone="Europe/Oslo", city="Eidfjord", country="Norway"),
)
TUESDAY, THURSDAY, SATURDAY, SUNDAY = 1, 3, 5, 6
WORKOUT = 3  # Strava's workout_type
MISSED = 0.08


def athlete(number: int, created_at: int, history_months: int) -> Athlete:
    """The athlete with that number, from 0."""
    first, last, sex = NAMES[number % len(NAMES)]
    return Athlete(
        id=FIRST_ATHLETE + number,
        firstname=first,
        lastname=last if number < len(NAMES) else f"{last} {number + 1}",
        sex="F" if sex == "F" else "M",
        weight=58.0 + 3 * (number % 7),
        max_heartrate=194 - 3 * (number % 5),
        place=PLACES[number % len(PLACES)],
        shoes=shoes(number),
        seed=number,
        created_at=created_at,
        history_months=history_months,
    )


def shoes(number: int) -> list[Shoe]:
    """A new and an old pair."""
    return [
        Shoe(id=f"g{7_000_000 + 10 * number}", name="Daily shoes", brand="Brand", model="Daily", primary=True),
        Shoe(id=f"g{7_000_001 + 10 * number}", name="Old shoes", brand="Brand", model="Former", retired=True),
    ]


def history(athlete: Athlete, last_day: dt.date) -> Iterator[Activity]:
    """The athlete's training of some months up to the day before ``last_day``, oldest first."""
    random = Random(athlete.seed + 1)  # noqa: S311 - the same history each time is the point
    base = 2.6 + random.uniform(0, 0.9)
    number = 0
    for day in range(-30 * athlete.history_months, 0):
        date = last_day + dt.timedelta(days=day)
        for made in _day(athlete, date, base * (1 - day * -0.0002), random):
            number += 1
            yield made.model_copy(update={"id": FIRST_ACTIVITY + athlete.seed * ROOM + 2 * number})


def athlete_of(activity_id: int) -> int:
    """Whose history an activity with that id would be in."""
    return FIRST_ATHLETE + (activity_id - FIRST_ACTIVITY) // ROOM


def _day(athlete: Athlete, date: dt.date, speed: float, random: Random) -> Iterator[Activity]:
    if random.random() < MISSED:
        return
    kilometres = random.uniform(0.9, 1.1)
    if date.weekday() == TUESDAY:
        yield _run(athlete, date, "18:05", "Intervals", 9 * kilometres, speed * 1.06, WORKOUT)
    elif date.weekday() == THURSDAY:
        if random.random() < 0.2:  # noqa: PLR2004 - a rainy day in five
            yield _run(athlete, date, "17:40", "Treadmill", 8 * kilometres, speed, indoor=True)
        else:
            yield _run(athlete, date, "17:40", "Tempo run", 10 * kilometres, speed * 1.04, WORKOUT)
    elif date.weekday() == SATURDAY:
        yield _run(athlete, date, "09:10", "Morning Run", 7 * kilometres, speed * 0.95)
        if date.day <= 7:  # noqa: PLR2004 - the first of the month
            yield _by_hand(athlete, date)
    elif date.weekday() == SUNDAY:
        yield _run(athlete, date, "08:15", "Long run", 17 * kilometres, speed * 0.93, pause=180)


def _run(
    athlete: Athlete,
    date: dt.date,
    clock: str,
    name: str,
    kilometres: float,
    speed: float,
    workout_type: int | None = None,
    *,
    indoor: bool = False,
    pause: int = 0,
) -> Activity:
    distance = round(1000 * kilometres, 1)
    moving = round(distance / speed)
    return Activity(
        id=0,
        athlete_id=athlete.id,
        name=name,
        start=from_local(f"{date.isoformat()}T{clock}:00", athlete.place.timezone),
        timezone=athlete.place.timezone,
        distance=distance,
        moving_time=moving,
        elapsed_time=moving + pause,
        heartrate=round(athlete.max_heartrate * (0.8 if workout_type else 0.73)),
        workout_type=workout_type,
        indoor=indoor,
        trainer=indoor,
        gear_id=athlete.shoes[0].id if athlete.shoes else None,
    )


def _by_hand(athlete: Athlete, date: dt.date) -> Activity:
    return Activity(
        id=0,
        athlete_id=athlete.id,
        name="Gym",
        sport_type="WeightTraining",
        start=from_local(f"{date.isoformat()}T15:00:00", athlete.place.timezone),
        timezone=athlete.place.timezone,
        distance=0.0,
        moving_time=2_700,
        elapsed_time=2_700,
        origin="manual",
        cadence=False,
    )
