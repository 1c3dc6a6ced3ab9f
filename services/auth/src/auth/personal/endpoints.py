"""``/auth/tokens``, and the exchange that gateway and services ask for."""

from uuid import UUID

from fastapi import APIRouter, Depends, Request, Response

from auth.answers import tagged
from auth.dependencies import PersonalAccessDep, secret_answer
from auth.personal import repository
from auth.personal.schemas import Exchange, Exchanged, PersonalTokenMade, PersonalTokenOut, PersonalTokenRequest
from common.errors import NotFound
from common.pagination import Page, Paging
from common.route import DbSession, TransactionalRoute
from common.tokens import CurrentSession, require_scope

router = APIRouter(prefix="/auth/tokens", tags=["auth"], route_class=TransactionalRoute)
internal_router = APIRouter(
    prefix="/internal", route_class=TransactionalRoute, dependencies=[Depends(require_scope("internal"))]
)


@router.get("", response_model=Page[PersonalTokenOut])
async def list_tokens(request: Request, session: DbSession, identity: CurrentSession, paging: Paging) -> Response:
    """Personal access tokens of this account, the latest first. The tokens themselves are not kept."""
    rows = await repository.page(session, UUID(identity.subject), paging.cursor, paging.limit)
    page = repository.ORDER.page(rows, paging.limit, lambda row: [row.id], PersonalTokenOut.model_validate)
    return tagged(request, page)


@router.post("", status_code=201, dependencies=[Depends(secret_answer)])
async def make_token(
    session: DbSession, access: PersonalAccessDep, identity: CurrentSession, body: PersonalTokenRequest
) -> PersonalTokenMade:
    """Make a personal access token; it is sent as a bearer token. Only this answer ever holds it."""
    row, token = await access.make(session, identity, body)
    return PersonalTokenMade(**PersonalTokenOut.model_validate(row).model_dump(), token=token)


@router.delete("/{token_id}", status_code=204)
async def delete_token(session: DbSession, access: PersonalAccessDep, identity: CurrentSession, token_id: UUID) -> None:
    """Delete a token; it stops working within a second."""
    await access.delete(session, UUID(identity.subject), token_id)


@internal_router.post("/personal-tokens", include_in_schema=False, dependencies=[Depends(secret_answer)])
async def exchange(session: DbSession, access: PersonalAccessDep, body: Exchange) -> Exchanged:
    """Give a short access token for a personal one.

    A token that is not good is a 404: a 401 would mean that the calling service's own token was refused.
    """
    exchanged = await access.exchange(session, body.token.get_secret_value())
    if exchanged is None:
        raise NotFound("No such personal access token.")
    return exchanged
