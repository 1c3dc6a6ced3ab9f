"""Reads of ingest: what an athlete looks at besides lists and details, and what an administrator looks at.

``.venv/bin/python -m benchmarks.ingest_reads [--seconds 5] [--views 300]`` measures these alone.
"""

import argparse
import sys
import time
from pathlib import Path

ROOT = Path(__file__).parents[1]
sys.path[:0] = [str(ROOT / "tests/support/src"), str(ROOT / "services/strava/tests/support/src"), str(ROOT)]

import httpx2  # noqa: E402 - found on the path set above
from running_platform import Person, RunningPlatform, temporary_platform  # noqa: E402 - as above

from benchmarks import import_bench, load  # noqa: E402 - as above

ADMINS = [
    "/admin/webhooks",
    "/admin/activity-jobs",
    "/admin/sync-streams",
    "/admin/dead-letters",
    "/admin/overview",
    "/admin/users",
    "/admin/audit",
]
HOME = {"name": "Home", "lat": -34.9285, "lng": 138.6007, "radius": 400}
SHOES = {"kind": "shoes", "name": "Pegasus", "retire_at": 800_000}


def paths_of(person: Person) -> list[str]:
    """Of somebody whose activities came by an import."""
    activity = f"/activities/{person.get('/activities')['items'][0]['id']}"
    batch = f"/imports/{person.get('/imports')['items'][0]['id']}"
    return [
        f"{activity}/gpx",
        f"{activity}/original",
        f"{activity}/history",
        "/gear",
        "/privacy-zones",
        batch,
        f"{batch}/items",
        "/strava/uploads",
        "/strava/status",
    ]


def prepare(person: Person) -> None:
    """Something to look at: shoes, and a place that is hidden."""
    for path, body in (("/gear", SHOES), ("/privacy-zones", HOME)):
        made = person.http.post(path, json=body)
        assert made.status_code in (httpx2.codes.CREATED, httpx2.codes.CONFLICT), made.text


def kept_views(admin: Person, views: int) -> None:
    """Views of the subscription that come out of the database, one at a time."""
    admin.get("/admin/webhooks", params={"refresh": "true"})  # good for five minutes from now
    took = []
    for _ in range(views):
        began = time.perf_counter()
        shown = admin.get("/admin/webhooks")
        took.append(time.perf_counter() - began)
        assert shown["cached"]
    p50, p95 = (1e3 * sorted(took)[int(share * (views - 1))] for share in (0.5, 0.95))
    print(f"{views} views of GET /admin/webhooks out of the database: p50 {p50:.1f} ms, p95 {p95:.1f} ms\n", flush=True)


def measure(running: RunningPlatform, person: Person, *, seconds: int, views: int) -> None:
    import_bench.heading("Reads of ingest")
    admin = running.admin()
    person.renew()
    kept_views(admin, views)
    if not load.available("wrk"):
        print("wrk is missing: the others were not measured")
        return
    prepare(person)
    load.table(running.url, person.http.headers, paths_of(person), seconds)
    activity = person.get("/activities")["items"][0]["id"]
    print("\nThe map as GeoJSON, and what an administrator sees:\n")
    geojson = httpx2.Headers({**person.http.headers, "accept": "application/geo+json"})
    load.table(running.url, geojson, [f"/activities/{activity}/map"], seconds)
    admin.renew()
    print()
    load.table(running.url, admin.http.headers, ADMINS, seconds)
    admin.close()


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--seconds", type=int, default=5, help="of each load")
    parser.add_argument("--views", type=int, default=300, help="of the subscription")
    arguments = parser.parse_args()
    with temporary_platform() as running:
        person = running.person()
        person.import_files(import_bench.files("fit", 0, 10))
        measure(running, person, seconds=arguments.seconds, views=arguments.views)
        person.close()


if __name__ == "__main__":
    main()
