"""Rows of what is sent to Strava. Whose they are is part of every query."""

import re
from collections.abc import Sequence
from typing import Any
from uuid import UUID

from sqlalchemy import func, select, update
from sqlalchemy.ext.asyncio import AsyncSession

from common.pagination import Keyset
from strava.models import Push, Recording

OPEN = ("queued", "sending", "processing", "unknown")
PUSHES = Keyset((Push.id, "desc"))
_EXTERNAL = re.compile(r"^rt-([0-9a-f]{8}(?:-[0-9a-f]{4}){3}-[0-9a-f]{12})\b")


def external_id(push_id: UUID) -> str:
    """Under which name a push is known at Strava."""
    return f"rt-{push_id}"


def push_named(external: str | None) -> UUID | None:
    """Return the push that an activity at Strava came from, by its ``external_id``."""
    found = _EXTERNAL.match(external or "")
    return UUID(found[1]) if found else None


async def owned(session: AsyncSession, athlete_id: UUID, push_id: UUID) -> Push | None:
    found: Push | None = await session.scalar(select(Push).where(Push.id == push_id, Push.athlete_id == athlete_id))
    return found


async def listed(session: AsyncSession, athlete_id: UUID, cursor: str | None, limit: int) -> Sequence[Push]:
    query = select(Push).where(Push.athlete_id == athlete_id, PUSHES.where(cursor))
    return (await session.scalars(query.order_by(*PUSHES.order_by()).limit(limit))).all()


async def open_of(session: AsyncSession, activity_id: UUID) -> Push | None:
    """Return what is on its way of an activity."""
    query = select(Push).where(Push.activity_id == activity_id, Push.state.in_(OPEN))
    found: Push | None = await session.scalar(query)
    return found


async def change(session: AsyncSession, push_id: UUID, **values: Any) -> None:
    """Note how a push stands."""
    await session.execute(
        update(Push)
        .where(Push.id == push_id)
        .values(updated_at=func.now(), **values)
        .execution_options(synchronize_session=False)
    )


async def number_recordings(session: AsyncSession, activity_id: UUID, strava_id: int) -> None:
    """Note Strava's number on what was sent there: what comes back under it is the same activity."""
    own = Recording.activity_id == activity_id, Recording.strava_id.is_(None), Recording.archive_id.is_(None)
    await session.execute(
        update(Recording).where(*own).values(archive_id=strava_id).execution_options(synchronize_session=False)
    )


async def number_at_strava(session: AsyncSession, athlete_id: UUID, activity_id: UUID) -> int | None:
    """Return Strava's number of an activity: it came from there, or was sent there."""
    number = func.coalesce(Recording.strava_id, Recording.archive_id)
    query = select(number).where(
        Recording.activity_id == activity_id, Recording.athlete_id == athlete_id, number.is_not(None)
    )
    found: int | None = await session.scalar(query.order_by(Recording.strava_id.is_(None)).limit(1))
    return found
