"""`make demo` on a platform that runs: training, plans and a coach, the same when it is run again."""

import datetime as dt
import re
import subprocess
import sys

import pytest
from running_platform import Person, RunningPlatform

from local.demo.planning import plans
from local.demo.sessions import sessions
from local.topology import ROOT

pytestmark = pytest.mark.inside

END = dt.date(2026, 11, 20)
MONTHS = 2


def demo(platform: RunningPlatform) -> str:
    done = subprocess.run(
        [sys.executable, "-m", "local", "demo", "--end", END.isoformat(), "--months", str(MONTHS)],
        env=platform.environment,
        cwd=ROOT,
        capture_output=True,
        text=True,
        timeout=180,
        check=False,
    )
    assert done.returncode == 0, f"{done.stdout}\n{done.stderr}"
    return done.stdout


@pytest.fixture(scope="module")
def printed(platform: RunningPlatform) -> str:
    return demo(platform)


def sign_ins(printed: str) -> dict[str, tuple[str, str]]:
    found = re.findall(r"^(Athlete|Coach): (\S+)\nPassword: (\S+)", printed, re.MULTILINE)
    return {title: (email, password) for title, email, password in found}


def test_most_workouts_of_the_past_weeks_are_done_and_the_coming_ones_are_planned(
    platform: RunningPlatform, printed: str
) -> None:
    athlete = Person.sign_in(platform.url, *sign_ins(printed)["Athlete"])
    run_days = {session.day.isoformat() for session in sessions(END, MONTHS)}
    listed = {plan["name"]: plan for plan in athlete.get("/plans")["items"]}
    for wanted in plans(END):
        plan = athlete.get(f"/plans/{listed[wanted['name']]['id']}")
        states = {workout["date"]: workout["status"] for workout in plan["workouts"]}
        assert states == {
            workout["date"]: "completed" if workout["date"] in run_days else "planned" for workout in wanted["workouts"]
        }
        assert f"{wanted['name']}: {list(states.values()).count('completed')} of {len(states)} workouts done" in printed
    week = {"from": "2026-11-02", "to": "2026-11-08"}
    race, run = (entry for entry in athlete.get("/calendar", params=week)["items"] if entry["date"] == week["to"])
    assert (race["kind"], race["run_id"], run["workout_id"]) == ("race", run["id"], race["id"])
    athlete.close()


def test_the_coach_is_one_and_an_athletes_roles_stay(platform: RunningPlatform, printed: str) -> None:
    roles = {}
    for title, sign_in in sign_ins(printed).items():
        person = Person.sign_in(platform.url, *sign_in)
        roles[title] = person.get("/auth/me")["roles"]
        person.close()
    assert roles == {"Athlete": ["athlete"], "Coach": ["athlete", "coach"]}


def test_a_second_run_adds_nothing(platform: RunningPlatform, printed: str) -> None:
    athlete = Person.sign_in(platform.url, *sign_ins(printed)["Athlete"])
    lists = ("/plans", "/workouts", "/runs", "/activities", "/imports")
    before = {path: athlete.get(path, params={"limit": 200}) for path in lists}
    again = demo(platform)
    assert {path: len(athlete.get(path, params={"limit": 200})["items"]) for path in lists} == {
        path: len(page["items"]) for path, page in before.items()
    }
    assert athlete.get("/plans", params={"limit": 200}) == before["/plans"]
    assert sign_ins(again) == {}
    assert again.count(f"The password is in {platform.home / 'demo.env'}") == 2
    athlete.close()
