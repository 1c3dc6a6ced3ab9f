"""What auth does in the background."""

from datetime import UTC, datetime

from sqlalchemy import delete

from auth import throttle
from auth.identities.repository import forget_flows
from auth.models import MailedToken, Revocation, Session
from common.resources import Resources


async def forget_the_expired(resources: Resources) -> None:
    """Delete revocations and sessions whose time is over, with their tokens, tokens of mails and old tries."""
    now = datetime.now(UTC)
    async with resources.database.transaction() as session:
        await session.execute(delete(Revocation).where(Revocation.expires_at < now))
        await session.execute(delete(Session).where(Session.expires_at < now))
        await session.execute(delete(MailedToken).where(MailedToken.expires_at < now))
        await throttle.forget_old(session, now)
        await forget_flows(session, now)
