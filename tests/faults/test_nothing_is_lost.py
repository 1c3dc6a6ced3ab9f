"""Whatever is killed in the middle, every run ends exactly once, with all that follows from it, by itself.

Files are given as a client gives them: again until they are accepted, then never again. Runs with a watch are told by
webhook as Strava tells them: three attempts within seconds, so the emulator itself is left alive. What was accepted
either way is complete within a minute of the last fault, with no hand. An event that found nobody three times is lost,
and the platform finds its run in the nightly comparison with Strava's list: for those runs the test lets a night pass
by dating the last comparison back by a day, and asks for nothing else.
"""

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

from local.topology import EMULATOR

UNAUTHORIZED = 401
IMPORTS = int(os.environ.get("RT_FAULT_RUNS", "30"))
EVERY_THIRD = 3
WATCHED = len(range(0, IMPORTS, EVERY_THIRD))
RUNS = IMPORTS + WATCHED
KILLS_PER_IMPORT = 0.7
SETTLED_WITHIN = 60.0
FOUND_AT_NIGHT_WITHIN = 120.0  # the worker looks every minute whether the night has come
TODAY = datetime.now(UTC).replace(hour=7, minute=0, second=0, microsecond=0)
FIRST_DAY = TODAY - timedelta(days=400)
DISTANCES = ("400m", "800m", "1km", "1mi")
"""Those of the nine that a run of 2160 m has."""

pytestmark = pytest.mark.faults


def day_of(number: int) -> datetime:
    return FIRST_DAY + timedelta(days=number)


def watch_start(number: int) -> datetime:
    """Three runs a day before today: as many as Strava's list is compared for, and none near an imported one."""
    return TODAY - timedelta(days=1, hours=8 * number)


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
    ours = [name for name in platform.processes if name != EMULATOR]
    chance = random.Random(seed)
    killed: Counter[str] = Counter()
    over = threading.Event()
    round_of: list[str] = []

    def go_on() -> None:
        while not over.wait(chance.uniform(0.6, 1.4)):
            if not round_of:
                round_of.extend(chance.sample(ours, len(ours)))
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


def finish(strava: Strava, athlete: int, number: int) -> None:
    """Finish a run with a watch; Strava has it from now on, and tells of it by itself."""
    start = watch_start(number).isoformat()
    strava.run(athlete, start_date=start, distance=2160, moving_time=720, elapsed_time=720)


def deliveries(strava: Strava, athlete: int) -> list[dict[str, Any]]:
    """What Strava told of the athlete's runs, once it has given up or been heard each time."""

    def all_told() -> Any:
        told = [each for each in strava.http.get("/emulator/webhooks").json() if each["event"]["owner_id"] == athlete]
        return told if all(each["done"] for each in told) else None

    told: list[dict[str, Any]] = eventually(all_told, within=30, what="the end of Strava's attempts")
    assert len(told) == WATCHED
    return told


def plan_of_every_day() -> dict[str, Any]:
    days = [day_of(number).date().isoformat() for number in range(IMPORTS)]
    workouts = [{"date": day, "name": f"Run {day}", "kind": "easy", "planned": {"distance": 2160}} for day in days]
    return {"name": "Every day", "start_date": days[0], "end_date": days[-1], "workouts": workouts}


def all_of(person: Person, path: str) -> list[dict[str, Any]]:
    """Every item of a list, page by page."""
    items: list[dict[str, Any]] = []
    query: dict[str, Any] = {"limit": 200}
    while True:
        page = person.get(path, params=query)
        items += page["items"]
        if page["next_cursor"] is None:
            return items
        query["cursor"] = page["next_cursor"]


def everything_settled(
    person: Person, plan_id: str, athlete: str, platform: RunningPlatform, *, expected: int
) -> list[dict[str, Any]]:
    """All activities, once each has its picture, its best efforts and its workout; an empty list until then."""
    answers = {path: person.http.get(path) for path in ("/activities", f"/plans/{plan_id}")}
    if any(answer.status_code == UNAUTHORIZED for answer in answers.values()):
        person.renew()
    if not all(answer.is_success for answer in answers.values()):
        return []
    found = all_of(person, "/activities")
    if len(found) < expected or not all(activity["thumbnail_url"] for activity in found):
        return []
    matched = all(workout["status"] == "completed" for workout in answers[f"/plans/{plan_id}"].json()["workouts"])
    efforts = asyncio.run(analysed(platform, athlete)) if matched else {}
    return found if all(efforts.get(distance, 0) >= expected for distance in DISTANCES) else []


def make_trouble(platform: RunningPlatform, person: Person, strava: Strava, at_strava: int) -> list[str]:
    """Give every file and finish every watched run while things are killed; return the ids of the imports."""
    seed = int(os.environ.get("RT_FAULT_SEED", str(random.randrange(1 << 30))))
    print(f"seed {seed}, {IMPORTS} imports and {WATCHED} runs by webhook")
    deadline = time.monotonic() + 60 + 10 * IMPORTS
    accepted: list[str] = []
    with trouble(platform, seed) as killed:
        for number in range(IMPORTS):
            if number % EVERY_THIRD == 0:
                finish(strava, at_strava, number // EVERY_THIRD)
            accepted.append(give(person, number, deadline))
            wait_for_kills(killed, KILLS_PER_IMPORT * number)
            if number in (IMPORTS // 3, 2 * IMPORTS // 3):
                flush(platform)
    print(f"killed {sum(killed.values())}: {dict(killed)}")
    return accepted


def test_every_run_arrives_exactly_once_with_all_that_follows_whatever_is_killed(
    platform: RunningPlatform, new_person: Callable[[], Person], strava: Strava
) -> None:
    person = new_person()
    athlete = person.get("/auth/me")["id"]
    at_strava = strava.new_athlete()
    assert strava.connect(person, at_strava).status_code == 200
    eventually(lambda: strava.http.get("/emulator/state").json()["subscription"], within=60, what="a subscription")
    plan = person.http.post("/plans", json=plan_of_every_day()).json()

    accepted = make_trouble(platform, person, strava, at_strava)
    last_fault = time.monotonic()
    person.patience = 10  # a connection to the Postgres that was killed may be noticed only now
    lost = [each["event"]["object_id"] for each in deliveries(strava, at_strava) if not each["delivered"]]
    eventually(
        lambda: everything_settled(person, plan["id"], athlete, platform, expected=RUNS - len(lost)),
        within=SETTLED_WITHIN - (time.monotonic() - last_fault),
        what="all activities with pictures, best efforts and workouts",
    )
    print(f"settled {time.monotonic() - last_fault:.1f} s after the last fault; Strava gave up on {len(lost)} events")
    if lost:
        asyncio.run(let_a_night_pass(platform, athlete))
    activities = eventually(
        lambda: everything_settled(person, plan["id"], athlete, platform, expected=RUNS),
        within=FOUND_AT_NIGHT_WITHIN if lost else 1,
        what="the runs that no event told of",
    )
    assert_each_arrived_once(person, activities, accepted)
    assert asyncio.run(analysed(platform, athlete)) == dict.fromkeys(DISTANCES, RUNS)
    assert len(person.best_efforts()["1km"]) == min(RUNS, 10)
    runs = [workout["run_id"] for workout in person.get(f"/plans/{plan['id']}")["workouts"]]
    assert len(set(runs)) == IMPORTS
    assert asyncio.run(left_over(platform)) == {}


def assert_each_arrived_once(person: Person, activities: list[dict[str, Any]], accepted: list[str]) -> None:
    """No run is missing, doubled, or made of a file that was worked on twice."""
    starts = [datetime.fromisoformat(activity["start_time"]) for activity in activities]
    expected = [day_of(number) for number in range(IMPORTS)] + [watch_start(number) for number in range(WATCHED)]
    assert sorted(starts) == sorted(expected)
    assert Counter(activity["source"] for activity in activities)["strava"] == WATCHED
    assert len(set(accepted)) == IMPORTS
    assert sorted(batch["id"] for batch in all_of(person, "/imports")) == sorted(accepted)
    for import_id in accepted:
        [item] = person.finished_import(import_id, within=10).values()
        assert (item["state"], len(item["activity_ids"])) == ("imported", 1), item
    for activity in activities:
        assert len(person.get(f"/activities/{activity['id']}")["recordings"]) == 1
        assert person.http.get(f"/activities/{activity['id']}/thumbnail").status_code == 200


async def let_a_night_pass(platform: RunningPlatform, athlete: str) -> None:
    """Have the last comparison with Strava's list be a day ago, as it is every night."""
    await ask(
        platform,
        "strava",
        "UPDATE strava_tokens SET reconciled_at = now() - interval '1 day' WHERE athlete_id = $1 RETURNING athlete_id",
        athlete,
    )


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


async def count(platform: RunningPlatform, service: str, question: str) -> int:
    [row] = await ask(platform, service, question)
    return int(row[0])


async def ask(
    platform: RunningPlatform, service: str, question: str, *arguments: object
) -> list["asyncpg.Record[Any]"]:
    """Ask a service's database, as the operator can."""
    connection = await asyncpg.connect(platform.described.database_url(service).replace("+asyncpg", "", 1))
    try:
        return list(await connection.fetch(question, *arguments))
    finally:
        await connection.close()


async def analysed(platform: RunningPlatform, athlete: str) -> dict[str, int]:
    """How many best efforts there are by distance; ranks show ten, the operator sees all."""
    question = "SELECT distance, count(*) FROM efforts WHERE athlete_id = $1 GROUP BY distance"
    return {row["distance"]: row["count"] for row in await ask(platform, "analytics", question, athlete)}
