"""OAuth: the page on which an athlete decides, and the tokens."""

from typing import Annotated
from urllib.parse import urlencode

from fastapi import APIRouter, Form, Request, Response
from fastapi.responses import HTMLResponse, RedirectResponse

from strava_emulator import pages
from strava_emulator.dependencies import GivenFields, TheEmulator, basic_credentials, bearer, text
from strava_emulator.emulator import Emulator, is_address
from strava_emulator.errors import as_json, bad_client, bad_request, bad_token
from strava_emulator.rendering import athlete_summary
from strava_emulator.tokens import SCOPES

router = APIRouter(tags=["oauth"])
REMEMBERED = "emulator_athlete"


def _requested(scope: str) -> list[str]:
    """The scopes asked for, in Strava's order; raises 400 for one there is not."""
    asked = {each.strip() for each in scope.replace(" ", ",").split(",") if each.strip()}
    if not asked or asked - set(SCOPES):
        raise bad_request("Authorize", "scope")
    return [each for each in SCOPES if each in asked]


def _check_app(emulator: Emulator, client_id: str | None, redirect_uri: str | None) -> str:
    """The address to come back to, if it is the app that asks."""
    if client_id != emulator.settings.client_id:
        raise bad_client()
    if not redirect_uri or not is_address(redirect_uri):
        raise bad_request("Application", "redirect_uri")
    return redirect_uri


def _back(redirect_uri: str, **parameters: str | None) -> Response:
    query = urlencode({name: value for name, value in parameters.items() if value is not None})
    return RedirectResponse(f"{redirect_uri}{'&' if '?' in redirect_uri else '?'}{query}", status_code=302)


def _authorised(
    emulator: Emulator, athlete_id: int, scopes: list[str], redirect_uri: str, state: str | None
) -> Response:
    code = emulator.tokens.authorise(emulator.athlete(athlete_id), frozenset(scopes), emulator.clock())
    answer = _back(redirect_uri, state=state or "", code=code, scope=",".join(scopes))
    answer.set_cookie(REMEMBERED, str(athlete_id), httponly=True, samesite="lax")
    return answer


@router.get("/oauth/authorize")
async def ask(
    request: Request,
    emulator: TheEmulator,
    client_id: str | None = None,
    redirect_uri: str | None = None,
    response_type: str | None = None,
    approval_prompt: str = "auto",
    scope: str = "read",
    state: str | None = None,
) -> Response:
    """The form; with ``approval_prompt=auto``, who has allowed all of it before is sent back at once."""
    address = _check_app(emulator, client_id, redirect_uri)
    if response_type != "code":
        raise bad_request("Authorize", "response_type")
    scopes = _requested(scope)
    remembered = request.cookies.get(REMEMBERED, "")
    known = emulator.store.athletes.get(int(remembered)) if remembered.isdecimal() and len(remembered) < 20 else None  # noqa: PLR2004 - a 64-bit number
    if approval_prompt == "auto" and known and known.grant and set(scopes) <= known.grant.scopes:
        return _authorised(emulator, known.id, scopes, address, state)
    fields = {"client_id": client_id or "", "redirect_uri": address, "state": state or "", "requested": scope}
    return HTMLResponse(pages.authorise(emulator.store.athletes.values(), scopes, fields))


@router.post("/oauth/authorize")
async def decide(
    emulator: TheEmulator,
    client_id: Annotated[str, Form()] = "",
    redirect_uri: Annotated[str, Form()] = "",
    requested: Annotated[str, Form()] = "",
    athlete_id: Annotated[int, Form()] = 0,
    decision: Annotated[str, Form()] = "deny",
    scope: Annotated[list[str] | None, Form()] = None,
    state: Annotated[str, Form()] = "",
) -> Response:
    """The athlete's decision: back to the app with a code and the scopes left ticked, or with an error."""
    address = _check_app(emulator, client_id, redirect_uri)
    asked = _requested(requested)
    if decision != "authorize":
        return _back(address, state=state, error="access_denied")
    ticked = [each for each in asked if each == "read" or each in (scope or ())]
    return _authorised(emulator, athlete_id, ticked or ["read"], address, state)


@router.post("/oauth/token")
async def token(emulator: TheEmulator, fields: GivenFields) -> Response:
    """Tokens for a code, or for a refresh token."""
    emulator.check_client(text(fields, "client_id"), text(fields, "client_secret"))
    now, kind = emulator.clock(), text(fields, "grant_type") or "authorization_code"
    if kind == "authorization_code":
        most = emulator.faults.faults.most_athletes
        athlete, answer = emulator.tokens.exchange(text(fields, "code") or "", now, most)
        return as_json(answer | {"athlete": athlete_summary(athlete)})
    if kind != "refresh_token":
        raise bad_request("Application", "grant_type")
    if emulator.faults.faults.revoke_tokens:
        raise bad_request("RefreshToken", "refresh_token")
    return as_json(emulator.tokens.refresh(text(fields, "refresh_token") or "", now))


@router.post("/oauth/revoke")
async def revoke(request: Request, emulator: TheEmulator, fields: GivenFields) -> Response:
    """End the authorisation a token belongs to; silent about tokens that are not known."""
    emulator.check_client(*basic_credentials(request))
    owner = emulator.tokens.owner(text(fields, "token") or "")
    if owner:
        emulator.revoke(owner)
    return Response(status_code=200)


@router.post("/oauth/deauthorize")
async def deauthorize(request: Request, emulator: TheEmulator, fields: GivenFields) -> Response:
    """The older way: with the access token itself."""
    given = bearer(request) or text(fields, "access_token")
    if given is None or emulator.faults.faults.revoke_tokens:
        raise bad_token()
    emulator.revoke(emulator.tokens.session(given, emulator.clock()).athlete)
    return as_json({"access_token": given})
