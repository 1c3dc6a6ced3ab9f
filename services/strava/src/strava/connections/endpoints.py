"""``/strava``: connect, look, sync, disconnect."""

import re
import secrets
from typing import Annotated
from urllib.parse import urlencode

from fastapi import APIRouter, Query, Request, Response
from fastapi.responses import JSONResponse, RedirectResponse

from common.db.tables import Job
from common.errors import ServiceError
from common.etag import etag_for, not_modified
from common.http import UpstreamRejected
from common.jobs import JobOut
from common.logs import get_logger
from common.resources import Resources
from common.route import DbSession, ProcessResources, TransactionalRoute
from strava.connections import service, status
from strava.connections.schemas import AuthorizeUrl, CallbackAnswer, ConnectionStatus, StravaAthlete, SyncWanted
from strava.connections.service import STATE_LIFETIME, Answer
from strava.dependencies import AthleteId
from strava.purging import service as purging
from strava.remote.remote import settings_of

COOKIE = "rt_strava_oauth"
_COOKIE_PATH = "/api"
_COOKIE_BYTES = 32
_COOKIE_FORM = re.compile(r"[A-Za-z0-9_-]{43}")
_PREFIX = "strava."

router = APIRouter(prefix="/strava", tags=["strava"], route_class=TransactionalRoute)
waiting_router = APIRouter(prefix="/strava", tags=["strava"])
"""Reads that wait for Strava: they take no place among the readers of the database meanwhile."""


@router.get("/auth", response_model=AuthorizeUrl, responses={302: {"description": "To Strava's page"}})
async def start(
    request: Request,
    resources: ProcessResources,
    athlete: AthleteId,
    write: Annotated[bool, Query(description="ask also for leave to upload and change activities")] = False,
) -> Response:
    """Start connecting: a redirect to Strava's page, or its address with ``Accept: application/json``."""
    known = request.cookies.get(COOKIE, "")
    browser = known if _COOKIE_FORM.fullmatch(known) else secrets.token_urlsafe(_COOKIE_BYTES)
    url = await service.begin(resources, athlete, browser, write=write)
    wants_json = "application/json" in request.headers.get("accept", "")
    response = JSONResponse({"url": url}) if wants_json else RedirectResponse(url, status_code=302)
    response.headers["Cache-Control"] = "no-store"
    response.set_cookie(
        COOKIE,
        browser,
        max_age=int(STATE_LIFETIME.total_seconds()),
        path=_COOKIE_PATH,
        secure=settings_of(resources).public_url.startswith("https:"),
        httponly=True,
        samesite="lax",
    )
    return response


Word = Annotated[str, Query(max_length=2000)]


@waiting_router.get("/callback", status_code=302, response_class=RedirectResponse)
async def land(
    request: Request, resources: ProcessResources, state: Word = "", code: Word = "", scope: Word = "", error: Word = ""
) -> RedirectResponse:
    """Where Strava sends the browser back to. It goes on to the page with ``?strava=`` and what came of it."""
    answer = Answer(state, code, scope, error, browser=request.cookies.get(COOKIE))
    outcome = await _outcome_of(resources, answer)
    base = settings_of(resources).public_url.rstrip("/")
    response = RedirectResponse(f"{base}/?{urlencode({'strava': outcome})}", status_code=302)
    response.headers["Cache-Control"] = "no-store"
    response.delete_cookie(COOKIE, path=_COOKIE_PATH)
    return response


async def _outcome_of(resources: Resources, answer: Answer) -> str:
    """``connected``, or the error's code without its first word; ``failed`` for what the person cannot change."""
    try:
        await service.finish(resources, answer)
    except ServiceError as refused:
        get_logger().warning("strava_not_connected", code=refused.code)
        return refused.code.removeprefix(_PREFIX) if refused.code.startswith(_PREFIX) else "failed"
    except UpstreamRejected as rejected:
        get_logger().warning("strava_not_connected", error=str(rejected))
        return "failed"
    return "connected"


@router.post("/callback")
async def finish(
    resources: ProcessResources, session: DbSession, athlete: AthleteId, body: CallbackAnswer
) -> ConnectionStatus:
    """Finish connecting where the application itself received Strava's redirect."""
    await service.finish(resources, Answer(body.state, body.code, body.scope, body.error, athlete_id=athlete))
    return await status.status_of(resources, session, athlete)


@router.get("/status", response_model=ConnectionStatus)
async def read_status(
    request: Request, resources: ProcessResources, session: DbSession, athlete: AthleteId
) -> Response:
    """How the connection stands, with the last sync and the rate limit."""
    body = (await status.status_of(resources, session, athlete)).model_dump_json().encode()
    etag = etag_for(body)
    if not_modified(request, etag):
        return Response(status_code=304, headers={"ETag": etag})
    return Response(body, media_type="application/json", headers={"ETag": etag})


@router.delete("/disconnect", status_code=204)
async def disconnect(resources: ProcessResources, session: DbSession, athlete: AthleteId) -> None:
    """Delete the tokens and take the grant back at Strava.

    What came from Strava is deleted seven days later (the operator may choose another time, or to keep it), unless
    that is undone, or the account is connected again. What also came as a file stays as the file has it.
    """
    await service.disconnect(session, athlete, grace=settings_of(resources).purge_grace)


@router.post("/disconnect/undo")
async def undo_disconnect(resources: ProcessResources, session: DbSession, athlete: AthleteId) -> ConnectionStatus:
    """Keep what was to be deleted after a disconnect. To fetch new activities, connect again.

    Where several accounts were left it is what came from the last one; once more keeps that of the one before.
    """
    await purging.undo(session, athlete)
    await session.flush()
    return await status.status_of(resources, session, athlete)


@waiting_router.get("/athlete")
async def read_athlete(resources: ProcessResources, athlete: AthleteId) -> StravaAthlete:
    """Profile, totals and zones as Strava has them now."""
    return await status.athlete_at_strava(resources, athlete)


@router.post("/sync", status_code=202)
async def sync(
    resources: ProcessResources, session: DbSession, athlete: AthleteId, body: SyncWanted | None = None
) -> JobOut:
    """Look for activities that are missing here; the job of a sync that is under way already is given instead.

    With ``{"history": true}`` everything there ever was is looked for, which may take days: the limits are Strava's.
    """
    wanted = body or SyncWanted()
    job_id = await service.start_sync(resources, session, athlete, history=wanted.history)
    return JobOut.model_validate(await session.get_one(Job, job_id, populate_existing=True))
