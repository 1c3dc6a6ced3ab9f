"""Images of pictures that are no more: left where a process died between a commit and the deletion."""

from collections.abc import Sequence
from datetime import timedelta
from uuid import UUID

from sqlalchemy import select
from sqlalchemy.ext.asyncio import AsyncSession

from common.orphans import sweep
from common.resources import Resources
from thumbnails.models import Picture
from thumbnails.pictures.images import FOLDER

GRACE = timedelta(hours=1)


async def sweep_orphans(resources: Resources, *, grace: timedelta = GRACE) -> None:
    """Delete images older than ``grace`` that are of no present revision."""
    await sweep(resources, FOLDER, _present, grace=grace)


async def _present(session: AsyncSession, keys: Sequence[str]) -> list[str]:
    pictures = {key: (UUID(key.split("/")[1]), key.split("/")[2]) for key in keys}
    activities = {activity_id for activity_id, _ in pictures.values()}
    query = select(Picture.activity_id, Picture.revision).where(Picture.activity_id.in_(activities))
    present = {(row.activity_id, row.revision) for row in await session.execute(query)}
    return [key for key, picture in pictures.items() if picture in present]
