"""``/auth/refresh``, ``/auth/logout``, ``/auth/sessions`` and what the gateway asks about revocations."""

from datetime import datetime
from typing import Annotated
from uuid import UUID

from fastapi import APIRouter, Depends, Query, Request, Response
from pydantic import BaseModel, ConfigDict

from auth.answers import tagged
from auth.dependencies import SessionsDep, secret_answer
from auth.models import Session
from auth.sessions import browser, repository
from auth.sessions.devices import device_name
from auth.sessions.schemas import Refresh, SessionOut, Tokens
from common.errors import FieldError, InvalidInput
from common.pagination import Page, Paging
from common.route import DbSession, TransactionalRoute
from common.tokens import CurrentSession, require_scope

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


@router.post("/refresh", dependencies=[Depends(secret_answer)], response_model_exclude_none=True)
async def refresh(
    session: DbSession, sessions: SessionsDep, request: Request, response: Response, body: Refresh | None = None
) -> Tokens:
    """Exchange a refresh token for a new pair; with `X-Client: web` and our own `Origin` it is the cookie's."""
    if browser.is_web_app(request):
        tokens = await sessions.refresh(session, browser.kept(request))
        return browser.keep(request, response, tokens, days=sessions.settings.session_days)
    if body is None or body.refresh_token is None:
        raise InvalidInput(errors=[FieldError(pointer="/body/refresh_token", message="Field required")])
    return await sessions.refresh(session, body.refresh_token.get_secret_value())


@router.post("/logout", status_code=204)
async def logout(session: DbSession, sessions: SessionsDep, identity: CurrentSession, response: Response) -> None:
    """End this session; its access tokens stop working within a second."""
    browser.forget(response)
    if identity.session_id:
        await sessions.logout(session, UUID(identity.session_id))


@router.post("/logout-all", status_code=204)
async def logout_all(session: DbSession, sessions: SessionsDep, identity: CurrentSession) -> None:
    """End all sessions of this account."""
    await sessions.logout_all(session, UUID(identity.subject))


@router.get("/sessions", response_model=Page[SessionOut])
async def list_sessions(request: Request, session: DbSession, identity: CurrentSession, paging: Paging) -> Response:
    """Where this account is signed in, the latest sign-in first."""
    rows = await repository.page_of_living(session, UUID(identity.subject), paging.cursor, paging.limit)

    def shown(row: Session) -> SessionOut:
        return SessionOut(
            id=row.id,
            device=device_name(row.user_agent),
            address=row.address,
            method=row.method,
            created_at=row.created_at,
            last_used_at=row.last_used_at,
            expires_at=row.expires_at,
            current=str(row.id) == identity.session_id,
        )

    return tagged(request, repository.ORDER.page(rows, paging.limit, lambda row: [row.id], shown))


@router.delete("/sessions/{session_id}", status_code=204)
async def end_session(session: DbSession, sessions: SessionsDep, identity: CurrentSession, session_id: UUID) -> None:
    """Sign a device out; its access tokens stop working within a second."""
    await sessions.end(session, UUID(identity.subject), session_id)


@internal_router.get("/revocations", include_in_schema=False)
async def revocations(
    session: DbSession,
    after: Annotated[int, Query(ge=0, lt=1 << 63)] = 0,
    limit: Annotated[int, Query(ge=1, le=5000)] = 1000,
) -> RevocationList:
    """Revocations in force with an id above ``after``."""
    rows = await repository.revocations(session, after, limit)
    return RevocationList(items=[RevocationOut.model_validate(row) for row in rows])
