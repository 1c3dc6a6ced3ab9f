import datetime as dt
import itertools
import math
from typing import Any

import pytest
from emulator_support import App, errors


def words(text: str) -> set[str]:
    return set(text.split())


SUMMARY = words(
    "resource_state athlete name distance moving_time elapsed_time total_elevation_gain type sport_type workout_type "
    "id start_date start_date_local timezone utc_offset achievement_count kudos_count comment_count "
    "athlete_count photo_count map trainer commute manual private visibility flagged gear_id start_latlng end_latlng "
    "average_speed max_speed has_heartrate upload_id upload_id_str external_id device_name pr_count total_photo_count "
    "has_kudoed"
)
PULSE = {"average_heartrate", "max_heartrate", "suffer_score"}
HEIGHT = {"elev_high", "elev_low"}
DETAIL = words(
    "description calories perceived_exertion segment_efforts splits_metric splits_standard laps best_efforts gear "
    "photos embed_token available_zones hide_from_home"
)
SPLIT = words(
    "distance elapsed_time elevation_difference moving_time split average_speed average_grade_adjusted_speed "
    "average_heartrate pace_zone"
)
LAP = words(
    "id name elapsed_time moving_time start_date start_date_local distance average_speed max_speed lap_index split "
    "start_index end_index total_elevation_gain average_cadence average_heartrate max_heartrate pace_zone"
)
STREAMS = words("time distance latlng altitude velocity_smooth heartrate cadence watts temp moving grade_smooth")


def metres(here: list[float], there: list[float]) -> float:
    """On a plane that touches the earth between the two."""
    east = math.radians(there[1] - here[1]) * math.cos(math.radians(here[0]))
    return 6_371_008.8 * math.hypot(math.radians(there[0] - here[0]), east)


async def streams(app: App, activity_id: int, **parameters: Any) -> dict[str, Any]:
    found: dict[str, Any] = await app.get(
        f"/activities/{activity_id}/streams", **{"keys": ",".join(sorted(STREAMS)), "key_by_type": "true"} | parameters
    )
    return found


@pytest.fixture
async def signed_in(app: App) -> App:
    await app.sign_in()
    return app


async def test_the_profile_is_whole_only_with_the_scope(app: App) -> None:
    await app.sign_in()
    whole = await app.get("/athlete")
    assert (whole["resource_state"], whole["shoes"][0]["resource_state"]) == (3, 2)
    await app.sign_in("read")
    assert "shoes" not in await app.get("/athlete")
    answer = await app.http.get("/athlete/zones")
    assert errors(answer) == (401, "Authorization Error", [("AccessToken", "profile:read_permission", "missing")])


async def test_zones_end_with_minus_one(signed_in: App) -> None:
    zones = (await signed_in.get("/athlete/zones"))["heart_rate"]["zones"]
    assert len(zones) == 5
    assert (zones[0]["min"], zones[-1]["max"]) == (0, -1)


async def test_stats_are_the_sum_of_the_list_and_ones_own(signed_in: App) -> None:
    runs = [each for each in await signed_in.get("/athlete/activities", per_page=200) if each["sport_type"] == "Run"]
    totals = (await signed_in.get(f"/athletes/{signed_in.athlete_id}/stats"))["all_run_totals"]
    assert totals["count"] == len(runs)
    assert totals["distance"] == pytest.approx(sum(run["distance"] for run in runs))
    assert (await signed_in.http.get(f"/athletes/{signed_in.athlete_id + 1}/stats")).status_code == 401


async def test_the_list_has_exactly_strava_s_keys(signed_in: App) -> None:
    outdoor = await signed_in.add()
    assert set(outdoor) == SUMMARY | PULSE | HEIGHT | {"average_cadence"}
    bare = await signed_in.add(hr=None, cadence=False, indoor=True)
    assert set(bare) == SUMMARY
    assert (bare["start_latlng"], bare["map"]["summary_polyline"], bare["trainer"]) == ([], "", True)
    manual = await signed_in.add(manual=True)
    assert set(manual) == SUMMARY
    assert manual["upload_id"] is None


async def test_pages_go_on_until_an_empty_one(signed_in: App) -> None:
    found: list[int] = []
    for page in itertools.count(1):
        some = await signed_in.get("/athlete/activities", page=page, per_page=7)
        if not some:
            break
        assert len(some) <= 7
        found += [each["id"] for each in some]
    everything = await signed_in.get("/athlete/activities", per_page=200)
    assert found == [each["id"] for each in everything]
    starts = [each["start_date"] for each in everything]
    assert starts == sorted(starts, reverse=True)
    answer = await signed_in.http.get("/athlete/activities", params={"per_page": 201})
    assert errors(answer) == (400, "Bad Request", [("Request", "per_page", "invalid")])


async def test_before_and_after_bound_the_list_and_after_turns_it_round(signed_in: App) -> None:
    everything = await signed_in.get("/athlete/activities", per_page=200)
    middle = dt.datetime.fromisoformat(everything[len(everything) // 2]["start_date"]).timestamp()
    later = await signed_in.get("/athlete/activities", after=int(middle), per_page=200)
    earlier = await signed_in.get("/athlete/activities", before=int(middle), per_page=200)
    assert [each["id"] for each in later] == [each["id"] for each in reversed(everything[: len(later)])]
    assert len(later) + len(earlier) == len(everything) - 1


async def test_private_activities_need_their_scope(app: App) -> None:
    made = await app.add(private=True)
    await app.sign_in("read,activity:read")
    assert made["id"] not in [each["id"] for each in await app.get("/athlete/activities")]
    answer = await app.http.get(f"/activities/{made['id']}")
    assert errors(answer) == (404, "Record Not Found", [("Activity", "id", "not found")])
    await app.sign_in()
    assert (await app.get(f"/activities/{made['id']}"))["visibility"] == "only_me"


async def test_others_activities_are_not_there(signed_in: App) -> None:
    made = await signed_in.add(athlete_id=signed_in.athlete_id + 1)
    for part in ("", "/streams", "/laps", "/zones"):
        assert (await signed_in.http.get(f"/activities/{made['id']}{part}")).status_code == 404


async def test_the_detail_has_exactly_strava_s_keys_and_agrees_with_itself(signed_in: App) -> None:
    made = await signed_in.add(distance=12_345.6, moving_time=3_700, elapsed_time=3_900)
    detail = await signed_in.get(f"/activities/{made['id']}", include_all_efforts="True")
    assert set(detail) == SUMMARY | PULSE | HEIGHT | DETAIL | {"average_cadence"}
    assert len(detail["map"]["polyline"]) > len(detail["map"]["summary_polyline"])
    for pieces, keys, length in (
        ("splits_metric", SPLIT, 1000.0),
        ("laps", LAP, 1000.0),
        ("splits_standard", SPLIT, 1609.3),
    ):
        found = detail[pieces]
        assert all(set(piece) >= keys for piece in found)
        assert {piece["distance"] for piece in found[:-1]} == {length}
        assert sum(piece["distance"] for piece in found) == pytest.approx(12_345.6, abs=1)
        assert sum(piece["moving_time"] for piece in found) == pytest.approx(3_700, abs=len(found))
        assert sum(piece["elapsed_time"] for piece in found) == pytest.approx(3_900, abs=len(found))
    assert [effort["name"] for effort in detail["best_efforts"]][-1] == "10K"
    assert all(effort["id"] > 2**53 for effort in detail["best_efforts"])
    assert (await signed_in.get(f"/activities/{made['id']}/laps")) == detail["laps"]


async def test_times_are_told_as_strava_tells_them(signed_in: App) -> None:
    summer = await signed_in.add(timezone="America/New_York", start_date="2026-07-01T23:30:00Z", moving_time=600)
    assert summer["start_date"] == "2026-07-01T23:30:00Z"
    assert summer["start_date_local"] == "2026-07-01T19:30:00Z"
    assert summer["timezone"] == "(GMT-05:00) America/New_York"
    assert summer["utc_offset"] == -14400.0
    hidden = await signed_in.add(
        timezone="America/New_York", start_date="2026-07-02T23:30:00Z", moving_time=600, hidden_start=True
    )
    assert (hidden["start_date_local"], hidden["start_date"]) == ("2026-07-02T00:00:01Z", "2026-07-02T04:00:01Z")


async def test_streams_are_plausible_and_agree_with_the_activity(signed_in: App) -> None:
    made = await signed_in.add(distance=10_000, moving_time=3_000, elapsed_time=3_240, watts=True, temp=True, hr=151)
    found = await streams(signed_in, made["id"])
    assert set(found) == STREAMS
    assert {(s["series_type"], s["original_size"], len(s["data"])) for s in found.values()} == {
        ("distance", 3001, 3001)
    }
    data = {name: stream["data"] for name, stream in found.items()}
    assert (data["time"][0], data["time"][-1]) == (0, 3240)
    gaps = [after - before for before, after in itertools.pairwise(data["time"])]
    assert sum(gap - 1 for gap in gaps if gap > 1) == 240
    assert all(after >= before for before, after in itertools.pairwise(data["distance"]))
    assert data["distance"][-1] == 10_000
    way = sum(metres(here, there) for here, there in itertools.pairwise(data["latlng"]))
    assert way == pytest.approx(10_000, rel=0.02)
    assert sum(data["heartrate"]) / 3001 == pytest.approx(151, abs=2)
    assert max(data["heartrate"]) == made["max_heartrate"]
    assert max(data["altitude"]) == made["elev_high"]
    assert 70 < sum(data["cadence"]) / 3001 < 100
    assert max(data["velocity_smooth"]) <= made["max_speed"] + 0.1
    assert data["latlng"][0] == pytest.approx(made["start_latlng"])


async def test_the_same_activity_has_the_same_streams_every_time(signed_in: App) -> None:
    made = await signed_in.add()
    assert await streams(signed_in, made["id"]) == await streams(signed_in, made["id"])


async def test_streams_that_do_not_exist_are_left_out(signed_in: App) -> None:
    indoor = await signed_in.add(indoor=True, hr=None)
    assert set(await streams(signed_in, indoor["id"])) == {"time", "distance", "velocity_smooth", "cadence", "moving"}
    some = await streams(signed_in, indoor["id"], keys="time,latlng")
    assert set(some) == {"time", "distance"}
    manual = await signed_in.add(manual=True)
    answer = await signed_in.http.get(f"/activities/{manual['id']}/streams?keys=time&key_by_type=true")
    assert errors(answer) == (404, "Resource Not Found", [])


async def test_streams_come_as_a_list_and_with_fewer_points_when_asked_so(signed_in: App) -> None:
    made = await signed_in.add()
    listed = await signed_in.get(f"/activities/{made['id']}/streams", keys="time,distance")
    assert {stream["type"] for stream in listed} == {"time", "distance"}
    few = await streams(signed_in, made["id"], resolution="low")
    assert (len(few["time"]["data"]), few["time"]["resolution"]) == (100, "low")
    assert few["time"]["data"][-1] == made["elapsed_time"]


async def test_streams_given_in_json_come_back(signed_in: App) -> None:
    given = {
        "time": [0, 2, 4, 60, 62],
        "distance": [0.0, 6.0, 12.0, 12.0, 18.0],
        "latlng": [[-35.8, 137.2 + 0.00007 * n] for n in range(5)],
        "heartrate": [100, 110, 120, 110, 121],
    }
    made = await signed_in.add(streams=given)
    assert (made["distance"], made["moving_time"], made["elapsed_time"]) == (18.0, 6, 62)
    found = await streams(signed_in, made["id"])
    assert {name: found[name]["data"] for name in given} == given
    assert "cadence" not in found


async def test_gear_counts_its_metres(signed_in: App) -> None:
    shoe = (await signed_in.get("/athlete"))["shoes"][0]
    await signed_in.add(distance=5_000, gear_id=shoe["id"])
    gear = await signed_in.get(f"/gear/{shoe['id']}")
    assert gear["distance"] == shoe["distance"] + 5_000
    assert (await signed_in.http.get("/gear/g1")).status_code == 404


async def test_zones_of_an_activity_add_up_to_its_moving_time(signed_in: App) -> None:
    made = await signed_in.add(moving_time=2_000)
    (zone,) = await signed_in.get(f"/activities/{made['id']}/zones")
    assert sum(bucket["time"] for bucket in zone["distribution_buckets"]) == 2_000
    bare = await signed_in.add(hr=None)
    assert await signed_in.get(f"/activities/{bare['id']}/zones") == []
