"""The archive of a whole Strava account through the public API: rate, and memory of the worker.

``.venv/bin/python -m benchmarks.account_bench [--activities 5000] [--samples 600]`` measures this alone.
"""

import argparse
import gzip
import io
import sys
import time
import zipfile
from collections.abc import Iterator
from pathlib import Path

ROOT = Path(__file__).parents[1]
sys.path[:0] = [str(ROOT / "tests/support/src"), str(ROOT / "services/strava/tests/support/src"), str(ROOT)]

import archives  # noqa: E402 - found on the path set above
from running_platform import Person, RunningPlatform, temporary_platform  # noqa: E402 - as above

from benchmarks import histories, import_bench, memory  # noqa: E402 - as above

FIRST_ID = 9_000_000_000
PAIRS = 5  # of shoes
BY_HAND = 20  # one of so many was entered by hand


def archive(activities: int, samples: int) -> bytes:
    """As Strava gives it: ``activities.csv``, and files of three kinds, most of them packed."""
    content = io.BytesIO()
    rows = []
    with zipfile.ZipFile(content, "w", zipfile.ZIP_STORED) as target:
        for number in range(activities):
            row = _row(number)
            if number % BY_HAND:
                row["file"], data = _file(number, samples)
                target.writestr(row["file"], data)
            else:
                row |= {"elapsed": "1800.0", "moving": "1750.0", "distance": "5000.0"}
            rows.append(row)
        target.writestr("activities.csv", archives.activities_csv(rows))
        target.writestr("media/picture.jpg", b"\xff\xd8picture")
    return content.getvalue()


def _row(number: int) -> dict[str, str]:
    date = archives.in_english(histories.run(number, 2).start)
    gear = f"Shoes {number % PAIRS}"
    return {"id": str(FIRST_ID + number), "date": date, "type": "Run", "name": f"Run {number}", "gear": gear}


def _file(number: int, samples: int) -> tuple[str, bytes]:
    made = histories.run(number, samples)
    if number % 2:
        return f"activities/{number}.fit.gz", gzip.compress(histories.fit(made), 1)
    return f"activities/{number}.gpx", histories.gpx(made)


def _worker_mib(running: RunningPlatform) -> float:
    return memory.pss_mib(memory.family(running.pid_of(import_bench.WORKER)))


def measure(running: RunningPlatform, *, activities: int, samples: int) -> None:
    import_bench.heading(f"A Strava archive of {activities} activities, up to {samples} samples each, by POST /imports")
    person = running.person()
    data = archive(activities, samples)
    import_bench.calm(running)
    before = _worker_mib(running)
    began = time.perf_counter()
    rate, peak = import_bench.imported(running, person, [("export.zip", data)])
    took = time.perf_counter() - began
    person.renew()
    print(f"{len(data) >> 20} MiB: {rate:.1f} activities/s, {took:.0f} s until all have outcomes")
    print(f"worker and its children: {before:.0f} MiB before, at most {peak:.0f} MiB, ", end="")
    print(f"at rest {import_bench.calm(running):.0f} s later {_worker_mib(running):.0f} MiB")
    person.renew()
    print(f"activities listed: {sum(1 for _ in _listed(person))}", flush=True)
    person.close()


def _listed(person: Person) -> Iterator[str]:
    cursor: str | None = ""
    while cursor is not None:
        page = person.get("/activities", params={"limit": 200} | ({"cursor": cursor} if cursor else {}))
        yield from (each["id"] for each in page["items"])
        cursor = page["next_cursor"]


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--activities", type=int, default=5000)
    parser.add_argument("--samples", type=int, default=600, help="of each file, a second apart")
    arguments = parser.parse_args()
    with temporary_platform() as running:
        measure(running, activities=arguments.activities, samples=arguments.samples)


if __name__ == "__main__":
    main()
