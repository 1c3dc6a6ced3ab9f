"""``/admin/users``."""

from typing import Annotated
from uuid import UUID

from fastapi import APIRouter, Depends, Query, Request, Response

from auth.dependencies import PasswordHashing, SessionsDep
from auth.people import repository, service
from auth.people.schemas import Account, AccountChange, AccountFilter, MadeAccount, NewAccount
from common.app import API_PREFIX
from common.etag import etag_for, not_modified, require_match
from common.pagination import Page, Paging
from common.route import DbSession, TransactionalRoute
from common.tokens import CurrentUser, require_role

PATH = "/admin/users"

router = APIRouter(
    prefix=PATH, tags=["admin"], route_class=TransactionalRoute, dependencies=[Depends(require_role("admin"))]
)


async def _acting(identity: CurrentUser) -> UUID:
    return UUID(identity.subject)


Acting = Annotated[UUID, Depends(_acting)]


@router.get("", response_model=Page[Account])
async def list_users(
    request: Request, session: DbSession, chosen: Annotated[AccountFilter, Query()], paging: Paging
) -> Response:
    """List accounts, the newest first."""
    rows = await repository.page_rows(session, chosen, paging)
    page = repository.ORDER.page(rows, paging.limit, lambda row: (row.id,), Account.model_validate)
    body = page.model_dump_json().encode()
    etag = etag_for(body)
    if not_modified(request, etag):
        return Response(status_code=304, headers={"ETag": etag})
    return Response(body, media_type="application/json", headers={"ETag": etag})


@router.post("", status_code=201)
async def make_user(
    session: DbSession, passwords: PasswordHashing, acting: Acting, response: Response, body: NewAccount
) -> MadeAccount:
    """Make an account. Its password is generated and shown in this answer only."""
    user, password = await service.make(session, passwords, body, by=acting)
    response.headers["Location"] = f"{API_PREFIX}{PATH}/{user.id}"
    response.headers["ETag"] = etag_for(user.version)
    response.headers["Cache-Control"] = "no-store"
    return MadeAccount(**Account.model_validate(user).model_dump(exclude={"disabled"}), password=password)


@router.get("/{user_id}", response_model=Account)
async def read_user(request: Request, response: Response, session: DbSession, user_id: UUID) -> Account | Response:
    user = await service.find(session, user_id)
    etag = etag_for(user.version)
    if not_modified(request, etag):
        return Response(status_code=304, headers={"ETag": etag})
    response.headers["ETag"] = etag
    return Account.model_validate(user)


@router.patch("/{user_id}")
async def change_user(
    request: Request,
    response: Response,
    session: DbSession,
    sessions: SessionsDep,
    acting: Acting,
    user_id: UUID,
    body: AccountChange,
) -> Account:
    """Change roles or the name, disable or enable. Who is disabled or loses a role is signed out within a second."""
    user = await service.find(session, user_id, lock=True)
    require_match(request, user.version)
    changed = await service.change(session, sessions, user, body, by=acting)
    response.headers["ETag"] = etag_for(changed.version)
    return Account.model_validate(changed)
