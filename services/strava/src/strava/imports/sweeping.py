"""Originals that nothing refers to: left by a request that died between the object and its row."""

from collections.abc import Sequence
from datetime import UTC, datetime, timedelta

from sqlalchemy import select

from common.resources import Resources
from strava.models import ImportItem, Recording

SETTLED = ("imported", "merged", "duplicate")
GRACE = timedelta(hours=24)
BATCH = 500


async def sweep_orphans(resources: Resources, *, grace: timedelta = GRACE) -> None:
    """Delete originals older than ``grace`` that no recording has and no unfinished or refused file needs."""
    before = datetime.now(UTC) - grace
    keys: list[str] = []
    async for each in resources.objects.list("originals"):
        if each.modified_at < before:
            keys.append(each.key)
        if len(keys) == BATCH:
            await _delete_orphans(resources, keys)
            keys = []
    await _delete_orphans(resources, keys)


async def _delete_orphans(resources: Resources, keys: Sequence[str]) -> None:
    kept_by_item = ImportItem.object_key.in_(keys), ImportItem.state.not_in(SETTLED)
    async with resources.database.reading() as session:
        needed = set(await session.scalars(select(Recording.object_key).where(Recording.object_key.in_(keys))))
        needed |= set(await session.scalars(select(ImportItem.object_key).where(*kept_by_item)))
    for key in keys:
        if key not in needed:
            await resources.objects.delete(key)
