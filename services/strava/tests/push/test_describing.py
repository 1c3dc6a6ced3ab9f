from typing import Any

import pytest
from emulated import Emulated, Runner
from sending import imported

from strava.push.describing import Effort, clock, plan_versus_actual, with_block
from strava.push.tasks import duplicate_of, plain

PLANNED = {"name": "Easy run", "distance": 8000, "duration": 2880}


def test_plan_and_result_stand_side_by_side() -> None:
    told = plan_versus_actual(Effort(8000, 2880, "Easy run"), Effort(8120, 2850))
    assert told.splitlines() == [
        "Plan and result:",
        "Planned: Easy run, 8.00 km, 48:00, 6:00 /km",
        "Done: 8.12 km, 47:30, 5:51 /km (102 % of the distance, 99 % of the time)",
    ]


def test_what_was_not_planned_is_not_compared() -> None:
    told = plan_versus_actual(Effort(None, 3600), Effort(None, 3000))
    assert told.splitlines()[1:] == ["Planned: 1:00:00", "Done: 50:00 (83 % of the time)"]
    assert "%" not in plan_versus_actual(Effort(5000, None), Effort(None, 3000))


@pytest.mark.parametrize(("seconds", "told"), [(0, "0:00"), (59.6, "1:00"), (3599.7, "1:00:00"), (3605, "1:00:05")])
def test_times_are_read_off_a_clock(seconds: float, told: str) -> None:
    assert clock(seconds) == told


def test_the_block_takes_the_place_of_the_one_before() -> None:
    once = with_block("Windy.", "Plan and result:\nA")
    assert once == "Windy.\n\nPlan and result:\nA"
    assert with_block(once, "Plan and result:\nB") == "Windy.\n\nPlan and result:\nB"
    assert with_block("", "Plan and result:\nA") == "Plan and result:\nA"


@pytest.mark.parametrize(
    ("error", "number"),
    [
        ("run.gpx duplicate of activity 15000000002", 15_000_000_002),
        ("x duplicate of activity <a href='/activities/1234' target='_blank'>1234</a>", 1234),
        ("x duplicate of <a href='/activities/1234' target='_blank'>Morning Run</a>", 1234),
        ("The file is malformed.", None),
        ("duplicate of activity " + "9" * 40, 10**18 - 1),
        (None, None),
    ],
)
def test_a_duplicate_is_read_with_and_without_markup(error: str | None, number: int | None) -> None:
    assert duplicate_of(error) == number


def test_what_strava_says_is_shown_without_markup() -> None:
    assert plain("<b>The file</b> is <a href='x'>empty</a>.\x00") == "The file is empty."
    assert len(plain("x" * 10_000)) == 300


async def describe(runner: Runner, reference: str, body: Any) -> Any:
    return await runner.here.request("PUT", f"/strava/activities/{reference}/description", json=body)


async def test_a_description_is_written_at_strava_and_comes_back(sender: Runner) -> None:
    number = await sender.runs(distance=8100, moving_time=2860, description="Windy.")
    activity = await sender.sees(number)
    response = await describe(sender, activity["id"], {"planned": PLANNED})
    assert response.status_code == 200, response.text
    told = response.json()["description"]
    assert told.startswith("Windy.\n\nPlan and result:\nPlanned: Easy run, 8.00 km, 48:00, 6:00 /km\nDone: 8.10 km")
    await sender.sees(number, version=2)
    assert (await sender.here.get(f"/activities/{activity['id']}"))["description"] == told
    response = await describe(sender, str(number), {"text": "Only this"})
    assert response.json() == {"strava_id": str(number), "description": "Only this"}
    again = await describe(sender, str(number), {"planned": {"duration": 3000}})
    assert again.json()["description"].startswith("Only this\n\nPlan and result:\nPlanned: 50:00\nDone: ")


async def test_what_cannot_be_described_says_why(sender: Runner, emulated: Emulated) -> None:
    local = await imported(sender)
    for reference, status, code in (
        (local, 409, "strava.not_at_strava"),
        ("018f0000-0000-7000-8000-00000000dead", 404, "activity.not_found"),
        ("999", 404, "strava.activity_not_found"),
        ("9" * 19, 404, "strava.activity_not_found"),
        ("9" * 60, 404, "strava.activity_not_found"),
        ("nonsense", 404, "strava.activity_not_found"),
        ("٣", 404, "strava.activity_not_found"),
    ):
        response = await describe(sender, reference, {"text": "x"})
        assert (response.status_code, response.json()["code"]) == (status, code), reference
    wrong: list[dict[str, Any]] = [
        {},
        {"text": "x", "planned": PLANNED},
        {"planned": {}},
        {"text": "\x00"},
        {"text": "x" * 10_001},
    ]
    for body in wrong:
        assert (await describe(sender, "999", body)).status_code == 422
    await emulated.control("PUT", "/faults", json={"status": 503})
    assert (await describe(sender, "999", {"text": "x"})).status_code in {502, 503}
