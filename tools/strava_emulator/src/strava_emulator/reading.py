"""What an app may read: the athlete, activities, streams, gear."""

from typing import Annotated

from fastapi import APIRouter, Query, Response

from strava_emulator.dependencies import Caller, Reader, TheEmulator
from strava_emulator.emulator import READ_ALL, Emulator
from strava_emulator.errors import as_json, missing_scope, no_resource, not_found
from strava_emulator.models import Activity, Athlete, Json
from strava_emulator.pieces import heartrate_zones, laps, zones
from strava_emulator.rendering import athlete_detail, athlete_summary, detail, gear_detail
from strava_emulator.stats import stats
from strava_emulator.streams import streams
from strava_emulator.tokens import Session
from strava_emulator.tracks.recorded import full_track
from strava_emulator.tracks.track import Track

router = APIRouter(tags=["read"])
MOST_PER_PAGE = 200


def visible(emulator: Emulator, caller: Session, activity_id: int) -> Activity:
    """The caller's own activity; raises 404 for others', for private ones without the scope, and too early."""
    activity = emulator.activity(activity_id)
    young = activity.created_at + emulator.faults.faults.not_found_after_create_s > emulator.clock()
    hidden = activity.private and READ_ALL not in caller.scopes
    if activity.athlete_id != caller.athlete.id or young or hidden:
        raise not_found("Activity")
    return activity


def whole(emulator: Emulator, activity: Activity, athlete: Athlete) -> Json:
    """An activity with all its details."""
    track = emulator.tracks.coarse(activity, athlete)
    return detail(activity, track, athlete, emulator.shoe_metres(athlete))


@router.get("/athlete")
async def athlete(emulator: TheEmulator, caller: Caller) -> Response:
    if "profile:read_all" not in caller.scopes:
        return as_json(athlete_summary(caller.athlete))
    return as_json(athlete_detail(caller.athlete, emulator.shoe_metres(caller.athlete)))


@router.get("/athlete/zones")
async def athlete_zones(caller: Caller) -> Response:
    if "profile:read_all" not in caller.scopes:
        raise missing_scope("profile:read_permission")
    return as_json({"heart_rate": {"custom_zones": False, "zones": heartrate_zones(caller.athlete)}})


@router.get("/athletes/{athlete_id}/stats")
async def athlete_stats(emulator: TheEmulator, caller: Reader, athlete_id: int) -> Response:
    if athlete_id != caller.athlete.id:
        raise missing_scope("athlete")
    activities = emulator.store.activities(athlete_id)
    return as_json(stats(activities, emulator.summary, emulator.clock()))


@router.get("/athlete/activities")
async def athlete_activities(
    emulator: TheEmulator,
    caller: Reader,
    before: float | None = None,
    after: float | None = None,
    page: Annotated[int, Query(ge=1)] = 1,
    per_page: Annotated[int, Query(ge=1, le=MOST_PER_PAGE)] = 30,
) -> Response:
    """Newest first; with ``after`` oldest first."""
    late = emulator.clock() - emulator.faults.faults.not_found_after_create_s
    found = [
        activity
        for activity in emulator.store.activities(caller.athlete.id)
        if (before is None or activity.start < before)
        and (after is None or activity.start > after)
        and (not activity.private or READ_ALL in caller.scopes)
        and activity.created_at <= late
    ]
    if after is not None:
        found.reverse()
    start = (page - 1) * per_page
    return as_json([emulator.summary(activity) for activity in found[start : start + per_page]])


@router.get("/activities/{activity_id}")
async def activity(emulator: TheEmulator, caller: Reader, activity_id: int) -> Response:
    return as_json(whole(emulator, visible(emulator, caller, activity_id), caller.athlete))


def _track(emulator: Emulator, caller: Session, activity_id: int) -> tuple[Activity, Track | None]:
    found = visible(emulator, caller, activity_id)
    return found, emulator.tracks.coarse(found, caller.athlete)


@router.get("/activities/{activity_id}/laps")
async def activity_laps(emulator: TheEmulator, caller: Reader, activity_id: int) -> Response:
    found, track = _track(emulator, caller, activity_id)
    return as_json(laps(found, track) if track else [])


@router.get("/activities/{activity_id}/zones")
async def activity_zones(emulator: TheEmulator, caller: Reader, activity_id: int) -> Response:
    _, track = _track(emulator, caller, activity_id)
    return as_json(zones(caller.athlete, track) if track else [])


@router.get("/activities/{activity_id}/streams")
async def activity_streams(
    emulator: TheEmulator,
    caller: Reader,
    activity_id: int,
    keys: str = "",
    key_by_type: str = "",
    series_type: str = "distance",
    resolution: str | None = None,
) -> Response:
    """The streams asked for that there are; 404 where there are none at all, or none yet."""
    found = visible(emulator, caller, activity_id)
    late = found.created_at + emulator.faults.faults.streams_late_s > emulator.clock()
    track = None if late else full_track(found, caller.athlete)
    if track is None:
        raise no_resource()
    wanted = [key for key in keys.split(",") if key]
    made = streams(track, wanted, "time" if series_type == "time" else "distance", resolution)
    if key_by_type.lower() in {"1", "true"}:
        return as_json(made)
    return as_json([{"type": name, **stream} for name, stream in made.items()])


@router.get("/gear/{gear_id}")
async def gear(emulator: TheEmulator, caller: Caller, gear_id: str) -> Response:
    shoe = next((each for each in caller.athlete.shoes if each.id == gear_id), None)
    if shoe is None:
        raise not_found("Gear")
    return as_json(gear_detail(shoe, emulator.shoe_metres(caller.athlete).get(shoe.id, 0.0)))
