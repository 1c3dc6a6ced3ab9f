"""The control API below ``/emulator``: for tests, for people, never for an app."""

import asyncio
from typing import Any

from fastapi import APIRouter, HTTPException, Request, Response
from fastapi.exceptions import RequestValidationError
from pydantic import ValidationError
from starlette.datastructures import UploadFile

from strava_emulator import people
from strava_emulator.bodies import (
    Authorisation,
    ChangedActivity,
    Event,
    Events,
    Expiry,
    Limits,
    NewActivity,
    NewAthlete,
    Revocation,
)
from strava_emulator.dependencies import TheEmulator
from strava_emulator.emulator import Emulator
from strava_emulator.errors import as_json
from strava_emulator.files import UnreadableFileError, parse
from strava_emulator.making import default_name, fingerprint, of_columns, of_recording
from strava_emulator.models import Activity, Athlete, Faults, Json, Place
from strava_emulator.sports import known_sport
from strava_emulator.times import local

router = APIRouter(prefix="/emulator", tags=["control"])


def _athlete(emulator: Emulator, athlete_id: int) -> Athlete:
    if athlete_id not in emulator.store.athletes:
        raise HTTPException(404, "no such athlete")
    return emulator.store.athletes[athlete_id]


def _activity(emulator: Emulator, activity_id: int) -> Activity:
    found = emulator.store.activity(activity_id)
    if found is None:
        raise HTTPException(404, "no such activity")
    return found


def _as_json(athlete: Athlete) -> Json:
    grant = athlete.grant
    return {
        "id": athlete.id,
        "name": athlete.name,
        "timezone": athlete.place.timezone,
        "authorized": grant is not None,
        "scopes": sorted(grant.scopes) if grant else [],
        "token_expires_at": grant.newest.expires_at if grant else None,
    }


@router.get("/athletes")
async def athletes(emulator: TheEmulator) -> Response:
    return as_json([_as_json(athlete) for athlete in emulator.store.athletes.values()])


@router.post("/athletes", status_code=201)
async def add_athlete(emulator: TheEmulator, body: NewAthlete) -> Response:
    number = emulator.store.next_athlete() - people.FIRST_ATHLETE
    place = Place(**body.model_dump(include={"latitude", "longitude", "timezone", "city", "country"}))
    athlete = Athlete(
        id=people.FIRST_ATHLETE + number,
        **body.model_dump(include={"firstname", "lastname", "sex", "weight", "max_heartrate", "history_months"}),
        place=place,
        shoes=people.shoes(number),
        seed=number,
        created_at=int(emulator.clock()),
    )
    emulator.store.save_athlete(athlete)
    return as_json(_as_json(athlete), 201)


@router.get("/athletes/{athlete_id}/activities")
async def activities(emulator: TheEmulator, athlete_id: int) -> Response:
    athlete = _athlete(emulator, athlete_id)
    return as_json([emulator.summary(each) for each in emulator.store.activities(athlete.id)[:200]])


@router.post("/athletes/{athlete_id}/activities", status_code=201)
async def add_activity(emulator: TheEmulator, request: Request, athlete_id: int) -> Response:
    """From JSON (``NewActivity``), or from a multipart ``file`` (.gpx, .tcx, .fit, each also .gz)."""
    athlete = _athlete(emulator, athlete_id)
    if request.headers.get("Content-Type", "").startswith("multipart/"):
        made = await _from_file(athlete, request)
    else:
        try:
            made = from_numbers(emulator, athlete, NewActivity.model_validate_json(await request.body()))
        except ValidationError as error:
            raise RequestValidationError(error.errors(include_context=False)) from None
    return as_json(emulator.summary(emulator.add(made)), 201)


async def _from_file(athlete: Athlete, request: Request) -> Activity:
    async with request.form(max_files=1, max_fields=10) as form:
        file = form.get("file")
        if not isinstance(file, UploadFile):
            raise HTTPException(422, "the field file is missing")
        name, data = (file.filename or "").lower(), await file.read()
    packed = name.endswith(".gz")
    kind = name.removesuffix(".gz").rsplit(".", 1)[-1] + (".gz" if packed else "")
    try:
        recording = await asyncio.to_thread(parse, data, kind)
    except UnreadableFileError as error:
        raise HTTPException(422, str(error)) from error
    known: dict[str, Any] = {"name": str(form.get("name") or file.filename)[:255], "external_id": file.filename}
    if form.get("sport_type"):
        try:
            known["sport_type"] = known_sport(str(form["sport_type"]))
        except ValueError as error:
            raise HTTPException(422, str(error)) from error
    return of_recording(athlete, recording, **known, content=fingerprint(data))


def from_numbers(emulator: Emulator, athlete: Athlete, body: NewActivity) -> Activity:
    """The activity that such a body describes."""
    moving = body.moving_time or max(10, round(body.distance / 1000 * 330))
    elapsed = max(moving, body.elapsed_time or moving)
    start = int(body.start_date.timestamp() if body.start_date else emulator.clock() - elapsed)
    zone = body.timezone or athlete.place.timezone
    name = body.name or default_name(body.sport_type, local(start, zone).hour)
    same = body.model_dump(
        include={"sport_type", "cadence", "watts", "temp", "hilly", "indoor", "private", "commute", "hidden_start"}
        | {"workout_type", "gear_id", "description", "external_id"}
    )
    if body.streams:
        return of_columns(athlete, start, body.streams, **same | {"name": name, "timezone": zone})
    return Activity(
        id=0,
        athlete_id=athlete.id,
        name=name,
        start=start,
        timezone=zone,
        distance=body.distance,
        moving_time=moving,
        elapsed_time=elapsed,
        origin="manual" if body.manual else "generated",
        heartrate=body.hr,
        trainer=body.indoor,
        **same,
    )


@router.patch("/activities/{activity_id}")
async def change_activity(emulator: TheEmulator, activity_id: int, body: ChangedActivity) -> Response:
    """Change it as its athlete would; the app is told."""
    activity = _activity(emulator, activity_id)
    values = body.model_dump(exclude_none=True)
    moving = values.get("moving_time", activity.moving_time)
    values["elapsed_time"] = max(moving, values.get("elapsed_time", activity.elapsed_time))
    return as_json(emulator.summary(emulator.change(activity, values)))


@router.delete("/activities/{activity_id}", status_code=204)
async def delete_activity(emulator: TheEmulator, activity_id: int) -> None:
    emulator.delete(_activity(emulator, activity_id))


@router.post("/athletes/{athlete_id}/authorize", status_code=201)
async def authorize(emulator: TheEmulator, athlete_id: int, body: Authorisation) -> Response:
    """What the OAuth page does, without a browser: a code for ``/oauth/token``."""
    athlete = _athlete(emulator, athlete_id)
    return as_json({"code": emulator.tokens.authorise(athlete, frozenset(body.scopes), emulator.clock())}, 201)


@router.post("/athletes/{athlete_id}/revoke", status_code=204)
async def revoke(emulator: TheEmulator, athlete_id: int, body: Revocation | None = None) -> None:
    """The athlete takes the app's access back."""
    emulator.revoke(_athlete(emulator, athlete_id), tell=body is None or body.tell)


@router.put("/athletes/{athlete_id}/tokens")
async def expire_tokens(emulator: TheEmulator, athlete_id: int, body: Expiry) -> Response:
    """Have the athlete's access tokens expire in so many seconds, or some time ago."""
    return as_json(_as_json(emulator.tokens.expire(_athlete(emulator, athlete_id), body.expires_in, emulator.clock())))


@router.post("/webhooks", status_code=202)
async def fire(emulator: TheEmulator, body: Event | Events) -> Response:
    """Send events as they are given, to the callback that is subscribed."""
    if emulator.store.app.subscription is None:
        raise HTTPException(409, "there is no subscription")
    wanted = body.events if isinstance(body, Events) else [body]
    made = [_event(emulator, each) for each in wanted for _ in range(each.times)]
    return as_json({"sent": len(emulator.fire(made))}, 202)


def _event(emulator: Emulator, given: Event) -> Json:
    made = emulator.event(given.object_type, given.object_id, given.owner_id, given.aspect_type, given.updates)
    chosen = given.model_dump(include={"event_time", "subscription_id"}, exclude_none=True)
    return made | chosen


@router.get("/webhooks")
async def deliveries(emulator: TheEmulator) -> Response:
    """The last thousand events and how their delivery went, oldest first."""
    return as_json([delivery.as_json() for delivery in emulator.deliveries.recent])


@router.get("/faults")
async def faults(emulator: TheEmulator) -> Response:
    return as_json(emulator.faults.faults.model_dump() | {"calls_left": emulator.faults.calls_left})


@router.put("/faults")
async def put_faults(emulator: TheEmulator, body: Faults) -> Response:
    """These and no others go wrong from now on; an empty object ends all."""
    emulator.faults.put(body)
    return await faults(emulator)


@router.put("/limits")
async def put_limits(emulator: TheEmulator, body: Limits) -> Response:
    limits, now = emulator.limits, emulator.clock()
    for window, limit, usage in (
        (limits.overall, body.overall, body.overall_usage),
        (limits.read, body.read, body.read_usage),
    ):
        window.limit = limit or window.limit
        if usage:
            window.set_usage(usage, now)
    limits.headers_style = body.headers or limits.headers_style
    return as_json(_limits(emulator))


def _limits(emulator: Emulator) -> Json:
    limits, now = emulator.limits, emulator.clock()
    return {
        "overall": limits.overall.limit,
        "read": limits.read.limit,
        "overall_usage": limits.overall.usage(now),
        "read_usage": limits.read.usage(now),
        "headers": limits.headers_style,
        "rejected": limits.rejected,
    }


@router.get("/state")
async def state(emulator: TheEmulator) -> Response:
    subscription = emulator.store.app.subscription
    return as_json(
        {
            "client_id": emulator.settings.client_id,
            "athletes": len(emulator.store.athletes),
            "authorized": emulator.tokens.authorized,
            "refreshes": emulator.tokens.refreshes,
            "subscription": subscription.model_dump() if subscription else None,
            "limits": _limits(emulator),
            "calls": dict(emulator.calls),
            "faults": emulator.faults.faults.model_dump(exclude_defaults=True),
            "in_background": len(emulator.background),
        }
    )
