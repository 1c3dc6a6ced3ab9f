"""Originals that nothing refers to: left by a request that died between the object and its row."""

from collections.abc import Sequence
from datetime import timedelta

from sqlalchemy import and_, or_, select
from sqlalchemy.ext.asyncio import AsyncSession

from common.orphans import sweep
from common.resources import Resources
from strava.imports.repository import OPEN
from strava.models import Import, ImportItem, Recording

SETTLED = ("imported", "merged", "duplicate", "undone")
GRACE = timedelta(hours=24)


async def sweep_orphans(resources: Resources, *, grace: timedelta = GRACE) -> None:
    """Delete originals older than ``grace`` that no recording has and no unfinished or refused file needs.

    A preview that may be committed needs all of its files.
    """
    await sweep(resources, "originals", _needed, grace=grace)


async def _needed(session: AsyncSession, keys: Sequence[str]) -> set[str]:
    unsettled = or_(ImportItem.state.not_in(SETTLED), and_(Import.dry_run, Import.state == OPEN))
    of_items = select(ImportItem.object_key).join(Import).where(ImportItem.object_key.in_(keys), unsettled)
    needed = set(await session.scalars(select(Recording.object_key).where(Recording.object_key.in_(keys))))
    return needed | set(await session.scalars(of_items))
