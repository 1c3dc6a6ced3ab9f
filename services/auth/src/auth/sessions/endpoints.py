"""``/auth/login``, ``/auth/refresh``, ``/auth/logout`` and what the gateway asks about revocations."""

from datetime import datetime
from typing import Annotated
from uuid import UUID

from fastapi import APIRouter, Depends, Query, Request, Response
from pydantic import BaseModel, ConfigDict

from auth.dependencies import SessionsDep
from auth.sessions import browser, repository
from auth.sessions.schemas import Login, Refresh, Tokens
from auth.sessions.service import Device
from common.errors import FieldError, InvalidInput
from common.route import DbSession, TransactionalRoute
from common.tokens import CurrentUser, require_scope

MAX_USER_AGENT = 400

router = APIRouter(prefix="/auth", tags=["auth"], route_class=TransactionalRoute)
internal_router = APIRouter(
    prefix="/internal", route_class=TransactionalRoute, dependencies=[Depends(require_scope("internal"))]
)


class RevocationOut(BaseModel):
    model_config = ConfigDict(from_attributes=True)

    id: int
    kind: str
    value: str
    expires_at: datetime


class RevocationList(BaseModel):
    items: list[RevocationOut]


def _device(request: Request) -> Device:
    address = request.headers.get("x-forwarded-for", "").split(",")[0].strip()
    return Device(
        user_agent=request.headers.get("user-agent", "")[:MAX_USER_AGENT],
        address=address or (request.client.host if request.client else ""),
    )


async def _secret_answer(response: Response) -> None:
    response.headers["Cache-Control"] = "no-store"


@router.post("/login", dependencies=[Depends(_secret_answer)], response_model_exclude_none=True)
async def login(session: DbSession, sessions: SessionsDep, request: Request, response: Response, body: Login) -> Tokens:
    """Sign in. The access token lives 10 minutes, the refresh token is good for one use within 30 days.

    With `X-Client: web` the refresh token comes in a cookie that scripts cannot read, and not in the body.
    """
    tokens = await sessions.login(session, body, _device(request))
    return (
        browser.keep(request, response, tokens, days=sessions.settings.session_days)
        if browser.is_web_app(request)
        else tokens
    )


@router.post("/refresh", dependencies=[Depends(_secret_answer)], response_model_exclude_none=True)
async def refresh(
    session: DbSession, sessions: SessionsDep, request: Request, response: Response, body: Refresh | None = None
) -> Tokens:
    """Exchange a refresh token for a new pair; with `X-Client: web` it is the one in the cookie."""
    if browser.is_web_app(request):
        tokens = await sessions.refresh(session, browser.kept(request))
        return browser.keep(request, response, tokens, days=sessions.settings.session_days)
    if body is None or body.refresh_token is None:
        raise InvalidInput(errors=[FieldError(pointer="/body/refresh_token", message="Field required")])
    return await sessions.refresh(session, body.refresh_token.get_secret_value())


@router.post("/logout", status_code=204)
async def logout(session: DbSession, sessions: SessionsDep, identity: CurrentUser, response: Response) -> None:
    """End this session; its access tokens stop working within a second."""
    browser.forget(response)
    if identity.session_id:
        await sessions.logout(session, UUID(identity.session_id))


@router.post("/logout-all", status_code=204)
async def logout_all(session: DbSession, sessions: SessionsDep, identity: CurrentUser) -> None:
    """End all sessions of this account."""
    await sessions.logout_all(session, UUID(identity.subject))


@internal_router.get("/revocations", include_in_schema=False)
async def revocations(
    session: DbSession,
    after: Annotated[int, Query(ge=0, lt=1 << 63)] = 0,
    limit: Annotated[int, Query(ge=1, le=5000)] = 1000,
) -> RevocationList:
    """Revocations in force with an id above ``after``."""
    rows = await repository.revocations(session, after, limit)
    return RevocationList(items=[RevocationOut.model_validate(row) for row in rows])
