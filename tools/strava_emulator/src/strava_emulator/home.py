"""The page at ``/``: for a person who wants a run to arrive, or an event. And /health."""

from typing import Annotated

from fastapi import APIRouter, Form, Response
from fastapi.responses import HTMLResponse, RedirectResponse
from pydantic import ValidationError

from strava_emulator import pages
from strava_emulator.bodies import NewActivity
from strava_emulator.control import from_numbers
from strava_emulator.dependencies import TheEmulator
from strava_emulator.errors import as_json
from strava_emulator.tokens import SCOPES

router = APIRouter(tags=["page"])


@router.get("/health", include_in_schema=False)
async def health() -> Response:
    return as_json({"status": "ok"})


@router.get("/", include_in_schema=False)
async def home(emulator: TheEmulator) -> HTMLResponse:
    return HTMLResponse(pages.home(emulator))


@router.post("/", include_in_schema=False)
async def act(
    emulator: TheEmulator,
    action: Annotated[str, Form()],
    athlete_id: Annotated[int, Form()] = 0,
    activity_id: Annotated[int, Form(ge=0, lt=2**63)] = 0,
    aspect_type: Annotated[str, Form()] = "create",
    name: Annotated[str, Form(max_length=255)] = "",
    sport_type: Annotated[str, Form(max_length=60)] = "Run",
    kilometres: Annotated[float, Form(gt=0, le=1_000)] = 8.0,
    minutes: Annotated[float, Form(gt=0, le=10_000)] = 44.0,
    scope: Annotated[list[str] | None, Form()] = None,
) -> Response:
    """Do what a form of the page asks for, and show the page again."""
    athlete = emulator.store.athletes.get(athlete_id)
    if action == "add" and athlete:
        try:
            numbers = NewActivity(
                name=name or None, sport_type=sport_type, distance=1000 * kilometres, moving_time=round(60 * minutes)
            )
        except ValidationError:
            return HTMLResponse(pages.home(emulator, "That is not an activity"), status_code=422)
        emulator.add(from_numbers(emulator, athlete, numbers))
    elif action == "authorise" and athlete:
        scopes = frozenset({"read", *(scope or ())} & {*SCOPES})
        code = emulator.tokens.authorise(athlete, scopes, emulator.clock())
        return HTMLResponse(pages.home(emulator, f"{athlete.name} said yes. The code for /oauth/token: {code}"))
    elif action == "fire" and athlete and aspect_type in {"create", "update", "delete"}:
        emulator.fire([emulator.event("activity", activity_id, athlete.id, aspect_type, {})])
    elif action == "delete" and (found := emulator.store.activity(activity_id)):
        emulator.delete(found)
    elif action == "revoke" and athlete:
        emulator.revoke(athlete)
    else:
        return HTMLResponse(pages.home(emulator, "Nothing was done: no such athlete or activity"), status_code=422)
    return RedirectResponse("/", status_code=303)
