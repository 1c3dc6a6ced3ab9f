"""``/auth/register`` and ``/auth/me``."""

from uuid import UUID

from fastapi import APIRouter, Depends, Request, Response

from auth.dependencies import PasswordHashing, Settings
from auth.users import service
from auth.users.schemas import Profile, ProfileChange, Registered, Registration
from common.etag import etag_for, not_modified, require_match
from common.route import DbSession, TransactionalRoute
from common.tokens import CurrentUser, require_scope
from contracts.auth.client import Person

router = APIRouter(prefix="/auth", tags=["auth"], route_class=TransactionalRoute)
internal_router = APIRouter(
    prefix="/internal/users", route_class=TransactionalRoute, dependencies=[Depends(require_scope("internal"))]
)


@router.post("/register", status_code=201)
async def register(
    session: DbSession, settings: Settings, passwords: PasswordHashing, body: Registration
) -> Registered:
    """Make an account. The first account is no different from others: an admin is made at set-up.

    Where mail can be sent, a mail asks to confirm the address, and signing in works once that is done. An address that
    has an account is answered alike there, with nothing made: its owner is told by mail. Without mail it is a 409.
    """
    return await service.register(session, settings, passwords, body)


@router.get("/me", response_model=Profile)
async def read_me(
    request: Request, response: Response, session: DbSession, identity: CurrentUser
) -> Profile | Response:
    account = await service.profile(session, UUID(identity.subject))
    etag = etag_for(account.version)
    if not_modified(request, etag):
        return Response(status_code=304, headers={"ETag": etag})
    response.headers["ETag"] = etag
    return Profile.model_validate(account)


@router.patch("/me")
async def change_me(
    request: Request, response: Response, session: DbSession, identity: CurrentUser, body: ProfileChange
) -> Profile:
    """Change the named fields. With ``If-Match`` a change made elsewhere in the meantime is not overwritten."""
    account = await service.profile(session, UUID(identity.subject), lock=True)
    require_match(request, account.version, required=False)
    changed = await service.change_profile(session, account, body)
    response.headers["ETag"] = etag_for(changed.version)
    return Profile.model_validate(changed)


@internal_router.get("/{user_id}", include_in_schema=False)
async def read_person(session: DbSession, user_id: UUID) -> Person:
    """What other services need to know of a person to compute for them."""
    return Person.model_validate(await service.profile(session, user_id))
