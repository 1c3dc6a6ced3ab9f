"""Histories that come in by the thousand, reads meanwhile, and reads once there are very many.

``.venv/bin/python -m benchmarks.import_bench [--fit 1000] [--gpx 300]`` measures this alone.
"""

import argparse
import asyncio
import io
import sys
import time
import zipfile
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any
from uuid import UUID

ROOT = Path(__file__).parents[1]
sys.path[:0] = [str(ROOT / "tests/support/src"), str(ROOT / "services/strava/tests/support/src"), str(ROOT)]

import asyncpg  # noqa: E402 - below the path that the others are found on
from running_platform import Person, RunningPlatform, eventually, temporary_platform  # noqa: E402 - found on the path set above

from benchmarks import histories, load, memory  # noqa: E402 - as above
from benchmarks.reader import Reader  # noqa: E402 - as above
from local.supervise import units_of  # noqa: E402 - as above

WORKER = "strava-worker"
MANY = 100_000
CALM = 15.0  # % of a core
STORED = ("activities", "recordings", "streams", "splits", "laps", "audits", "import_items")

Make = Callable[[histories.Run], bytes]
KINDS: dict[str, Make] = {"fit": histories.fit, "gpx": histories.gpx}


def heading(text: str) -> None:
    print(f"\n## {text}\n", flush=True)


def files(kind: str, first: int, count: int) -> list[tuple[str, bytes]]:
    return [(f"{number}.{kind}", KINDS[kind](histories.run(number))) for number in range(first, first + count)]


def zipped(given: Sequence[tuple[str, bytes]]) -> bytes:
    content = io.BytesIO()
    with zipfile.ZipFile(content, "w", zipfile.ZIP_DEFLATED, compresslevel=1) as target:
        for name, data in given:
            target.writestr(name, data)
    return content.getvalue()


@dataclass
class Watch:
    """Memory of the worker with its children, looked at while something runs."""

    running: RunningPlatform
    peak: float = 0.0

    def look(self) -> None:
        try:
            self.peak = max(self.peak, memory.pss_mib(memory.family(self.running.pid_of(WORKER))))
        except FileNotFoundError:
            return  # a child ended while it was looked at


def imported(running: RunningPlatform, person: Person, given: Sequence[tuple[str, bytes]]) -> tuple[float, float]:
    """(activities/s until all have their outcome, peak MiB of the worker)."""
    watch = Watch(running)
    began = time.perf_counter()
    batch = person.start_import(given, timeout=300)

    def done() -> bool:
        watch.look()
        found = person.get(f"/imports/{batch['id']}", params={"fields": "state,total,done"})
        return bool(found["state"] == "done")

    eventually(done, within=1800, what="the import")
    total = person.get(f"/imports/{batch['id']}")["total"]
    return total / (time.perf_counter() - began), watch.peak


async def stored_bytes(running: RunningPlatform) -> int:
    """Bytes of the tables that hold activities, with their indexes."""
    connection = await _connected(running)
    try:
        sizes = [await connection.fetchval("SELECT pg_total_relation_size($1::regclass)", name) for name in STORED]
        return sum(sizes)
    finally:
        await connection.close()


def original_bytes(running: RunningPlatform) -> int:
    """Bytes of the files that are kept as they came, those of activities and the archives that held them."""
    folder = running.home / "objects/strava/originals"
    return sum(path.stat().st_size for path in folder.rglob("*") if path.is_file())


async def _connected(running: RunningPlatform) -> asyncpg.Connection:
    url = running.described.database_url("strava").replace("+asyncpg", "")
    return await asyncpg.connect(url, timeout=30, command_timeout=300)


def calm(running: RunningPlatform) -> float:
    """Seconds until nothing that follows from an import is under way any more."""
    began = time.perf_counter()
    pids = [pid for unit in units_of(running.described) if (p := unit.current()) for pid in memory.family(p.pid)]
    eventually(lambda: memory.cpu_share(pids, 2.0) < CALM, within=1200, what="rest")
    return time.perf_counter() - began


def paths_of(person: Person) -> list[str]:
    activity = person.get("/activities")["items"][0]["id"]
    one = f"/activities/{activity}"
    return [
        "/activities",
        "/activities?limit=200",
        one,
        f"{one}/splits",
        f"{one}/streams",
        f"{one}/streams?resolution=medium",
    ]


def pages_of(person: Person) -> list[str]:
    """What the pages of a client ask for, while something else goes on."""
    activity, batch = (person.get(path)["items"][0]["id"] for path in ("/activities", "/imports"))
    one = f"/activities/{activity}"
    return [
        *paths_of(person),
        f"{one}/laps",
        f"{one}/map",
        f"{one}/gpx",
        f"{one}/original",
        f"{one}/history",
        f"{one}/thumbnail",
        f"/imports/{batch}",
        f"/imports/{batch}/items",
        "/gear",
        "/strava/status",
        "/analytics/best-efforts-cached",
        "/auth/me",
    ]


def measure(running: RunningPlatform, person: Person, *, fit: int, gpx: int) -> None:
    """Leaves ``person`` with ``fit`` activities."""
    heading("Imports of recordings of 3,600 samples, a sample a second, through the gateway until all have outcomes")
    before, kept = asyncio.run(stored_bytes(running)), original_bytes(running)
    rate, peak = imported(running, person, [("fit.zip", zipped(files("fit", 0, fit)))])
    print(f"{fit} FIT in one archive: {rate:.1f} activities/s, worker at most {peak:.0f} MiB")
    tables, originals = (asyncio.run(stored_bytes(running)) - before) / fit, (original_bytes(running) - kept) / fit
    print(f"stored an activity: {tables / 1024:.0f} KiB in tables, {originals / 1024:.0f} KiB of originals")
    print(f"efforts, pictures and all else there {calm(running):.0f} s later")
    given = files("gpx", 0, gpx)
    packed = [("gpx.zip", zipped(given))]
    for how, sent in (("in one archive", packed), ("as files of one request", given)):
        rate, peak = _by_somebody(running, sent)
        calm(running)
        print(f"{gpx} GPX {how}: {rate:.1f} activities/s, worker at most {peak:.0f} MiB")
    reader = Reader(person, pages_of(person))
    with reader.reading():
        rate, _ = _by_somebody(running, packed)
    print(f"the archive again, while somebody reads: {rate:.1f} activities/s")
    reader.report()
    calm(running)


def _by_somebody(running: RunningPlatform, given: Sequence[tuple[str, bytes]]) -> tuple[float, float]:
    person = running.person()
    found = imported(running, person, given)
    person.close()
    return found


def multiply(running: RunningPlatform, person: Person, most: int) -> None:
    """Give somebody so many activities by copying one of theirs, without its samples, to earlier hours."""
    asyncio.run(_multiply(running, UUID(person.get("/auth/me")["id"]), most))


async def _multiply(running: RunningPlatform, athlete: UUID, most: int) -> None:
    connection = await _connected(running)
    try:
        own = await connection.fetchval("SELECT count(*) FROM activities WHERE athlete_id = $1", athlete)
        columns = {name: await _columns(connection, name) for name in ("activities", "recordings", "splits")}
        await connection.execute(
            "CREATE TEMP TABLE copies AS SELECT number, gen_random_uuid() AS activity, gen_random_uuid() AS recording"
            f" FROM generate_series(1, {most - own}) AS number"
        )
        for table, given in (
            ("activities", {"id": "activity", "start_time": "start_time - number * interval '1 hour'"}),
            ("recordings", {"id": "recording", "activity_id": "activity", "sha256": "recording::text"}),
            ("splits", {"recording_id": "recording"}),
        ):
            wanted = ", ".join(f'"{name}"' for name in columns[table])
            values = ", ".join(given.get(name, f'one."{name}"') for name in columns[table])
            source = await _source(connection, athlete, table)
            await connection.execute(f"INSERT INTO {table} ({wanted}) SELECT {values} FROM ({source}) AS one, copies")
        await connection.execute(
            "UPDATE activity_list_versions SET version = version + 1 WHERE athlete_id = $1", athlete
        )
        await connection.execute("ANALYZE")
    finally:
        await connection.close()


async def _columns(connection: asyncpg.Connection, table: str) -> list[str]:
    rows = await connection.fetch(
        "SELECT column_name FROM information_schema.columns"
        " WHERE table_schema = 'strava' AND table_name = $1 AND is_generated = 'NEVER' ORDER BY ordinal_position",
        table,
    )
    return [row[0] for row in rows]


async def _source(connection: asyncpg.Connection, athlete: UUID, table: str) -> str:
    """A query of the rows of one of the athlete's activities."""
    recording = await connection.fetchval(
        'SELECT id FROM recordings WHERE athlete_id = $1 AND "primary" ORDER BY start_time LIMIT 1', athlete
    )
    its_activity = f"SELECT activity_id FROM recordings WHERE id = '{recording}'"
    return {
        "activities": f"SELECT * FROM activities WHERE id = ({its_activity})",
        "recordings": f"SELECT * FROM recordings WHERE id = '{recording}'",
        "splits": f"SELECT * FROM splits WHERE recording_id = '{recording}' AND index <= 2",
    }[table]


def growth(running: RunningPlatform, person: Person, reads: Callable[[list[str]], Any]) -> None:
    """Reads of somebody with few activities, and of the same person with very many."""
    heading(f"Reads with {_count(running)} activities in the table")
    paths = paths_of(person)
    reads(paths)
    multiply(running, person, MANY)
    heading(f"Reads with {_count(running)} activities in the table, all but a few of one athlete")
    reads(paths)


def _count(running: RunningPlatform) -> int:
    async def count() -> int:
        connection = await _connected(running)
        try:
            return int(await connection.fetchval("SELECT count(*) FROM activities"))
        finally:
            await connection.close()

    return asyncio.run(count())


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--fit", type=int, default=1000)
    parser.add_argument("--gpx", type=int, default=300)
    parser.add_argument("--seconds", type=int, default=5, help="of each load")
    arguments = parser.parse_args()
    with temporary_platform() as running:
        person = running.person()
        measure(running, person, fit=arguments.fit, gpx=arguments.gpx)
        growth(running, person, lambda paths: load.table(running.url, person.http.headers, paths, arguments.seconds))
        person.close()


if __name__ == "__main__":
    main()
