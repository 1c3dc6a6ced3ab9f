"""What an athlete sends to Strava goes through the whole platform and comes back as the same activity."""

from typing import Any

import fit_files
from running_platform import WRITING, Person, RunningPlatform, Strava, eventually


def sent(person: Person, path: str, **body: Any) -> dict[str, Any]:
    answer = person.http.post(f"/strava/{path}", json=body)
    assert answer.status_code == 202, answer.text
    push_id = answer.json()["id"]

    def settled() -> Any:
        push = person.get(f"/strava/uploads/{push_id}")
        return push if push["strava_id"] or push["state"] == "failed" else None

    return dict(eventually(settled, within=40, what="the push"))


def test_a_fit_file_goes_to_strava_gets_its_description_and_stays_one_activity(
    platform: RunningPlatform, strava: Strava
) -> None:
    person = platform.person()
    assert strava.connect(person, strava.new_athlete(), WRITING).status_code == 200
    [item] = person.import_files([("run.fit", fit_files.run(900, 3.0))]).values()
    [activity_id] = item["activity_ids"]
    push = sent(person, "uploads", activity_id=activity_id)
    assert push["state"] == "done", push

    def merged() -> bool:
        return bool(person.get(f"/activities/{activity_id}")["sources"] == ["file", "strava"])

    eventually(merged, within=30, what="what comes back")
    planned = {"planned": {"name": "Easy", "distance": 3000, "duration": 960}}
    answer = person.http.put(f"/strava/activities/{activity_id}/description", json=planned)
    assert answer.status_code == 200, answer.text
    assert "Planned: Easy, 3.00 km, 16:00" in answer.json()["description"]
    hand = sent(
        person, "manual", name="Gym", sport="WeightTraining", start_time="2026-11-18T18:00:00Z", elapsed_time=2700
    )
    eventually(lambda: len(person.get("/activities")["items"]) == 2, within=30, what="the entry by hand")
    there = person.get("/strava/activities")["items"]
    assert {each["id"]: each["activity_id"] for each in there}[push["strava_id"]] == activity_id
    assert hand["strava_id"] in {each["id"] for each in there}
    assert person.get(f"/strava/splits/{push['strava_id']}")["items"]
    person.close()
