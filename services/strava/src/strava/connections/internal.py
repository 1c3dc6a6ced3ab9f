"""What auth asks when somebody signs in with Strava, with a service token."""

from typing import Annotated

from fastapi import APIRouter, Depends, Path

from common.errors import NotFound
from common.route import DbSession, ProcessResources, TransactionalRoute
from common.tokens import require_scope
from contracts.strava.api import ConnectedAccount, StravaGrant
from strava.connections import repository, service
from strava.remote.shapes import AthleteProfile, Grant

_PATH = "/internal/connections"
_INTERNAL = [Depends(require_scope("internal"))]

router = APIRouter(prefix=_PATH, route_class=TransactionalRoute, dependencies=_INTERNAL, include_in_schema=False)
making_router = APIRouter(prefix=_PATH, dependencies=_INTERNAL, include_in_schema=False)
"""Connecting has a transaction of its own."""


@router.get("/{strava_athlete_id}")
async def read_connected(
    session: DbSession, strava_athlete_id: Annotated[int, Path(ge=0, lt=1 << 63)]
) -> ConnectedAccount:
    """Whose account is connected to an athlete, as Strava numbers them."""
    connection = await repository.of_strava_athlete(session, strava_athlete_id)
    if connection is None:
        raise NotFound
    return ConnectedAccount(athlete_id=connection.athlete_id)


@making_router.post("", status_code=204)
async def connect(resources: ProcessResources, body: StravaGrant) -> None:
    """Connect an account with the tokens of a sign-in."""
    grant = Grant(
        access_token=body.access_token,
        refresh_token=body.refresh_token,
        expires_at=body.expires_at,
        athlete=AthleteProfile(id=body.strava_athlete_id, firstname=body.name),
    )
    await service.connect(resources, body.athlete_id, grant, body.scopes)
