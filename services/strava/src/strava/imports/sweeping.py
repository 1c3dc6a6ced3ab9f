"""Originals that nothing refers to: left by a request that died between the object and its row."""

from collections.abc import Sequence
from datetime import timedelta

from sqlalchemy import select
from sqlalchemy.ext.asyncio import AsyncSession

from common.orphans import sweep
from common.resources import Resources
from strava.models import ImportItem, Recording

SETTLED = ("imported", "merged", "duplicate")
GRACE = timedelta(hours=24)


async def sweep_orphans(resources: Resources, *, grace: timedelta = GRACE) -> None:
    """Delete originals older than ``grace`` that no recording has and no unfinished or refused file needs."""
    await sweep(resources, "originals", _needed, grace=grace)


async def _needed(session: AsyncSession, keys: Sequence[str]) -> set[str]:
    kept_by_item = ImportItem.object_key.in_(keys), ImportItem.state.not_in(SETTLED)
    needed = set(await session.scalars(select(Recording.object_key).where(Recording.object_key.in_(keys))))
    return needed | set(await session.scalars(select(ImportItem.object_key).where(*kept_by_item)))
