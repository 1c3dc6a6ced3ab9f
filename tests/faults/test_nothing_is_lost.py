"""Whatever is killed in the middle, every accepted file ends exactly once, by itself."""

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
from running_platform import Person, RunningPlatform, eventually

IMPORTS = int(os.environ.get("RT_FAULT_IMPORTS", "30"))
KILLS_PER_IMPORT = 0.7
SETTLED_WITHIN = 60.0

pytestmark = pytest.mark.faults


def made_up_run(number: int) -> bytes:
    """A GPX of 12 minutes along a meridian at 3 m/s, on a day of its own."""
    start = datetime(2025, 1, 1, 7, tzinfo=UTC) + timedelta(days=number)
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


def test_all_imports_end_exactly_once_whatever_is_killed(
    platform: RunningPlatform, new_person: Callable[[], Person]
) -> None:
    person = new_person()
    athlete = person.get("/auth/me")["id"]
    seed = int(os.environ.get("RT_FAULT_SEED", str(random.randrange(1 << 30))))
    print(f"seed {seed}, {IMPORTS} imports")
    deadline = time.monotonic() + 60 + 10 * IMPORTS
    accepted: list[str] = []
    with trouble(platform, seed) as killed:
        for number in range(IMPORTS):
            accepted.append(give(person, number, deadline))
            wait_for_kills(killed, KILLS_PER_IMPORT * number)
            if number in (IMPORTS // 3, 2 * IMPORTS // 3):
                flush(platform)
    print(f"killed {sum(killed.values())}: {dict(killed)}")
    assert len(set(accepted)) == IMPORTS

    last_fault = time.monotonic()

    def settled() -> list[dict[str, Any]] | None:
        answer = person.http.get("/activities", params={"limit": 200})
        if answer.status_code == 401:
            person.renew()
        found: list[dict[str, Any]] = answer.json()["items"] if answer.status_code == 200 else []
        return found if len(found) >= IMPORTS and asyncio.run(analysed(platform, athlete)) >= IMPORTS else None

    activities = eventually(settled, within=SETTLED_WITHIN, what="all activities and best efforts")
    person.patience = 10  # a connection to the Postgres that was killed may be noticed only now
    print(f"settled {time.monotonic() - last_fault:.1f} s after the last fault")
    starts = Counter(activity["start_time"] for activity in activities)
    assert len(starts) == IMPORTS
    assert set(starts.values()) == {1}
    for import_id in accepted:
        [item] = person.finished_import(import_id, within=10).values()
        assert (item["state"], len(item["activity_ids"])) == ("imported", 1), item
    assert asyncio.run(analysed(platform, athlete)) == IMPORTS
    efforts = person.best_efforts()["1km"]
    assert [effort["time"] for effort in efforts] == pytest.approx([1000 / 3.0] * min(IMPORTS, 10), abs=1.0)


async def analysed(platform: RunningPlatform, athlete: str) -> int:
    """Activities that have their best effort over 1 km; ranks show ten, the operator sees all."""
    connection = await asyncpg.connect(platform.described.database_url("analytics").replace("+asyncpg", "", 1))
    try:
        return int(
            await connection.fetchval(
                "SELECT count(*) FROM efforts WHERE distance = '1km' AND athlete_id = $1", athlete
            )
        )
    finally:
        await connection.close()
