"""From a run in the emulated Strava to everything that follows from it; pictures; printing a plan."""

import statistics
import time
from collections.abc import Callable
from datetime import UTC, date, datetime, timedelta
from functools import partial
from typing import Any

from running_platform import Person, RunningPlatform, Strava, eventually

RUNS = 40
WEEKS = 16
REPEATS = 20


def spread(what: str, seconds: list[float]) -> None:
    ordered = sorted(seconds)
    p95 = ordered[min(len(ordered) - 1, int(0.95 * len(ordered)))]
    print(f"{what}: p50 {statistics.median(ordered):.3f} s, p95 {p95:.3f} s, most {ordered[-1]:.3f} s", flush=True)


def webhooks(running: RunningPlatform, person: Person) -> None:
    """Each run is added when the one before has been followed to its end."""
    strava = running.strava
    athlete = strava.new_athlete()
    assert strava.connect(person, athlete).status_code == 200
    eventually(lambda: person.get("/strava/status")["webhook"]["state"] == "active", within=30)
    eventually(lambda: person.get("/strava/status")["sync"]["state"] == "done", within=30)
    seen: dict[str, list[float]] = {"visible": [], "picture": [], "matched": []}
    for number in range(RUNS):
        day = datetime(2022, 1, 1, 6, tzinfo=UTC) + timedelta(days=number)
        workout = {"date": day.date().isoformat(), "name": "Easy", "kind": "easy", "planned": {"distance": 8000}}
        workout_id = person.http.post("/workouts", json=workout).json()["id"]
        began = time.perf_counter()
        strava_id = strava.run(athlete, start_date=day.isoformat(), timezone="UTC")
        found = eventually(partial(_listed, person, strava_id), within=30)
        seen["visible"].append(time.perf_counter() - began)
        eventually(partial(_field, person, f"/activities/{found['id']}", "thumbnail_url"), within=30)
        seen["picture"].append(time.perf_counter() - began)
        eventually(partial(_field, person, f"/workouts/{workout_id}", "run_id"), within=30)
        seen["matched"].append(time.perf_counter() - began)
    for what, seconds in seen.items():
        spread(f"run at Strava until {what}", seconds)


def _listed(person: Person, strava_id: str) -> dict[str, Any] | None:
    items = person.get("/activities", params={"limit": 200})["items"]
    return next((item for item in items if item["strava_id"] == strava_id), None)


def _field(person: Person, path: str, name: str) -> Any:
    return person.get(path)[name]


def timed(times: int, work: Callable[[int], None]) -> list[float]:
    took = []
    for number in range(times):
        began = time.perf_counter()
        work(number)
        took.append(time.perf_counter() - began)
    return took


def pictures(person: Person) -> None:
    items = [item["id"] for item in person.get("/activities", params={"limit": REPEATS})["items"]]

    def look(number: int, **parameters: str) -> None:
        answer = person.http.get(f"/activities/{items[number % len(items)]}/thumbnail", params=parameters)
        assert answer.status_code == 200, answer.text

    for size in ("small", "medium", "large"):
        spread(f"picture, {size} PNG, first look", timed(len(items), partial(look, size=size, format="png")))
    spread("picture, medium WebP, drawn before", timed(len(items), look))


def plan_of(weeks: int) -> dict[str, Any]:
    first = date(2027, 1, 4)
    steps = [
        {"kind": "warmup", "end": {"distance": 2000}},
        {
            "kind": "work",
            "repeat": 5,
            "steps": [
                {"kind": "work", "end": {"distance": 1000}, "target": {"pace": [235, 245]}},
                {"kind": "recovery", "end": {"duration": 120}},
            ],
        },
        {"kind": "cooldown", "end": {"distance": 2000}},
    ]
    workouts = [
        {"date": (first + timedelta(days=7 * week + day)).isoformat(), "name": f"Session {day}", "kind": kind, **more}
        for week in range(weeks)
        for day, kind, more in (
            (0, "easy", {"planned": {"distance": 8000}}),
            (1, "interval", {"steps": steps}),
            (3, "easy", {"planned": {"distance": 10000}}),
            (4, "tempo", {"planned": {"distance": 9000}}),
            (6, "long", {"planned": {"distance": 18000}}),
        )
    ]
    last = first + timedelta(days=7 * weeks - 1)
    return {"name": "Marathon", "start_date": first.isoformat(), "end_date": last.isoformat(), "workouts": workouts}


def printing(person: Person) -> None:
    """A changed plan is printed anew; an unchanged one comes out of storage."""
    plan = person.http.post("/plans", json=plan_of(WEEKS)).json()
    size = 0

    def print_it(_number: int) -> None:
        nonlocal size
        answer = person.http.post(f"/pdf/plans/{plan['id']}", headers={"Accept": "application/pdf"}, timeout=90)
        assert answer.status_code == 200, answer.text
        size = len(answer.content)

    def change_and_print(number: int) -> None:
        assert person.http.patch(f"/plans/{plan['id']}", json={"name": f"Marathon {number}"}).status_code == 200
        print_it(number)

    spread(f"plan of {WEEKS} weeks of 5 workouts, first PDF", timed(5, change_and_print))
    spread(f"the same again ({size >> 10} KiB)", timed(REPEATS, print_it))


def paths_of(person: Person) -> list[str]:
    """Reads of the services that came with plans and pictures."""
    plan = person.get("/plans")["items"][0]["id"]
    activity = person.get("/activities")["items"][0]["id"]
    workout = person.get("/workouts")["items"][0]["id"]
    run = person.get("/runs")["items"][0]["id"]
    document = person.get("/pdf/documents")["items"][0]["id"]
    return [
        f"/activities/{activity}/thumbnail",
        "/plans",
        f"/plans/{plan}",
        "/workouts?limit=50",
        "/runs",
        "/calendar?from=2022-01-01&to=2022-02-28",
        f"/plans/{plan}/workouts",
        f"/workouts/{workout}",
        f"/runs/{run}",
        "/strava/status",
        "/pdf/documents",
        f"/pdf/documents/{document}",
        f"/pdf/documents/{document}/download",
    ]


def measure(running: RunningPlatform, person: Person) -> None:
    webhooks(running, person)
    pictures(person)
    printing(person)


__all__ = ["Strava", "measure", "paths_of"]
