from datetime import UTC, datetime, timedelta

import made_up
from emulated import Emulated, Runner


async def test_the_list_is_stravas_own_page_by_page(runner: Runner, emulated: Emulated) -> None:
    start = datetime.now(UTC) - timedelta(days=2)
    here = await runner.runs(name="Here", start_date=start.isoformat(), distance=600, moving_time=200)
    stored = await runner.sees(here)
    await emulated.control("PUT", "/faults", json={"drop_webhooks": True})
    there = [
        await runner.runs(
            name=f"There {day}", start_date=(start - timedelta(days=day)).isoformat(), manual=True, distance=600
        )
        for day in (1, 2)
    ]
    first = await runner.here.get("/strava/activities?limit=2")
    assert [each["id"] for each in first["items"]] == [str(here), str(there[0])]
    assert [each["activity_id"] for each in first["items"]] == [stored["id"], None]
    assert (first["items"][1]["name"], first["items"][1]["manual"], first["items"][1]["sport"]) == (
        "There 1",
        True,
        "Run",
    )
    second = await runner.here.get(f"/strava/activities?limit=2&cursor={first['next_cursor']}")
    assert [each["id"] for each in second["items"]] == [str(there[1])]
    end = await runner.here.get(f"/strava/activities?limit=2&cursor={second['next_cursor']}")
    assert end == {"items": [], "next_cursor": None}  # only an empty page is the end: Strava gives short ones before


async def test_splits_are_stravas_own(runner: Runner) -> None:
    number = await runner.runs(distance=3300, moving_time=1000)
    activity = await runner.sees(number)
    by_number = await runner.here.get(f"/strava/splits/{number}")
    assert by_number == await runner.here.get(f"/strava/splits/{activity['id']}")
    assert [round(each["distance"], -2) for each in by_number["items"]] == [1000, 1000, 1000, 300]
    assert sum(each["moving_time"] for each in by_number["items"]) > 900
    miles = await runner.here.get(f"/strava/splits/{number}?unit=mi")
    assert (miles["unit"], len(miles["items"])) == ("mi", 3)


async def test_what_strava_does_not_have_is_404(runner: Runner) -> None:
    own = (await runner.here.give(("run.gpx", made_up.run())))["run.gpx"]["activity_ids"][0]
    for reference, status, code in (
        ("1", 404, "strava.activity_not_found"),
        ("x", 404, "strava.activity_not_found"),
        ("018f0000-0000-7000-8000-00000000dead", 404, "activity.not_found"),
        (own, 409, "strava.not_at_strava"),
    ):
        response = await runner.here.request("GET", f"/strava/splits/{reference}")
        assert (response.status_code, response.json()["code"]) == (status, code)
    assert (await runner.here.request("GET", "/strava/activities?cursor=nonsense")).status_code == 422
    assert (await runner.here.request("GET", "/strava/activities?limit=0")).status_code == 422
