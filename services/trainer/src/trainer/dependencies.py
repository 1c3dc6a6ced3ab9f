"""What endpoints ask for, and how they answer."""

from collections.abc import Awaitable, Callable, Mapping
from typing import Annotated, Any
from uuid import UUID

import orjson
from fastapi import Depends, Request, Response

from common.etag import etag_for, not_modified
from common.rendered import Rendered
from common.route import DbSession
from common.tokens import CurrentUser
from trainer import versions

JSON = "application/json"

_rendered = Rendered()


async def _athlete_id(identity: CurrentUser) -> UUID:
    return UUID(identity.subject)


AthleteId = Annotated[UUID, Depends(_athlete_id)]


async def _writing_athlete_id(session: DbSession, athlete: AthleteId) -> UUID:
    await versions.hold(session, athlete)
    return athlete


WritingAthleteId = Annotated[UUID, Depends(_writing_athlete_id)]
"""The caller, whose training is held for a change until the request ends."""


def unchanged(request: Request, version: int) -> Response | None:
    """Return the 304 for a client that has this version."""
    etag = etag_for(version)
    return Response(status_code=304, headers={"ETag": etag}) if not_modified(request, etag) else None


def answer(content: Any, version: int, *, status: int = 200, location: str | None = None) -> Response:
    """Return the content as JSON, tagged with its version."""
    headers = {"ETag": etag_for(version)}
    if location is not None:
        headers["Location"] = location
    return Response(_json(content), status, headers, JSON)


async def answer_once(
    request: Request, athlete_id: UUID, version: int, read: Callable[[], Awaitable[Mapping[str, Any]]]
) -> Response:
    """Answer a read with what the client has or what was rendered before for this version, else with what is read."""
    if same := unchanged(request, version):
        return same
    place = athlete_id, f"{request.url.path}?{request.url.query}"
    body = _rendered.find(place, version)
    if body is None:
        body = _json(await read())
        _rendered.keep(place, version, body)
    return Response(body, headers={"ETag": etag_for(version)}, media_type=JSON)


def _json(content: Any) -> bytes:
    return orjson.dumps(content, option=orjson.OPT_UTC_Z)
