"""``/auth/oauth``: to a provider and back, what is linked, unlink; ``/strava/logout``."""

import re
import secrets
from typing import Annotated
from urllib.parse import urlencode, urlsplit, urlunsplit
from uuid import UUID

from fastapi import APIRouter, Depends, Query, Request, Response, Security
from fastapi.responses import JSONResponse, RedirectResponse
from fastapi.security import HTTPAuthorizationCredentials

from auth.answers import tagged
from auth.dependencies import SessionsDep
from auth.identities import flows, service
from auth.identities.errors import NotThroughProvider
from auth.identities.flows import LIFETIME
from auth.identities.provider import PROVIDERS, CameBack, ProviderName
from auth.identities.providers import Providers, settings_of
from auth.identities.schemas import Linked, ProviderList, ProviderPage, SignInOptions
from auth.identities.service import Arrival
from auth.sessions import browser
from auth.sessions import repository as session_rows
from auth.sessions.schemas import Tokens
from auth.sessions.service import Device
from common.app import API_PREFIX
from common.context import client_address
from common.errors import ServiceError
from common.logs import get_logger
from common.resources import Resources
from common.route import DbSession, ProcessResources, TransactionalRoute
from common.tokens import CurrentSession, require_identity, require_session, require_user
from common.tokens.dependencies import BEARER

_COOKIE_BYTES = 32
_COOKIE_FORM = re.compile(r"[A-Za-z0-9_-]{43}")
_MAX_USER_AGENT = 400

router = APIRouter(prefix="/auth/oauth", tags=["auth"], route_class=TransactionalRoute)
ways_router = APIRouter(prefix="/auth/oauth", tags=["auth"])
"""To a provider and back: these wait for the provider and have short transactions of their own meanwhile."""
options_router = APIRouter(prefix="/auth", tags=["auth"])
strava_router = APIRouter(prefix="/strava", tags=["strava"], route_class=TransactionalRoute)
ROUTERS = (options_router, ways_router, router, strava_router)

Word = Annotated[str, Query(max_length=4000)]
Target = Annotated[str | None, Query(max_length=2000, description="one of the operator's SIGN_IN_TARGETS")]


@options_router.get("/options", response_model=SignInOptions)
async def sign_in_options(request: Request, resources: ProcessResources) -> Response:
    """What a page can offer to who is not signed in: the providers, and new passwords by mail."""
    providers = Providers.of(resources)
    on = [name for name in PROVIDERS if providers.is_on(name)]
    return tagged(request, SignInOptions(providers=on, mail=settings_of(resources).sends_mail))


def cookie_of(provider: ProviderName) -> str:
    return f"rt_oauth_{provider}"


def _cookie_path(provider: ProviderName) -> str:
    return f"{API_PREFIX}/auth/oauth/{provider}"


def _wants_json(request: Request) -> bool:
    return "application/json" in request.headers.get("accept", "")


async def _linking_session(
    request: Request,
    bearer: Annotated[HTTPAuthorizationCredentials | None, Security(BEARER)],
    link: Annotated[bool, Query(description="link to the account that is signed in, instead of signing in")] = False,
) -> UUID | None:
    """Return the session whose account is to be linked; None for a sign-in. Raises ``TokenRefused``, ``Forbidden``."""
    if not link:
        return None
    identity = await require_session(await require_user(await require_identity(request, bearer)))
    assert identity.session_id is not None
    return UUID(identity.session_id)


@ways_router.get(
    "/{provider}/start",
    response_model=ProviderPage,
    responses={302: {"description": "To the provider"}},
    openapi_extra={"security": [{}]},  # a token is for linking only
)
async def start(
    request: Request,
    resources: ProcessResources,
    provider: ProviderName,
    session_id: Annotated[UUID | None, Depends(_linking_session)],
    return_to: Target = None,
) -> Response:
    """Start signing in: a redirect to the provider's page, or its address with `Accept: application/json`.

    With `link=true` and a bearer token the provider is linked to the account that is signed in.
    """
    chosen = Providers.of(resources).need(provider)
    target = flows.target_of(resources, return_to)
    known = request.cookies.get(cookie_of(provider), "")
    cookie = known if _COOKIE_FORM.fullmatch(known) else secrets.token_urlsafe(_COOKIE_BYTES)
    url = await flows.begin(resources, chosen, browser=cookie, return_to=target, session_id=session_id)
    response = JSONResponse({"url": url}) if _wants_json(request) else RedirectResponse(url, status_code=302)
    response.headers["Cache-Control"] = "no-store"
    response.set_cookie(
        cookie_of(provider),
        cookie,
        max_age=int(LIFETIME.total_seconds()),
        path=_cookie_path(provider),
        secure=settings_of(resources).public_url.startswith("https:"),
        httponly=True,
        samesite="lax",
    )
    return response


@ways_router.get(
    "/{provider}/callback",
    response_model=Tokens | Linked,
    responses={303: {"description": "To the application, with what came of it"}},
)
async def land(
    request: Request,
    resources: ProcessResources,
    sessions: SessionsDep,
    provider: ProviderName,
    state: Word = "",
    code: Word = "",
    scope: Word = "",
    error: Word = "",
    iss: Word = "",
) -> Response:
    """Where the provider sends the browser back to.

    A browser goes on to the application, signed in, with `signed_in`, `linked` or `error` in the address; with
    `Accept: application/json` the tokens or the problem are the answer.
    """
    answer = CameBack(state, code, scope, error, iss)
    device = Device(request.headers.get("user-agent", "")[:_MAX_USER_AGENT], client_address.get())
    cookie = request.cookies.get(cookie_of(provider))
    try:
        arrival = await service.arrive(resources, sessions, provider, answer, browser=cookie, device=device)
    except ServiceError as refused:
        if _wants_json(request):
            raise
        get_logger().warning("sign_in_refused", provider=provider, code=refused.code)
        response = await _sent_back(resources, state, refused)
    else:
        response = _arrived(request, provider, arrival, days=sessions.settings.session_days)
    response.headers["Cache-Control"] = "no-store"
    return response


async def _sent_back(resources: Resources, state: str, refused: ServiceError) -> Response:
    target = await flows.return_to_of(resources, state)
    return RedirectResponse(_with(target, error=refused.code), status_code=303)


def _arrived(request: Request, provider: ProviderName, arrival: Arrival, *, days: int) -> Response:
    response: Response
    tokens = arrival.tokens
    if not _wants_json(request):
        word = {"linked": provider} if tokens is None else {"signed_in": provider}
        response = RedirectResponse(_with(arrival.return_to, **word), status_code=303)
        if tokens is not None:
            browser.keep(request, response, tokens, days=days)
        return response
    if tokens is None:
        return JSONResponse(Linked(provider=provider).model_dump())
    response = Response(media_type="application/json")
    shown = browser.keep(request, response, tokens, days=days) if browser.is_web_app(request) else tokens
    response.body = shown.model_dump_json(exclude_none=True).encode()
    response.headers["Content-Length"] = str(len(response.body))
    return response


def _with(target: str, **words: str) -> str:
    """The address with words added to its query."""
    parts = urlsplit(target)
    query = "&".join(part for part in (parts.query, urlencode(words)) if part)
    return urlunsplit(parts._replace(query=query))


@router.get("", response_model=ProviderList)
async def list_providers(
    request: Request, session: DbSession, resources: ProcessResources, identity: CurrentSession
) -> Response:
    """List the providers, and which of them are linked to this account."""
    return tagged(request, await service.listed(session, Providers.of(resources), UUID(identity.subject)))


@router.delete("/{provider}", status_code=204)
async def unlink(
    session: DbSession, resources: ProcessResources, identity: CurrentSession, provider: ProviderName
) -> None:
    """Unlink a provider, unless it is the only way to sign in. Sessions go on."""
    await service.unlink(session, Providers.of(resources), UUID(identity.subject), provider)


@strava_router.post("/logout", status_code=303, response_class=RedirectResponse)
async def logout(
    session: DbSession, resources: ProcessResources, sessions: SessionsDep, identity: CurrentSession
) -> RedirectResponse:
    """End the session that was made through Strava and go back to the application."""
    session_id = UUID(identity.session_id)
    family = await session_rows.locked(session, session_id)
    if family is None or family.method != "strava":
        raise NotThroughProvider
    await sessions.logout(session, session_id)
    response = RedirectResponse(flows.target_of(resources, None), status_code=303)
    browser.forget(response)
    return response
