"""Objects that nothing refers to: left by a process that died between an object and its row."""

from collections.abc import Awaitable, Callable, Collection, Sequence
from datetime import UTC, datetime, timedelta

from sqlalchemy.ext.asyncio import AsyncSession

from common.resources import Resources
from common.storage import ObjectMissing

BATCH = 500

Kept = Callable[[AsyncSession, Sequence[str]], Awaitable[Collection[str]]]


async def sweep(resources: Resources, folder: str, kept: Kept, *, grace: timedelta) -> None:
    """Delete the objects below ``folder`` that are older than ``grace`` and not among those ``kept`` returns.

    ``kept`` is asked for up to ``BATCH`` keys at a time. ``grace`` must be longer than it takes from an object to
    the commit of its row. Who needs an object that may be there already puts it again: that makes it young.
    """
    before = datetime.now(UTC) - grace
    keys: list[str] = []
    async for each in resources.objects.list(folder):
        if each.modified_at < before:
            keys.append(each.key)
        if len(keys) == BATCH:
            await _delete(resources, keys, kept, before)
            keys = []
    await _delete(resources, keys, kept, before)


async def _delete(resources: Resources, keys: Sequence[str], kept: Kept, before: datetime) -> None:
    if not keys:
        return
    async with resources.database.reading() as session:
        needed = set(await kept(session, keys))
    for key in keys:
        if key not in needed and await _is_still_old(resources, key, before):
            await resources.objects.delete(key)


async def _is_still_old(resources: Resources, key: str, before: datetime) -> bool:
    """Whether nobody put it again since it was listed."""
    try:
        return (await resources.objects.head(key)).modified_at < before
    except ObjectMissing:
        return False
