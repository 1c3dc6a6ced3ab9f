from datetime import timedelta
from typing import Any
from uuid import UUID, uuid4

import httpx2
import pytest
from analytics_support import Platform

from contracts.testing.activity_store import START, run

EXPLAIN = "/api/v1/analytics/best-efforts/{}/explain"


async def explained(platform: Platform, athlete: UUID, distance: str) -> dict[str, Any]:
    await platform.settle()
    [rank] = await platform.ranks(athlete, distance)
    response = await platform.get(athlete, EXPLAIN.format(rank["effort_id"]))
    assert response.status_code == 200, response.text
    answer: dict[str, Any] = response.json()
    assert (answer["id"], answer["time"], answer["start_time"]) == (
        rank["effort_id"],
        rank["time"],
        rank["start_time"],
    )
    return answer


async def test_the_segment_its_samples_and_the_pause_inside_are_told(platform: Platform, ana: UUID) -> None:
    activity = platform.strava.create(run(ana, speed=4, distance=1201, pause=30)).activity
    answer = await explained(platform, ana, "1km")
    assert (answer["activity_id"], answer["activity_version"]) == (str(activity.id), 1)
    assert (answer["distance"], answer["meters"], answer["time"]) == ("1km", 1000, 280.0)
    assert answer["start"] == {"time": 0, "distance": 0, "index": 0, "interpolated": False}
    assert answer["end"] == {"time": 280, "distance": 1000, "index": 250, "interpolated": False}
    assert answer["pauses"] == [{"start": 150.0, "duration": 31.0, "distance": 4.0, "kind": "gap"}]
    assert answer["longest_gap"] == 31.0
    assert answer["formula"] == {"name": "best effort", "version": 1}


async def test_an_end_between_two_samples_is_said_to_be_interpolated(platform: Platform, ana: UUID) -> None:
    platform.strava.create(run(ana, speed=3, distance=1200))
    answer = await explained(platform, ana, "1km")
    assert answer["start"] == {"time": 0, "distance": 0, "index": 0, "interpolated": False}
    assert answer["end"] == {"time": 333.333, "distance": 1000, "index": 334, "interpolated": True}


async def test_the_effort_begins_where_it_begins_and_not_with_the_activity(platform: Platform, ana: UUID) -> None:
    streams = run(ana, speed=4, distance=2000)
    time = streams.columns["time"].copy()
    time[100:] += 60
    platform.strava.create(type(streams)(streams.activity, {**streams.columns, "time": time}))
    answer = await explained(platform, ana, "1mi")
    assert (answer["time"], len(answer["pauses"])) == (462.336, 1)
    answer = await explained(platform, ana, "1km")
    assert (answer["start"]["time"], answer["start"]["index"]) == (160, 100)
    assert answer["start_time"] == (START + timedelta(seconds=160)).isoformat().replace("+00:00", "Z")


async def test_an_explanation_has_an_etag(platform: Platform, ana: UUID) -> None:
    platform.strava.create(run(ana))
    path = EXPLAIN.format((await explained(platform, ana, "1km"))["id"])
    headers = platform.mint.headers(str(ana))
    etag = (await platform.client.get(path, headers=headers)).headers["etag"]
    again = await platform.client.get(path, headers={**headers, "If-None-Match": etag})
    assert (again.status_code, again.content) == (304, b"")


def refused(response: httpx2.Response) -> tuple[int, str]:
    return response.status_code, response.json()["code"]


async def test_an_effort_of_somebody_else_is_not_found_like_one_that_is_not_there(
    platform: Platform, ana: UUID
) -> None:
    platform.strava.create(run(ana))
    path = EXPLAIN.format((await explained(platform, ana, "1km"))["id"])
    for athlete, roles, wanted in ((uuid4(), ["athlete"], path), (uuid4(), ["athlete", "admin"], path)):
        headers = platform.mint.headers(str(athlete), roles=roles)
        response = await platform.client.get(wanted, headers=headers)
        assert refused(response) == (404, "analytics.effort_not_found")
    unknown = await platform.get(ana, EXPLAIN.format(uuid4()))
    assert refused(unknown) == (404, "analytics.effort_not_found")


@pytest.mark.parametrize("effort_id", ["1", "not-an-id", "00000000-0000-0000-0000-00000000000g"])
async def test_what_is_no_id_is_refused(platform: Platform, ana: UUID, effort_id: str) -> None:
    assert refused(await platform.get(ana, EXPLAIN.format(effort_id))) == (422, "request.invalid")
