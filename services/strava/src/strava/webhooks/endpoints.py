"""``/strava/webhook/{secret}``: Strava's handshake and its events. Its path is all that proves who calls.

``/strava/webhook`` does the same where the operator has switched that on, for subscriptions that were made elsewhere.
"""

import hmac
from typing import Annotated

from fastapi import APIRouter, Query, Request
from pydantic import ValidationError
from sqlalchemy.ext.asyncio import AsyncSession

from common.errors import FieldError, Forbidden, InvalidInput, NotFound
from common.route import DbSession, ProcessResources
from strava.metrics import WEBHOOK_EVENTS
from strava.remote.remote import settings_of
from strava.settings import Application, StravaSettings
from strava.sync.queueing import enqueue_event
from strava.webhooks import repository
from strava.webhooks.promptness import PromptRoute
from strava.webhooks.schemas import Challenge, StravaEvent

router = APIRouter(prefix="/strava/webhook", tags=["strava"], route_class=PromptRoute)

_BODY = {"content": {"application/json": {"schema": StravaEvent.model_json_schema()}}, "required": True}


class VerifyTokenWrong(Forbidden):
    code = "strava.verify_token_wrong"
    title = "The verify token is not ours"
    next_steps = "Whoever subscribes has to send the operator's STRAVA_VERIFY_TOKEN."


def _application(settings: StravaSettings, secret: str | None) -> Application:
    """The application, for whoever knows the path; without a secret where the operator has switched that on.

    Raises ``NotFound`` as any unknown path does.
    """
    if not settings.strava_client_id:
        raise NotFound
    application = settings.application
    knows = settings.strava_bare_webhook if secret is None else _same(secret, application.webhook_secret)
    if not knows:
        raise NotFound
    return application


def _same(given: str, ours: str) -> bool:
    return hmac.compare_digest(given.encode(), ours.encode())


Given = Annotated[str, Query(alias="hub.challenge", max_length=1000)]
VerifyToken = Annotated[str, Query(alias="hub.verify_token", max_length=1000)]
Mode = Annotated[str, Query(alias="hub.mode", max_length=100)]


@router.get("/{secret}", response_model_by_alias=True)
async def answer_challenge(
    resources: ProcessResources, secret: str, challenge: Given = "", verify_token: VerifyToken = "", mode: Mode = ""
) -> Challenge:
    """Show Strava that this address is ours: give its challenge back."""
    return _answered(_application(settings_of(resources), secret), challenge, verify_token, mode)


@router.get("", response_model_by_alias=True)
@router.get("/", response_model_by_alias=True, include_in_schema=False)  # else it leads to the one above
async def answer_bare_challenge(
    resources: ProcessResources, challenge: Given = "", verify_token: VerifyToken = "", mode: Mode = ""
) -> Challenge:
    """The same at the address without a secret, where the operator has switched it on."""
    return _answered(_application(settings_of(resources), None), challenge, verify_token, mode)


def _answered(application: Application, challenge: str, verify_token: str, mode: str) -> Challenge:
    if mode != "subscribe" or not _same(verify_token, application.verify_token):
        raise VerifyTokenWrong
    return Challenge(challenge=challenge)


# The path is looked at before the body: a wrong one is a 404, whatever comes.
@router.post("/{secret}", openapi_extra={"requestBody": _BODY})
async def take_event(request: Request, resources: ProcessResources, session: DbSession, secret: str) -> dict[str, str]:
    """Take an event in; the answer comes when it is safely stored, the work goes on in the background."""
    _application(settings_of(resources), secret)
    return {"status": await _taken(session, await request.body())}


@router.post("", openapi_extra={"requestBody": _BODY})
@router.post("/", include_in_schema=False)
async def take_bare_event(request: Request, resources: ProcessResources, session: DbSession) -> dict[str, str]:
    """The same at the address without a secret, where the operator has switched it on."""
    _application(settings_of(resources), None)
    return {"status": await _taken(session, await request.body())}


async def _taken(session: AsyncSession, body: bytes) -> str:
    try:
        event = StravaEvent.model_validate_json(body)
    except ValidationError as error:
        raise InvalidInput("This is no event of Strava.", errors=_fields(error)) from None
    event_id = await repository.add(session, event)
    if event_id is not None:
        enqueue_event(session, event_id)
    outcome = "repeated" if event_id is None else "received"
    WEBHOOK_EVENTS.labels(outcome).inc()
    return outcome


def _fields(error: ValidationError) -> list[FieldError]:
    found = error.errors(include_input=False, include_url=False)
    return [FieldError(pointer="/".join(("/body", *map(str, each["loc"]))), message=each["msg"]) for each in found[:20]]
