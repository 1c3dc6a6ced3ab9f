"""Whatever is killed in the middle, every run ends exactly once, with all that follows from it, by itself."""

import asyncio
import os
import random
import threading
import time
from collections import Counter
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from datetime import UTC, datetime, timedelta
from typing import Any

import asyncpg
import httpx2
import pytest
import redis
from running_platform import Person, RunningPlatform, Strava, eventually

RUNS = int(os.environ.get("RT_FAULT_RUNS", "30"))
KILLS_PER_RUN = 0.7
SETTLED_WITHIN = 60.0
FIRST_DAY = datetime.now(UTC).replace(hour=7, minute=0, second=0, microsecond=0) - timedelta(days=400)

pytestmark = pytest.mark.faults


def day_of(number: int) -> datetime:
    return FIRST_DAY + timedelta(days=number)


def made_up_run(number: int) -> bytes:
    """A GPX of 12 minutes along a meridian at 3 m/s, on a day of its own."""
    start = day_of(number)
    metres_per_degree = 111_195.0
    points = "".join(
        f'<trkpt lat="{45 + 3.0 * second / metres_per_degree:.7f}" lon="9.0"><ele>100</ele>'
        f"<time>{start + timedelta(seconds=second):%Y-%m-%dT%H:%M:%SZ}</time></trkpt>"
        for second in range(0, 721, 2)
    )
    return (
        '<?xml version="1.0"?><gpx version="1.1" creator="t" xmlns="http://www.topografix.com/GPX/1/1">'
        f"<trk><type>running</type><trkseg>{points}</trkseg></trk></gpx>"
    ).encode()


@contextmanager
def trouble(platform: RunningPlatform, seed: int) -> Iterator[Counter[str]]:
    """Kill something every second or so, each thing once in a round of its own order, until the context ends."""
    chance = random.Random(seed)
    killed: Counter[str] = Counter()
    over = threading.Event()
    round_of: list[str] = []

    def go_on() -> None:
        while not over.wait(chance.uniform(0.6, 1.4)):
            if not round_of:
                round_of.extend(chance.sample(platform.processes, len(platform.processes)))
            name = round_of.pop()
            platform.kill(name)
            killed[name] += 1

    thread = threading.Thread(target=go_on)
    thread.start()
    try:
        yield killed
    finally:
        over.set()
        thread.join()


def give(person: Person, number: int, deadline: float) -> str:
    """Give one file as a client would: with an idempotency key, again until it is accepted."""
    fields = [("files", (f"run-{number}.gpx", made_up_run(number), "application/gpx+xml"))]
    while True:
        assert time.monotonic() < deadline, f"import {number} was never accepted"
        try:
            answer = person.http.post("/imports", files=fields, headers={"Idempotency-Key": f"give-{number}"})
        except httpx2.TransportError:
            time.sleep(0.1)
            continue
        if answer.status_code == 202:
            return str(answer.json()["id"])
        if answer.status_code == 401:
            person.renew()
        assert answer.status_code in (401, 409, 429, 500, 502, 503, 504), answer.text
        assert answer.headers["content-type"] == "application/problem+json"
        time.sleep(0.2)


def wait_for_kills(killed: Counter[str], enough: float) -> None:
    """Spread the imports over the trouble."""
    eventually(lambda: killed.total() >= enough, within=60, what="kills")


def flush(platform: RunningPlatform) -> None:
    def flushed() -> bool:
        try:
            with redis.Redis.from_url(platform.described.redis_url) as client:
                return bool(client.flushall())
        except redis.RedisError:
            return False

    eventually(flushed, within=20, what="flushing Redis")


def finish(strava: Strava, athlete: int, number: int, deadline: float) -> None:
    """Run a run with a watch; the emulated Strava may be dead just now, and tell of it twice or not at all."""
    start = day_of(number).isoformat()
    while True:
        assert time.monotonic() < deadline, f"run {number} was never taken by Strava"
        try:
            strava.run(athlete, start_date=start, distance=2160, moving_time=720, elapsed_time=720)
        except (httpx2.TransportError, AssertionError):
            time.sleep(0.1)
            continue
        return


def plan_of_every_day() -> dict[str, Any]:
    days = [day_of(number).date().isoformat() for number in range(RUNS)]
    workouts = [{"date": day, "name": f"Run {day}", "kind": "easy", "planned": {"distance": 2160}} for day in days]
    return {"name": "Every day", "start_date": days[0], "end_date": days[-1], "workouts": workouts}


def everything_settled(person: Person, plan_id: str, athlete: str, platform: RunningPlatform) -> list[dict[str, Any]]:
    """All activities, once each has its picture, its best efforts and its workout; an empty list until then."""
    answer = person.http.get("/activities", params={"limit": 200})
    if answer.status_code == 401:
        person.renew()
    found: list[dict[str, Any]] = answer.json()["items"] if answer.status_code == 200 else []
    if len(found) < RUNS or not all(activity["thumbnail_url"] for activity in found):
        return []
    plan = person.http.get(f"/plans/{plan_id}")
    workouts = plan.json()["workouts"] if plan.status_code == 200 else [{"status": "unknown"}]
    matched = all(workout["status"] == "completed" for workout in workouts)
    return found if matched and asyncio.run(analysed(platform, athlete)) >= RUNS else []


def test_every_run_arrives_exactly_once_with_all_that_follows_whatever_is_killed(
    platform: RunningPlatform, new_person: Callable[[], Person], strava: Strava
) -> None:
    person = new_person()
    athlete = person.get("/auth/me")["id"]
    at_strava = strava.new_athlete()
    assert strava.connect(person, at_strava).status_code == 200
    plan = person.http.post("/plans", json=plan_of_every_day()).json()
    seed = int(os.environ.get("RT_FAULT_SEED", str(random.randrange(1 << 30))))
    print(f"seed {seed}, {RUNS} runs, every third by webhook")
    deadline = time.monotonic() + 60 + 10 * RUNS
    accepted: list[str] = []
    with trouble(platform, seed) as killed:
        for number in range(RUNS):
            if number % 3 == 0:
                finish(strava, at_strava, number, deadline)
            else:
                accepted.append(give(person, number, deadline))
            wait_for_kills(killed, KILLS_PER_RUN * number)
            if number in (RUNS // 3, 2 * RUNS // 3):
                flush(platform)
    print(f"killed {sum(killed.values())}: {dict(killed)}")
    assert len(set(accepted)) == RUNS - len(range(0, RUNS, 3))

    last_fault = time.monotonic()
    eventually(lambda: synced(person), within=30, what="asking for what Strava never got told here")
    activities = eventually(
        lambda: everything_settled(person, plan["id"], athlete, platform),
        within=SETTLED_WITHIN,
        what="all activities with pictures, best efforts and workouts",
    )
    person.patience = 10  # a connection to the Postgres that was killed may be noticed only now
    print(f"settled {time.monotonic() - last_fault:.1f} s after the last fault")
    starts = Counter(activity["start_time"] for activity in activities)
    assert len(starts) == RUNS
    assert set(starts.values()) == {1}
    assert Counter(activity["source"] for activity in activities)["strava"] == len(range(0, RUNS, 3))
    for import_id in accepted:
        [item] = person.finished_import(import_id, within=10).values()
        assert (item["state"], len(item["activity_ids"])) == ("imported", 1), item
    for activity in activities:
        assert person.http.get(f"/activities/{activity['id']}/thumbnail").status_code == 200
    runs = [workout["run_id"] for workout in person.get(f"/plans/{plan['id']}")["workouts"]]
    assert len(set(runs)) == RUNS
    assert asyncio.run(left_over(platform)) == {}
    efforts = person.best_efforts()["1km"]
    assert len(efforts) == min(RUNS, 10)


def synced(person: Person) -> bool:
    """Ask for a sync, as a person does who misses a run: events that never reached us nobody can bring back."""
    answer = person.http.post("/strava/sync")
    if answer.status_code == 401:
        person.renew()
    return answer.status_code == 202


async def left_over(platform: RunningPlatform) -> dict[str, int]:
    """Accepted work that is neither done nor in hand: dead jobs of all services, webhook events nobody settled."""
    questions = dict.fromkeys(platform.described.database_urls(), "SELECT count(*) FROM jobs WHERE state = 'dead'")
    found = {}
    for service, question in questions.items():
        found[f"dead jobs of {service}"] = await count(platform, service, question)
    found["open webhook events"] = await count(
        platform, "strava", "SELECT count(*) FROM webhook_events WHERE outcome IS NULL"
    )
    return {what: number for what, number in found.items() if number}


async def count(platform: RunningPlatform, service: str, question: str, *arguments: object) -> int:
    """Ask a service's database, as the operator can."""
    connection = await asyncpg.connect(platform.described.database_url(service).replace("+asyncpg", "", 1))
    try:
        return int(await connection.fetchval(question, *arguments))
    finally:
        await connection.close()


async def analysed(platform: RunningPlatform, athlete: str) -> int:
    """Activities that have their best effort over 1 km; ranks show ten, the operator sees all."""
    question = "SELECT count(*) FROM efforts WHERE distance = '1km' AND athlete_id = $1"
    return await count(platform, "analytics", question, athlete)
