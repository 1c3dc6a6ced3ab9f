"""``/strava/webhook/{secret}``: Strava's handshake and its events. Its path is all that proves who calls."""

import hmac
from typing import Annotated

from fastapi import APIRouter, Query, Request
from pydantic import ValidationError

from common.errors import FieldError, Forbidden, InvalidInput, NotFound
from common.route import DbSession, ProcessResources, TransactionalRoute
from strava.metrics import WEBHOOK_EVENTS
from strava.remote.remote import settings_of
from strava.settings import Application, StravaSettings
from strava.sync.queueing import enqueue_event
from strava.webhooks import repository
from strava.webhooks.schemas import Challenge, StravaEvent

router = APIRouter(prefix="/strava/webhook", tags=["strava"], route_class=TransactionalRoute)

_BODY = {"content": {"application/json": {"schema": StravaEvent.model_json_schema()}}, "required": True}


class VerifyTokenWrong(Forbidden):
    code = "strava.verify_token_wrong"
    title = "The verify token is not ours"
    next_steps = "Whoever subscribes has to send the operator's STRAVA_VERIFY_TOKEN."


def _application(settings: StravaSettings, secret: str) -> Application:
    """The application, for whoever knows the path. Raises ``NotFound`` as any unknown path does."""
    if not settings.strava_client_id:
        raise NotFound
    if not hmac.compare_digest(secret.encode(), settings.application.webhook_secret.encode()):
        raise NotFound
    return settings.application


@router.get("/{secret}", response_model_by_alias=True)
async def answer_challenge(
    resources: ProcessResources,
    secret: str,
    challenge: Annotated[str, Query(alias="hub.challenge", max_length=1000)] = "",
    verify_token: Annotated[str, Query(alias="hub.verify_token", max_length=1000)] = "",
    mode: Annotated[str, Query(alias="hub.mode", max_length=100)] = "",
) -> Challenge:
    """Show Strava that this address is ours: give its challenge back."""
    application = _application(settings_of(resources), secret)
    ours = hmac.compare_digest(verify_token.encode(), application.verify_token.encode())
    if mode != "subscribe" or not ours:
        raise VerifyTokenWrong
    return Challenge(challenge=challenge)


@router.post("/{secret}", openapi_extra={"requestBody": _BODY})
async def take_event(request: Request, resources: ProcessResources, session: DbSession, secret: str) -> dict[str, str]:
    """Take an event in; the answer comes when it is safely stored, the work goes on in the background."""
    _application(settings_of(resources), secret)  # before the body is looked at: a wrong path is a 404, whatever comes
    try:
        event = StravaEvent.model_validate_json(await request.body())
    except ValidationError as error:
        raise InvalidInput("This is no event of Strava.", errors=_fields(error)) from None
    event_id = await repository.add(session, event)
    if event_id is None:
        WEBHOOK_EVENTS.labels("repeated").inc()
        return {"status": "repeated"}
    enqueue_event(session, event_id)
    WEBHOOK_EVENTS.labels("received").inc()
    return {"status": "received"}


def _fields(error: ValidationError) -> list[FieldError]:
    found = error.errors(include_input=False, include_url=False)
    return [FieldError(pointer="/".join(("/body", *map(str, each["loc"]))), message=each["msg"]) for each in found[:20]]
