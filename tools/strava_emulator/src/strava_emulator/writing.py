"""What an app may write: uploads, activities by hand, changes."""

import asyncio
from http import HTTPStatus
from typing import Any

from fastapi import APIRouter, Response
from starlette.datastructures import UploadFile

from strava_emulator.dependencies import Fields, GivenFields, TheEmulator, Writer, boolean, number, text
from strava_emulator.emulator import Emulator
from strava_emulator.errors import StravaError, as_json, bad_request, not_found
from strava_emulator.files import MOST_BYTES, TYPES, UnreadableFileError, parse
from strava_emulator.making import default_name, fingerprint, former, of_recording, overlapping
from strava_emulator.models import Activity, Athlete, Upload
from strava_emulator.reading import visible, whole
from strava_emulator.sports import known_sport
from strava_emulator.times import from_local, local
from strava_emulator.uploads import duplicate_error

router = APIRouter(tags=["write"])
DATA_TYPES = frozenset({*TYPES, *(f"{kind}.gz" for kind in TYPES)})
LONGEST_S, FURTHEST_M = 30 * 86_400, 10_000_000
LONGEST_TEXT = 10_000


@router.post("/uploads")
async def upload(emulator: TheEmulator, caller: Writer, fields: GivenFields) -> Response:
    """Take a file; it is processed after a while."""
    file, data_type = fields.get("file"), (text(fields, "data_type") or "").lower()
    if data_type not in DATA_TYPES:
        raise bad_request("Upload", "data_type")
    if not isinstance(file, UploadFile):
        raise bad_request("Upload", "file", "missing")
    if (file.size or 0) > MOST_BYTES:
        raise bad_request("Upload", "file", "too large")
    given = text(fields, "external_id") or (file.filename or "upload").rsplit(".", 1)[0]
    name = given if given.lower().endswith(f".{data_type}") else f"{given}.{data_type}"
    accepted = emulator.uploads.accept(caller.athlete.id, name)
    answer = emulator.uploads.as_json(accepted)
    emulator.background.start(
        _process(emulator, caller.athlete, accepted, await file.read(), data_type, _known(fields))
    )
    return as_json(answer, HTTPStatus.CREATED)


def _known(fields: Fields) -> dict[str, Any]:
    """What the client says about the file itself."""
    names = {"name": text(fields, "name"), "description": text(fields, "description")}
    found = {name: value[:LONGEST_TEXT] for name, value in names.items() if value}
    sport = text(fields, "sport_type") or text(fields, "activity_type")
    if sport:
        found["sport_type"] = _sport(sport)
    flags = {"trainer": boolean(fields, "trainer"), "commute": boolean(fields, "commute")}
    return found | {name: True for name, value in flags.items() if value}


async def _process(
    emulator: Emulator, athlete: Athlete, accepted: Upload, data: bytes, data_type: str, known: dict[str, Any]
) -> None:
    await asyncio.sleep(emulator.settings.upload_s)
    try:
        recording = await asyncio.to_thread(parse, data, data_type)
    except UnreadableFileError as error:
        accepted.error = str(error)
        return
    made = of_recording(
        athlete, recording, **known, content=fingerprint(data), external_id=accepted.external_id, upload_id=accepted.id
    )
    same = former(emulator, made)
    if same:
        html = emulator.faults.faults.html_upload_errors
        accepted.error = duplicate_error(accepted.external_id, same, html=html)
    else:
        accepted.activity_id = emulator.add(made).id


@router.get("/uploads/{upload_id}")
async def upload_status(emulator: TheEmulator, caller: Writer, upload_id: int) -> Response:
    found = emulator.uploads.get(upload_id, caller.athlete.id)
    if found is None:
        raise not_found("Upload")
    return as_json(emulator.uploads.as_json(found))


@router.post("/activities")
async def create(emulator: TheEmulator, caller: Writer, fields: GivenFields) -> Response:
    """An activity by hand: done already, and at a time when there was no other."""
    made = _by_hand(caller.athlete, fields)
    if made.end > emulator.clock():
        raise bad_request("Activity", "start_date_local")
    if overlapping(emulator, made):
        raise StravaError(HTTPStatus.CONFLICT, "Conflict", ("Activity", "start_date_local", "already exists"))
    return as_json(whole(emulator, emulator.add(made), caller.athlete), HTTPStatus.CREATED)


def _sport(text: str) -> str:
    try:
        return known_sport(text)
    except ValueError:
        raise bad_request("Activity", "sport_type") from None


def _by_hand(athlete: Athlete, fields: Fields) -> Activity:
    sport = text(fields, "sport_type") or text(fields, "type")
    elapsed = number(fields, "elapsed_time", most=LONGEST_S)
    if not sport:
        raise bad_request("Activity", "sport_type", "missing")
    sport = _sport(sport)
    if not elapsed or elapsed < 1:
        raise bad_request("Activity", "elapsed_time")
    try:
        start = from_local(text(fields, "start_date_local") or "", athlete.place.timezone)
    except (ValueError, OverflowError):
        raise bad_request("Activity", "start_date_local") from None
    return Activity(
        id=0,
        athlete_id=athlete.id,
        name=(text(fields, "name") or default_name(sport, local(start, athlete.place.timezone).hour))[:LONGEST_TEXT],
        sport_type=sport,
        start=start,
        timezone=athlete.place.timezone,
        distance=number(fields, "distance", most=FURTHEST_M) or 0.0,
        moving_time=int(elapsed),
        elapsed_time=int(elapsed),
        origin="manual",
        cadence=False,
        description=(text(fields, "description") or "")[:LONGEST_TEXT] or None,
        trainer=boolean(fields, "trainer") or False,
        commute=boolean(fields, "commute") or False,
    )


@router.put("/activities/{activity_id}")
async def change(emulator: TheEmulator, caller: Writer, fields: GivenFields, activity_id: int) -> Response:
    """Name, sport, description, gear, trainer, commute, hidden from home."""
    found = visible(emulator, caller, activity_id)
    values: dict[str, Any] = {}
    for theirs, ours in {
        "name": "name",
        "sport_type": "sport_type",
        "type": "sport_type",
        "description": "description",
    }.items():
        value = text(fields, theirs)
        if value is not None and (value or theirs == "description") and ours not in values:
            values[ours] = _sport(value) if ours == "sport_type" else value[:LONGEST_TEXT]
    for name in ("trainer", "commute", "hide_from_home"):
        flag = boolean(fields, name)
        if flag is not None:
            values[name] = flag
    gear = text(fields, "gear_id")
    if gear is not None:
        if gear not in {"none", *(shoe.id for shoe in caller.athlete.shoes)}:
            raise bad_request("Activity", "gear_id")
        values["gear_id"] = None if gear == "none" else gear
    return as_json(whole(emulator, emulator.change(found, values), caller.athlete))
