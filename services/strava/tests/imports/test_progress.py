import asyncio
import json
from datetime import timedelta
from typing import Any

import httpx2
import made_up
from made_up import START

from common.ids import uuid7
from common.resources import Resources
from strava.imports import progress
from strava.models import Import, ImportItem

Athlete = Any


def events_of(text: str) -> list[tuple[str, dict[str, Any]]]:
    found = []
    for block in text.split("\n\n"):
        lines = dict(line.split(": ", 1) for line in block.splitlines() if ": " in line)
        if "data" in lines:
            found.append((lines["event"], json.loads(lines["data"])))
    return found


async def test_an_import_is_followed_to_its_end(athlete: Athlete) -> None:
    files = [("files", (f"{day}.gpx", made_up.run(START + timedelta(days=day)))) for day in range(10)]
    batch = (await athlete.request("POST", "/imports", files=files)).json()
    answer: httpx2.Response = await athlete.request("GET", f"/imports/{batch['id']}/events")
    assert answer.headers["content-type"].startswith("text/event-stream")
    told = events_of(answer.text)
    assert [name for name, _ in told[:-1]] == ["progress"] * (len(told) - 1)
    done = [summary["done"] for _, summary in told]
    assert done == sorted(set(done)) or done[0] == 0
    assert told[-1] == ("end", {**told[-1][1], "state": "done", "done": 10, "total": 10})


async def test_who_comes_back_learns_how_it_stands_and_is_sent_away(athlete: Athlete) -> None:
    batch = await athlete.import_files(("a.gpx", made_up.run()))
    for last in ("0", "1", "nonsense"):
        answer = await athlete.request("GET", f"/imports/{batch['id']}/events", headers={"Last-Event-ID": last})
        assert [name for name, _ in events_of(answer.text)] == ["end"]


async def test_silence_is_filled_and_a_process_that_stops_lets_go(athlete: Athlete, resources: Resources) -> None:
    import_id = uuid7()
    async with resources.database.transaction() as session:  # a batch that nobody works through
        session.add(Import(id=import_id, athlete_id=athlete.id))
        await session.flush()
        session.add(ImportItem(import_id=import_id, name="a.gpx"))
    leaving = asyncio.Event()
    seen: list[bytes] = []
    pace = progress.Pace(look=0.01, heartbeat=0.03)
    async with asyncio.timeout(10):
        async for piece in progress.events(
            resources.database, athlete.id, import_id, leaving=leaving.is_set, pace=pace
        ):
            seen.append(piece)
            if len(seen) == 4:
                leaving.set()
    assert seen[0].startswith(b"retry:")
    assert [name for name, _ in events_of(seen[1].decode())] == ["progress"]
    assert seen[2:] == [b": still here\n\n"] * 2
