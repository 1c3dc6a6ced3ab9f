"""Plans of the athlete, as the API takes them: what the weeks of a build-up asked for, step by step.

They come from what makes the runs, so a run differs from its workout as it does in life: by terrain, form and the day.
"""

import datetime as dt
import math
from collections.abc import Iterable
from itertools import groupby
from typing import Any

from local.demo.season import (
    HOUR,
    MARATHON_BUILD_UP,
    WEEKS,
    Cycle,
    Week,
    next_cycle,
    race_intensity,
    threshold_speed,
    week,
    week_of,
)
from local.demo.sessions import EASY, RACE_NAMES, Part, Session, monday_of, planned_in

KINDS = {"easy": "easy", "long": "long", "intervals": "interval", "tempo": "tempo", "race": "race"}
RACE_SLACK, HARD_SLACK, EASY_SLACK = 0.01, 0.02, 0.05  # shares of the pace, up and down
SHORT_STEP, LONG_STEP = 100.0, 500.0  # m to which a planned distance is rounded
DESCRIPTION = "Part of the demo: made up, and no advice for training."

Json = dict[str, Any]


def plans(end: dt.date) -> list[Json]:
    """The plan of the story's marathon, and the one for the 10 km race after ``end``."""
    return [marathon_plan(end), next_plan(end)]


def marathon_plan(end: dt.date) -> Json:
    """The plan of the last build-up of the story."""
    weeks = [week(number) for number in range(MARATHON_BUILD_UP.first, MARATHON_BUILD_UP.last + 1)]
    return _plan(MARATHON_BUILD_UP, weeks, end)


def next_plan(end: dt.date) -> Json:
    """The plan of ten weeks for the next race; the first of them is the week that ``end`` lies in."""
    first = WEEKS - 1 if end.weekday() else WEEKS
    cycle = next_cycle(first)
    # A week that the story has begun goes on as it began.
    weeks = [week(number) if number < WEEKS else week_of(cycle, number) for number in range(first, cycle.last + 1)]
    return _plan(cycle, weeks, end)


def _plan(cycle: Cycle, weeks: list[Week], end: dt.date) -> Json:
    race_day = monday_of(cycle.last, end) + dt.timedelta(days=6)
    planned = (one for each in weeks for one in planned_in(monday_of(each.number, end), each))
    return {
        "name": f"{RACE_NAMES[cycle.race]} on {race_day.day} {race_day:%B %Y}",
        "description": DESCRIPTION,
        "start_date": monday_of(cycle.first, end).isoformat(),
        "end_date": race_day.isoformat(),
        "goal": {
            "distance": cycle.race,
            "date": race_day.isoformat(),
            "time": goal_time(cycle.race, threshold_speed(cycle.last)),
            "name": f"{RACE_NAMES[cycle.race]} race",
        },
        "phases": list(_phases(cycle, end)),
        "workouts": [workout(session) for session in planned],
    }


def goal_time(metres: float, threshold: float) -> float:
    """The time to aim for in s: what the fitness at the race is good for, to the next round time."""
    seconds = metres / (threshold * race_intensity(metres, threshold))
    step = 300.0 if seconds > HOUR else 30.0
    return math.ceil(seconds / step) * step


def _phases(cycle: Cycle, end: dt.date) -> Iterable[Json]:
    weeks = (week_of(cycle, number) for number in range(cycle.first, cycle.last + 1))
    for phase, group in groupby(weeks, key=lambda each: each.phase):
        numbers = [each.number for each in group]
        last_day = monday_of(numbers[-1], end) + dt.timedelta(days=6)
        yield {
            "name": phase.capitalize(),
            "start_date": monday_of(numbers[0], end).isoformat(),
            "end_date": last_day.isoformat(),
        }


def workout(session: Session) -> Json:
    """A session as a workout with its steps."""
    return {
        "date": session.day.isoformat(),
        "kind": KINDS[session.kind],
        "name": session.name or "Easy run",
        "steps": list(_steps(session)),
    }


def _steps(session: Session) -> Iterable[Json]:
    parts = session.parts
    if session.kind == "race":
        metres = min(RACE_NAMES, key=lambda race: abs(race - session.distance))  # as measured, not as run
        yield _step("work", Part(metres, parts[0].intensity), session, RACE_SLACK)
    elif len(parts) == 1:
        yield _step("work", Part(_rounded(session.distance, LONG_STEP), EASY), session, EASY_SLACK)
    elif session.kind == "long":
        yield _step("work", parts[0], session, EASY_SLACK)
        yield _step("work", parts[1], session, HARD_SLACK)
    else:
        warm_up, *middle, cool_down = parts
        yield _step("warmup", warm_up, session, EASY_SLACK)
        if len(middle) > 1:
            inner = [_step("work", middle[0], session, HARD_SLACK), _step("recovery", middle[1], session, EASY_SLACK)]
            yield {"kind": "work", "repeat": len(middle) // 2, "steps": inner}
        else:
            yield _step("work", middle[0], session, HARD_SLACK)
        yield _step("cooldown", cool_down, session, EASY_SLACK)


def _step(kind: str, part: Part, session: Session, slack: float) -> Json:
    pace = 1000.0 / (session.threshold * part.intensity)
    distance = part.distance if part.distance in RACE_NAMES else _rounded(part.distance, SHORT_STEP)
    return {
        "kind": kind,
        "end": {"distance": distance},
        "target": {"pace": [float(round(pace * (1 - slack))), float(round(pace * (1 + slack)))]},
    }


def _rounded(metres: float, step: float) -> float:
    return max(step, round(metres / step) * step)
