"""What was given up after its last attempt, in all services, and another try for it."""

import asyncio
from collections.abc import Mapping
from datetime import datetime
from typing import Annotated, Any
from uuid import UUID

from fastapi import APIRouter, Query
from pydantic import BaseModel, Field, ValidationError

from common.errors import NotFound, ServiceError, Unavailable
from common.http import ServiceClient, UpstreamRejected
from common.oversight import DeadLetter
from common.pagination import Page, Paging, decode_cursor, encode_cursor
from gateway.composed.parts import AllServices, CurrentCaller

_PATIENCE_SECONDS = 4.0
_NOT_FOUND = 404

router = APIRouter(tags=["admin"])


class DeadLetterOf(DeadLetter):
    """A dead letter and the service that keeps it."""

    service: str


class DeadLetters(Page[DeadLetterOf]):
    missing: list[str] = Field(description="services that did not answer; theirs are not in the list")


class Replayed(BaseModel):
    id: UUID
    service: str


class DeadLetterGone(NotFound):
    code = "request.not_found"
    next_steps = "Read the list of dead letters again: it may have been replayed already."


@router.get("/dead-letters")
async def dead_letters(
    services: AllServices,
    paging: Paging,
    service: Annotated[str | None, Query(max_length=40, description="only this service's")] = None,
) -> DeadLetters:
    """Return what was given up, the latest first, of all services at once.

    The list may be 1 s old.
    """
    if paging.cursor is not None:
        decode_cursor(paging.cursor, (datetime, UUID))
    asked = {name: client for name, client in services.peers.items() if service in {None, name}}
    params: dict[str, Any] = {"limit": paging.limit}
    if paging.cursor is not None:
        params["cursor"] = paging.cursor
    pages = await asyncio.gather(*(_page(client, params) for client in asked.values()))
    found = dict(zip(asked, pages, strict=True))
    return _merged(found, paging.limit)


@router.post("/dead-letters/{job_id}/replay", status_code=202)
async def replay(
    services: AllServices,
    caller: CurrentCaller,
    job_id: UUID,
    service: Annotated[str | None, Query(max_length=40, description="whose it is, where that is known")] = None,
) -> Replayed:
    """Give a dead letter all its attempts back. Replaying one that is not dead any more is a 404."""
    asked = {name: client for name, client in services.peers.items() if service in {None, name}}
    params = {"by": caller.identity.subject} if caller.identity.kind == "user" else {}
    path = f"/internal/dead-letters/{job_id}/replay"
    outcomes = await asyncio.gather(*(_replayed(client, path, params) for client in asked.values()))
    found = dict(zip(asked, outcomes, strict=True))
    for name, done in found.items():
        if done:
            return Replayed(id=job_id, service=name)
    if missing := sorted(name for name, done in found.items() if done is None):
        raise Unavailable(f"Not found where it could be looked for; no answer from {', '.join(missing)}.")
    raise DeadLetterGone


async def _page(client: ServiceClient, params: Mapping[str, Any]) -> Page[DeadLetter] | None:
    try:
        answer = await client.get("/internal/dead-letters", params=params, timeout=_PATIENCE_SECONDS)
        return Page[DeadLetter].model_validate_json(answer.content)
    except (ServiceError, UpstreamRejected, ValidationError):
        return None


async def _replayed(client: ServiceClient, path: str, params: Mapping[str, str]) -> bool | None:
    """Say whether the service had it; None when it cannot be known."""
    try:
        # Sent again it finds nothing dead any more, so a lost answer is told as a 404 and never done twice.
        await client.post(path, params=params, timeout=_PATIENCE_SECONDS)
    except UpstreamRejected as refused:
        return False if refused.status_code == _NOT_FOUND else None
    except ServiceError:
        return None
    return True


def _merged(pages: Mapping[str, Page[DeadLetter] | None], limit: int) -> DeadLetters:
    letters = [
        DeadLetterOf(service=name, **letter.model_dump())
        for name, page in pages.items()
        if page is not None
        for letter in page.items
    ]
    letters.sort(key=lambda letter: (letter.updated_at, letter.id), reverse=True)
    more = len(letters) > limit or any(page is not None and page.next_cursor for page in pages.values())
    shown = letters[:limit]
    last = shown[-1] if shown else None
    return DeadLetters(
        items=shown,
        next_cursor=encode_cursor((last.updated_at, last.id)) if more and last else None,
        missing=sorted(name for name, page in pages.items() if page is None),
    )
