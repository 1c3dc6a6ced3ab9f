"""Images of pictures that are no more: left where a process died between a commit and the deletion."""

from datetime import UTC, datetime, timedelta
from uuid import UUID

from sqlalchemy import select

from common.resources import Resources
from thumbnails.models import Picture
from thumbnails.pictures.images import FOLDER

GRACE = timedelta(hours=1)
BATCH = 500


async def sweep_orphans(resources: Resources, *, grace: timedelta = GRACE) -> None:
    """Delete images older than ``grace`` that are of no present revision."""
    before = datetime.now(UTC) - grace
    keys: list[str] = []
    async for each in resources.objects.list(FOLDER):
        if each.modified_at < before:
            keys.append(each.key)
        if len(keys) == BATCH:
            await _delete_orphans(resources, keys)
            keys = []
    await _delete_orphans(resources, keys)


async def _delete_orphans(resources: Resources, keys: list[str]) -> None:
    of = {key: (UUID(key.split("/")[1]), key.split("/")[2]) for key in keys}
    async with resources.database.reading() as session:
        query = select(Picture.activity_id, Picture.revision).where(
            Picture.activity_id.in_({a for a, _ in of.values()})
        )
        present = {(row.activity_id, row.revision) for row in await session.execute(query)}
    for key, picture in of.items():
        if picture not in present:
            await resources.objects.delete(key)
