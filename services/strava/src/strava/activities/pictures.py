"""Addresses of pictures: the pictures themselves are the thumbnails service's, here are pointers."""

import hashlib
import time
from collections.abc import Callable
from datetime import UTC, datetime
from typing import Annotated
from uuid import UUID

from fastapi import Depends
from sqlalchemy import update
from sqlalchemy.ext.asyncio import AsyncSession

from common.app import API_PREFIX
from common.outbox import PublishedEvent
from common.route import ProcessResources
from common.signing import UrlSigner, stable_expiry
from contracts.thumbnails.events import PictureRendered
from strava.activities import repository
from strava.models import Activity
from strava.settings import StravaSettings

LIFETIME_S = 86_400


class PictureAddresses:
    """Signs addresses that stay the same for a day and work for one to two."""

    def __init__(self, signer: UrlSigner, clock: Callable[[], float] = time.time) -> None:
        self._signer = signer
        self._expires = stable_expiry(datetime.fromtimestamp(clock(), UTC), LIFETIME_S)

    def of(self, activity_id: UUID, revision: str | None) -> str | None:
        """Return the address of a picture; None while there is none."""
        if revision is None:
            return None
        return f"{self._signer.sign(f'{API_PREFIX}/activities/{activity_id}/thumbnail', self._expires)}&v={revision}"

    def edition(self, revision: str | None = None) -> str:
        """Return what changes when an address does, for entity tags and caches."""
        return hashlib.sha256(f"{self._expires.timestamp()} {revision}".encode()).hexdigest()[:8]


async def _picture_addresses(resources: ProcessResources) -> PictureAddresses:
    settings = resources.settings
    assert isinstance(settings, StravaSettings)
    return PictureAddresses(settings.signer())


Addresses = Annotated[PictureAddresses, Depends(_picture_addresses)]


async def on_picture(session: AsyncSession, event: PublishedEvent) -> None:
    """Keep the pointer to a new picture. The activity's version stays: nothing of its own has changed."""
    picture = PictureRendered.model_validate(event.payload)
    await repository.lock_athlete(session, picture.athlete_id)  # as imports do: each would wait for rows of the other
    changed = await session.scalar(
        update(Activity)
        .where(Activity.id == picture.activity_id, Activity.athlete_id == picture.athlete_id)
        .values(picture_revision=picture.revision)
        .returning(Activity.id)
    )
    if changed is not None:
        await repository.count_list_version_up(session, picture.athlete_id)
