"""Reads of ingest: what an athlete looks at besides lists and details, and what an administrator looks at.

With them how far things are that take a while: an upload to Strava, an export, the deletion of an account.

``.venv/bin/python -m benchmarks.ingest_reads [--seconds 5] [--views 300]`` measures these alone.
"""

import argparse
import sys
import time
from pathlib import Path

ROOT = Path(__file__).parents[1]
sys.path[:0] = [str(ROOT / "tests/support/src"), str(ROOT / "services/strava/tests/support/src"), str(ROOT)]

import httpx2  # noqa: E402 - found on the path set above
from running_platform import (  # noqa: E402 - as above
    PASSWORD,
    WRITING,
    Person,
    RunningPlatform,
    eventually,
    temporary_platform,
)

from benchmarks import import_bench, load, webhook_bench  # noqa: E402 - as above

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
    """Of somebody whose activities came by an import, and who has what ``prepare`` makes."""

    def first(path: str) -> str:
        return f"{path}/{person.get(path)['items'][0]['id']}"

    activity, batch = first("/activities"), first("/imports")
    return [
        f"{activity}/gpx",
        f"{activity}/original",
        f"{activity}/history",
        "/gear",
        first("/gear"),
        "/privacy-zones",
        first("/privacy-zones"),
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


def uploaded(running: RunningPlatform, person: Person) -> str:
    """Upload a run to the emulated Strava."""
    person.import_files(import_bench.files("fit", 0, 1))
    webhook_bench.connected(running, person, WRITING)
    activity = person.get("/activities")["items"][0]["id"]
    push = person.http.post("/strava/uploads", json={"activity_id": activity})
    assert push.status_code == httpx2.codes.ACCEPTED, push.text
    return _done(person, f"/strava/uploads/{push.json()['id']}")


def exported(person: Person) -> str:
    """Gather somebody's data in an archive."""
    begun = person.http.post("/auth/export")
    assert begun.status_code == httpx2.codes.ACCEPTED, begun.text
    return _done(person, f"/auth/export/{begun.json()['id']}")


def deleted(person: Person) -> str:
    """Delete somebody's account."""
    gone = person.http.request("DELETE", "/auth/me", json={"password": PASSWORD})
    assert gone.status_code == httpx2.codes.ACCEPTED, gone.text
    return _done(person, gone.json()["status_url"].removeprefix("/api/v1"))


def _done(person: Person, path: str) -> str:
    eventually(lambda: person.get(path)["state"] == "done", within=60, what=path)
    return path


def states(running: RunningPlatform, seconds: int) -> None:
    """Of somebody with one run, who is connected to the emulated Strava, and of somebody who has left."""
    print("\nHow far an upload to Strava, an export and the deletion of an account are:\n")
    person, leaver = running.person(), running.person()
    paths = [uploaded(running, person), exported(person), deleted(leaver)]
    person.renew()
    load.table(running.url, person.http.headers, paths, seconds)
    for each in (person, leaver):
        each.close()


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
    states(running, seconds)


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
