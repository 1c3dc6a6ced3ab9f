"""What endpoints ask for."""

from typing import Annotated
from uuid import UUID

from fastapi import Depends

from common.tokens import CurrentUser


async def _athlete_id(identity: CurrentUser) -> UUID:
    return UUID(identity.subject)


AthleteId = Annotated[UUID, Depends(_athlete_id)]
