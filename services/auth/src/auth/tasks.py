"""What auth does in the background."""

from datetime import UTC, datetime

from sqlalchemy import delete

from auth.models import Revocation, Session
from common.resources import Resources


async def forget_the_expired(resources: Resources) -> None:
    """Delete revocations and sessions whose time is over, with their tokens."""
    now = datetime.now(UTC)
    async with resources.database.transaction() as session:
        await session.execute(delete(Revocation).where(Revocation.expires_at < now))
        await session.execute(delete(Session).where(Session.expires_at < now))
