"""Activities come and go at the activity store; the rank tables follow."""

from datetime import timedelta
from pathlib import Path
from uuid import UUID, uuid4

import pytest
from analytics_support import BEST, Platform, ago, recorded

from common.testing.wait import eventually
from contracts.testing.activity_store import START, created, deleted, run

LABELS = ["400m", "800m", "1km", "1mi", "5k", "10k", "21.1k", "42.2k", "50k"]
METERS = [400, 800, 1000, 1609.344, 5000, 10000, 21097.5, 42195, 50000]


async def test_an_athlete_without_runs_has_all_nine_distances_and_no_ranks(platform: Platform, ana: UUID) -> None:
    answer = (await platform.get(ana, BEST)).json()
    assert answer["window"] == "all"
    assert [item["distance"] for item in answer["items"]] == LABELS
    assert [item["meters"] for item in answer["items"]] == METERS
    assert all(item["ranks"] == [] for item in answer["items"])


async def test_a_new_run_is_ranked_over_the_distances_it_reaches(platform: Platform, ana: UUID) -> None:
    activity = platform.strava.create(run(ana, speed=4.0, distance=1200)).activity
    await platform.settle()
    answer = (await platform.get(ana, BEST)).json()
    assert {item["distance"]: [rank["time"] for rank in item["ranks"]] for item in answer["items"]} == {
        **{label: [] for label in LABELS},
        "400m": [100.0],
        "800m": [200.0],
        "1km": [250.0],
    }
    [rank] = await platform.ranks(ana, "1km")
    assert (rank["rank"], rank["speed"], rank["activity_id"]) == (1, 4.0, str(activity.id))
    assert rank["start_time"] == "2026-05-01T06:30:00Z"


async def test_the_activity_s_own_distance_must_reach_too(platform: Platform, ana: UUID) -> None:
    longer = run(ana, distance=1200)
    shortened = longer.activity.model_copy(update={"distance": 999.0})
    platform.strava.create(type(longer)(shortened, longer.columns))
    await platform.settle()
    assert (await platform.times(ana, "800m"), await platform.times(ana, "1km")) == ([200.0], [])


@pytest.mark.parametrize("sport", ["TrailRun", "VirtualRun"])
async def test_every_kind_of_run_counts(platform: Platform, ana: UUID, sport: str) -> None:
    platform.strava.create(run(ana, sport=sport))
    await platform.settle()
    assert await platform.times(ana) == [250.0]


async def test_rides_and_runs_without_streams_have_no_best_efforts(platform: Platform, ana: UUID) -> None:
    platform.strava.create(run(ana, sport="Ride"))
    platform.strava.create(run(ana, streams=False))
    await platform.settle()
    assert await platform.times(ana, "400m") == []
    assert await platform.scalar("SELECT count(*) FROM analysed_activities WHERE state = 'unsuited'") == 2


async def test_other_streams_replace_the_efforts_and_keep_the_ids_of_those_that_stay(
    platform: Platform, ana: UUID
) -> None:
    first = platform.strava.create(run(ana, speed=4, distance=1200)).activity
    await platform.settle()
    before = await platform.ranks(ana, "400m")
    platform.strava.update(run(ana, speed=5, distance=900, activity_id=first.id, version=2), "streams")
    await platform.settle()
    [after] = await platform.ranks(ana, "400m")
    assert (after["time"], after["effort_id"]) == (80.0, before[0]["effort_id"])
    assert await platform.times(ana, "1km") == []


async def test_a_new_name_changes_no_effort_and_computes_nothing(platform: Platform, ana: UUID) -> None:
    first = platform.strava.create(run(ana)).activity
    await platform.settle()
    computed = await platform.scalar("SELECT max(computed_at) FROM efforts")
    platform.strava.update(run(ana, activity_id=first.id, version=2, name="Race"), "name")
    await platform.settle()
    assert await platform.scalar("SELECT max(computed_at) FROM efforts") == computed
    assert await platform.scalar("SELECT version FROM analysed_activities") == 2


async def test_a_run_that_becomes_a_ride_loses_its_ranks(platform: Platform, ana: UUID) -> None:
    first = platform.strava.create(run(ana)).activity
    await platform.settle()
    platform.strava.update(run(ana, activity_id=first.id, version=2, sport="Ride"), "sport")
    await platform.settle()
    assert await platform.times(ana) == []


async def test_a_deleted_run_makes_room_for_the_next(platform: Platform, ana: UUID) -> None:
    fast = platform.strava.create(run(ana, speed=5)).activity
    platform.strava.create(run(ana, speed=4))
    await platform.settle()
    assert await platform.times(ana) == [200.0, 250.0]
    platform.strava.delete(fast)
    await platform.settle()
    assert await platform.times(ana) == [250.0]
    assert (await platform.ranks(ana, "1km"))[0]["rank"] == 1
    assert await platform.scalar("SELECT count(*) FROM analysed_activities") == 1


async def test_a_creation_told_after_its_deletion_resurrects_nothing(platform: Platform, ana: UUID) -> None:
    activity = run(ana).activity
    platform.strava.tell(deleted(activity))
    platform.strava.tell(created(activity))
    await platform.settle()
    assert await platform.times(ana, "400m") == []


async def test_a_deletion_told_of_a_run_that_is_there_deletes_nothing(platform: Platform, ana: UUID) -> None:
    activity = platform.strava.create(run(ana)).activity
    platform.strava.tell(deleted(activity))
    await platform.settle()
    assert await platform.times(ana) == [250.0]


async def test_a_run_imported_again_after_its_deletion_is_ranked_once(platform: Platform, ana: UUID) -> None:
    platform.strava.delete(platform.strava.create(run(ana)).activity)
    again = platform.strava.create(run(ana)).activity
    await platform.settle()
    assert [rank["activity_id"] for rank in await platform.ranks(ana, "1km")] == [str(again.id)]


async def test_an_event_that_comes_twice_and_jobs_that_run_at_once_have_one_effect(
    platform: Platform, ana: UUID
) -> None:
    activity = platform.strava.create(run(ana)).activity
    platform.strava.events.append(platform.strava.events[0].model_copy(update={"position": 2}))
    for _ in range(5):
        platform.strava.tell(created(activity))
    await platform.settle()
    assert platform.strava.reads == [activity.id] * 6
    assert await platform.times(ana) == [250.0]
    assert await platform.scalar("SELECT count(*) FROM efforts") == 3
    assert await platform.scalar("SELECT count(*) FROM outbox") == 3


async def test_a_store_that_was_down_is_asked_again(platform: Platform, ana: UUID) -> None:
    platform.strava.create(run(ana))
    await platform.settle()
    second = run(ana, speed=5)
    platform.strava.down = True
    await platform.execute(
        "INSERT INTO jobs (id, kind, payload) VALUES (gen_random_uuid(), 'analyse',"
        f""" '{{"activity_id": "{second.activity.id}", "again": false}}')"""
    )
    await platform.waker.wake("analytics")

    async def tried() -> bool:
        return bool(await platform.scalar("SELECT count(*) FROM jobs WHERE state = 'queued' AND attempts > 0"))

    await eventually(tried, within=20)
    assert await platform.times(ana) == [250.0]
    platform.strava.activities[second.activity.id] = second
    platform.strava.down = False
    await platform.settle()
    assert await platform.times(ana) == [200.0, 250.0]


async def test_of_equal_times_the_earlier_ranks_first_and_ten_are_shown(platform: Platform, ana: UUID) -> None:
    late = [platform.strava.create(run(ana, start=START + timedelta(days=day))).activity for day in range(8, 0, -1)]
    fast = [platform.strava.create(run(ana, speed=5, start=START + timedelta(days=20 + n))).activity for n in range(3)]
    early = platform.strava.create(run(ana)).activity
    await platform.settle()
    ranks = await platform.ranks(ana, "1km")
    expected = [*fast, early, *reversed(late)][:10]
    assert [rank["activity_id"] for rank in ranks] == [str(activity.id) for activity in expected]
    assert [rank["rank"] for rank in ranks] == list(range(1, 11))


async def test_windows_look_back_as_far_as_they_say(platform: Platform, ana: UUID) -> None:
    for days, speed in ((10, 3.2), (80, 3.3), (100, 3.4), (350, 3.5), (380, 3.6), (720, 3.7), (740, 3.8)):
        platform.strava.create(run(ana, speed=speed, start=ago(days=days)))
    await platform.settle()
    counts = {window: len(await platform.times(ana, window=window)) for window in ("all", "2y", "1y", "3m")}
    assert counts == {"all": 7, "2y": 6, "1y": 4, "3m": 2}


async def test_a_kept_table_is_not_served_once_an_effort_has_left_the_window(platform: Platform, ana: UUID) -> None:
    platform.strava.create(run(ana, start=ago(days=10)))
    await platform.settle()
    assert await platform.times(ana, window="1y") == [250.0]
    valid_until = await platform.scalar("SELECT valid_until FROM rank_tables")
    start = await platform.scalar("SELECT max(start_time) FROM efforts")
    assert timedelta(days=365) <= valid_until - start <= timedelta(days=366)
    await platform.execute("UPDATE efforts SET start_time = start_time - interval '1 year'")
    assert await platform.times(ana, window="1y") == [250.0], "still kept"
    await platform.execute("UPDATE rank_tables SET valid_until = now()")
    assert await platform.times(ana, window="1y") == []


async def test_one_distance_alone_can_be_asked_for(platform: Platform, ana: UUID) -> None:
    platform.strava.create(run(ana))
    await platform.settle()
    items = (await platform.get(ana, BEST, distance="800m")).json()["items"]
    assert [(item["distance"], len(item["ranks"])) for item in items] == [("800m", 1)]


@pytest.mark.parametrize(
    ("parameters", "pointer"),
    [({"window": "5y"}, "/query/window"), ({"window": ""}, "/query/window"), ({"distance": "3k"}, "/query/distance")],
)
async def test_unknown_windows_and_distances_are_refused(
    platform: Platform, ana: UUID, parameters: dict[str, str], pointer: str
) -> None:
    response = await platform.get(ana, BEST, **parameters)
    problem = response.json()
    assert (response.status_code, problem["errors"][0]["pointer"]) == (422, pointer)
    assert problem["next_steps"]


async def test_what_the_client_has_is_not_sent_again(platform: Platform, ana: UUID) -> None:
    platform.strava.create(run(ana))
    await platform.settle()
    first = await platform.get(ana, BEST)
    headers = {**platform.mint.headers(str(ana)), "If-None-Match": first.headers["etag"]}
    same = await platform.client.get(BEST, headers=headers)
    assert (same.status_code, same.content, same.headers["etag"]) == (304, b"", first.headers["etag"])
    platform.strava.create(run(ana, speed=5))
    await platform.settle()
    changed = await platform.client.get(BEST, headers=headers)
    assert (changed.status_code, changed.headers["etag"] != first.headers["etag"]) == (200, True)


async def test_everybody_sees_only_their_own(platform: Platform, ana: UUID) -> None:
    platform.strava.create(run(ana))
    await platform.settle()
    assert await platform.times(uuid4()) == []


async def test_a_token_is_needed_and_it_must_be_a_person_s(platform: Platform) -> None:
    assert (await platform.client.get(BEST)).status_code == 401
    service = {"Authorization": f"Bearer {platform.mint.service_token('trainer')}"}
    assert (await platform.client.get(BEST, headers=service)).status_code == 403


async def test_a_real_race_has_its_known_times(platform: Platform, ana: UUID, race: Path) -> None:
    platform.strava.create(recorded(race, ana))
    await platform.settle()
    answer = (await platform.get(ana, BEST)).json()
    times = {item["distance"]: item["ranks"][0]["time"] for item in answer["items"] if item["ranks"]}
    expected = {"400m": 81.5, "800m": 166.3, "1km": 210.0, "1mi": 347.8, "5k": 1096.2, "10k": 2221.3}
    assert times == pytest.approx(expected, abs=0.1)
