"""Measure a platform of its own: start, memory, imports, reads. Prints what it saw; nothing is asserted.

``make bench`` or ``.venv/bin/python benchmarks/run.py [--activities 1000] [--seconds 5]``
"""

import argparse
import platform as host
import statistics
import subprocess
import sys
import tempfile
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from datetime import UTC, datetime, timedelta
from pathlib import Path

import numpy as np

from analytics.kernels.best_efforts import best_efforts

ROOT = Path(__file__).parents[1]
sys.path[:0] = [str(ROOT / "tests/support/src"), str(ROOT / "services/strava/tests/support/src"), str(ROOT)]

import fit_files  # noqa: E402 - found on the path set above
import made_up  # noqa: E402 - found on the path set above
from running_platform import Person, RunningPlatform  # noqa: E402 - as above

from benchmarks import (  # noqa: E402 - as above
    account_bench,
    export_bench,
    gateway_bench,
    import_bench,
    ingest_reads,
    lines,
    load,
    memory,
    revocation_bench,
    webhook_bench,
    whole_path,
)
from local.state import load as load_state  # noqa: E402 - as above
from local.supervise import units_of  # noqa: E402 - as above

FIRST_DAY = datetime(2023, 1, 1, 6, tzinfo=UTC)
SETTLING_SECONDS, IDLE_SECONDS = 70, 60


def heading(text: str) -> None:
    print(f"\n## {text}\n", flush=True)


@contextmanager
def started(home: Path) -> Iterator[RunningPlatform]:
    running = RunningPlatform(home)
    began = time.perf_counter()
    running.up()
    cold = time.perf_counter() - began
    began = time.perf_counter()
    running.up()
    again = time.perf_counter() - began
    running.down()
    began = time.perf_counter()
    running.up()
    heading("make up (libraries installed)")
    print(f"first {cold:.1f} s, again when up {again:.1f} s, after make down {time.perf_counter() - began:.1f} s")
    try:
        yield running
    finally:
        running.down()


def idle(running: RunningPlatform) -> None:
    """What it takes to wait for somebody; backends of Postgres that end meanwhile count too."""
    time.sleep(SETTLING_SECONDS)
    heading(f"Idle platform, {SETTLING_SECONDS} s after its start, watched for {IDLE_SECONDS} s")
    before = {name: memory.cpu_seconds(pids) for name, pids in _processes(running).items()}
    time.sleep(IDLE_SECONDS)
    now = _processes(running)
    shares = {name: 100 * (memory.cpu_seconds(pids) - before[name]) / IDLE_SECONDS for name, pids in now.items()}
    memories = {name: memory.pss_mib(pids) for name, pids in now.items()}
    print("| process | PSS MiB | CPU % of a core |\n| --- | --- | --- |")
    for name in now:
        print(f"| {name} | {memories[name]:.0f} | {shares[name]:.2f} |")
    print(f"| all | {sum(memories.values()):.0f} | {sum(shares.values()):.2f} |")


def _processes(running: RunningPlatform) -> dict[str, list[int]]:
    units = units_of(running.described)
    found = {unit.name: memory.family(process.pid) for unit in units if (process := unit.current())}
    supervisor = load_state(running.home / "run/supervisor.json").supervisor
    return found | {"supervisor": [supervisor.pid] if supervisor else []}


def timed_import(person: Person, name: str, data: bytes) -> tuple[float, float]:
    """Seconds until the upload is answered, and until the activity is there."""
    began = time.perf_counter()
    batch = person.start_import([(name, data)])
    accepted = time.perf_counter() - began
    person.finished_import(batch["id"])
    return accepted, time.perf_counter() - began


def imports(person: Person) -> None:
    heading("Import of one recording of 3,600 samples, through the gateway, one at a time")
    days = range(1, 11)
    files: dict[str, Callable[[int], bytes]] = {
        "GPX": lambda day: made_up.run(FIRST_DAY - timedelta(days=day), seconds=3599, every=1, heartrate=150),
        "FIT": lambda day: fit_files.run(3599, 2.5 + day / 10),
    }
    for name, make in files.items():
        times = []
        for day in days:
            times.append(timed_import(person, f"{day}.{name.lower()}", make(day)))
            newest = person.get("/activities")["items"][0]
            person.http.delete(f"/activities/{newest['id']}")  # the next one would be merged into it
        accepted, done = zip(*times, strict=True)
        print(f"{name}: accepted p50 {statistics.median(accepted):.3f} s, there p50 {statistics.median(done):.3f} s")


def kernel() -> None:
    heading("Best efforts of one activity: nine distances, 10,800 samples, one thread")
    time_, distance = np.arange(10_800.0), np.cumsum(np.random.default_rng(1).uniform(4.5, 5.5, 10_800))
    lengths = [400, 800, 1000, 1609.344, 5000, 10_000, 21_097.5, 42_195, 50_000]
    took = []
    for _ in range(50):
        began = time.perf_counter()
        best_efforts(time_, distance, lengths)
        took.append(time.perf_counter() - began)
    print(f"p50 {1e3 * statistics.median(took):.1f} ms")


def paths_of(person: Person) -> list[str]:
    """Reads of an athlete with a long history."""
    activity = person.get("/activities")["items"][0]["id"]
    effort = person.best_efforts()["1km"][0]["effort_id"]
    return [
        "/activities",
        "/activities?limit=200",
        f"/activities/{activity}",
        f"/activities/{activity}/splits",
        f"/activities/{activity}/laps",
        f"/activities/{activity}/map",
        f"/activities/{activity}/streams",
        f"/activities/{activity}/streams?resolution=medium",
        "/imports",
        "/auth/me",
        "/auth/sessions",
        "/auth/tokens",
        "/auth/options",
        "/analytics/best-efforts-cached",
        f"/analytics/best-efforts/{effort}/explain",
    ]


def reads(running: RunningPlatform, person: Person, somebody: Person, seconds: int) -> None:
    """Of ``person`` with a long history, and of ``somebody`` who has plans and pictures."""
    if not load.available("wrk"):
        print("wrk is missing: reads were not measured")
        return
    heading("Reads through the gateway, token and limits on")

    def read(paths: list[str], who: Person = person) -> None:
        who.renew()  # its access token is as old as the measuring
        load.table(running.url, who.http.headers, paths, seconds)

    person.renew()
    read(paths_of(person))
    somebody.renew()
    read(whole_path.paths_of(somebody), somebody)
    ingest_reads.measure(running, person, seconds=seconds, views=300)
    person.renew()
    import_bench.growth(running, person, read)
    export_bench.measure(running, person)


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--activities", type=int, default=1000)
    parser.add_argument("--seconds", type=int, default=5, help="of each load")
    arguments = parser.parse_args()
    print(f"{datetime.now(UTC):%Y-%m-%d}, {host.machine()}, Python {host.python_version()}, {arguments}")
    kernel()
    with tempfile.TemporaryDirectory() as folder, started(Path(folder)) as running:
        idle(running)
        person = running.person()
        imports(person)
        import_bench.measure(running, person, fit=arguments.activities, gpx=arguments.activities // 4)
        account_bench.measure(running, activities=5 * arguments.activities, samples=600)
        heading("The whole path")
        somebody = running.person()  # whose list shows what came last
        whole_path.measure(running, somebody)
        heading("Signing out")
        revocation_bench.measure(running)
        heading("Webhooks")
        webhook_bench.measure(running, running.person())
        reads(running, person, somebody, arguments.seconds)
        person.close()
    heading("Gateway beside nginx")
    gateway_bench.main()
    heading("Signing in and registering: accounts that exist and others")
    # In a process of its own: it takes the settings of an auth service.
    subprocess.run([sys.executable, "-m", "benchmarks.login_timing"], cwd=ROOT, check=True)
    heading("Lines of code")
    lines.main()


if __name__ == "__main__":
    main()
