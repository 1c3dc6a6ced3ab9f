import datetime as dt
from itertools import pairwise
from typing import Any

import pytest

from contracts.trainer.api import Goal, Phase, Step
from local.demo.planning import marathon_plan, next_plan, plans
from local.demo.sessions import Session, sessions

END = dt.date(2026, 11, 20)
ENDS = [END, dt.date(2026, 11, 23), dt.date(2027, 1, 1), dt.date(2028, 2, 29)]
Plan = dict[str, Any]


def day(text: str) -> dt.date:
    return dt.date.fromisoformat(text)


def parts(steps: list[Plan]) -> list[Plan]:
    """Steps one after another, repeats written out."""
    return [part for step in steps for part in (parts(step["steps"]) * step["repeat"] if "repeat" in step else [step])]


def planned_distance(workout: Plan) -> float:
    return float(sum(step["end"]["distance"] for step in parts(workout["steps"])))


@pytest.fixture(scope="module")
def run_on() -> dict[dt.date, Session]:
    return {session.day: session for session in sessions(END, 24)}


def test_the_same_end_gives_the_same_plans() -> None:
    assert plans(END) == plans(END)


@pytest.mark.parametrize("end", ENDS)
def test_a_plan_leads_in_phases_from_a_monday_to_its_race(end: dt.date) -> None:
    for plan, distance in zip(plans(end), (42_195.0, 10_000.0), strict=True):
        assert [phase["name"] for phase in plan["phases"]] == ["Base", "Build", "Peak", "Taper"]
        phases = [Phase(**phase) for phase in plan["phases"]]
        assert all(after.start_date - before.end_date == dt.timedelta(days=1) for before, after in pairwise(phases))
        assert (phases[0].start_date, phases[-1].end_date) == (day(plan["start_date"]), day(plan["end_date"]))
        assert (phases[0].start_date.weekday(), phases[-1].end_date.weekday()) == (0, 6)
        goal = Goal(**plan["goal"])
        last = plan["workouts"][-1]
        assert (goal.distance, goal.date) == (distance, phases[-1].end_date)
        assert (last["kind"], last["date"], planned_distance(last)) == ("race", plan["end_date"], distance)
        days = [day(workout["date"]) for workout in plan["workouts"]]
        assert days == sorted(set(days))
        assert phases[0].start_date <= days[0]


@pytest.mark.parametrize("end", ENDS)
def test_one_plan_is_past_and_the_other_begins_in_the_week_of_the_end(end: dt.date) -> None:
    past, coming = plans(end)
    assert day(past["end_date"]) < end
    assert dt.timedelta(0) <= end - day(coming["start_date"]) < dt.timedelta(days=7)
    assert day(coming["end_date"]) - day(coming["start_date"]) == dt.timedelta(days=69)


def test_every_step_has_an_end_and_a_pace_of_a_runner() -> None:
    for workout in (workout for plan in plans(END) for workout in plan["workouts"]):
        for given in workout["steps"]:
            Step(**given)
        for step in parts(workout["steps"]):
            fast, slow = step["target"]["pace"]
            assert 190 < fast < slow < 460, workout
            assert slow - fast < 0.12 * slow
            assert step["end"]["distance"] % 100 == 0 or workout["kind"] == "race"


def test_hard_workouts_have_repeats_between_warm_up_and_cool_down() -> None:
    intervals = [each for each in marathon_plan(END)["workouts"] if each["kind"] == "interval"]
    assert len(intervals) > 15
    for workout in intervals:
        warm_up, repeats, cool_down = workout["steps"]
        assert (warm_up["kind"], cool_down["kind"]) == ("warmup", "cooldown")
        work, recovery = repeats["steps"]
        assert (work["kind"], recovery["kind"]) == ("work", "recovery")
        assert work["target"]["pace"][1] < warm_up["target"]["pace"][0] < recovery["target"]["pace"][1]
        assert workout["name"] == f"Intervals {repeats['repeat']} x {work['end']['distance']:.0f} m"


def test_what_was_run_was_planned_and_a_few_were_missed(run_on: dict[dt.date, Session]) -> None:
    plan = marathon_plan(END)
    first, last = day(plan["start_date"]), day(plan["end_date"])
    planned = {day(workout["date"]): workout for workout in plan["workouts"]}
    run = {date: session for date, session in run_on.items() if first <= date <= last}
    assert run.keys() < planned.keys()
    missed = planned.keys() - run.keys()
    assert 1 <= len(missed) < 0.1 * len(planned)
    assert {planned[date]["kind"] for date in missed} == {"easy"}
    for date, session in run.items():
        assert planned_distance(planned[date]) == pytest.approx(session.distance, rel=0.08), date
        assert planned[date]["name"] == (session.name or "Easy run")


def test_the_week_that_the_story_has_begun_goes_on_as_planned(run_on: dict[dt.date, Session]) -> None:
    plan = next_plan(END)
    begun = {date for date in run_on if date >= day(plan["start_date"])}
    planned = {day(workout["date"]) for workout in plan["workouts"]}
    assert begun == {date for date in planned if date < END}
    assert len(planned) - len(begun) > 40
