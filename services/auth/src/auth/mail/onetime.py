"""Tokens that mails carry: each good for one purpose, once, for a while."""

from collections.abc import Mapping
from datetime import UTC, datetime, timedelta
from typing import Final, Literal
from uuid import UUID

from sqlalchemy import delete, func, select
from sqlalchemy.ext.asyncio import AsyncSession

from auth.models import MailedToken
from auth.opaque import digest, new_token
from common.errors import BadRequest
from common.ids import uuid7

Purpose = Literal["verify", "reset"]
LIFETIME: Final[Mapping[Purpose, timedelta]] = {"verify": timedelta(hours=24), "reset": timedelta(hours=1)}


class LinkInvalid(BadRequest):
    code = "auth.link_invalid"
    title = "This link does not work any more"
    next_steps = "Links of mails work once and for a limited time. Ask for a new mail."


def issue(session: AsyncSession, user_id: UUID, purpose: Purpose) -> str:
    """Make a token for a mail that is about to be sent."""
    token = new_token()
    expires_at = datetime.now(UTC) + LIFETIME[purpose]
    session.add(
        MailedToken(id=uuid7(), user_id=user_id, purpose=purpose, token_hash=digest(token), expires_at=expires_at)
    )
    return token


async def find(session: AsyncSession, token: str, purpose: Purpose) -> MailedToken:
    """Return a token that may still be used, locked until the transaction ends. Raises ``LinkInvalid``."""
    query = select(MailedToken).where(
        MailedToken.token_hash == digest(token),
        MailedToken.purpose == purpose,
        MailedToken.used_at.is_(None),
        MailedToken.expires_at > func.now(),
    )
    found: MailedToken | None = await session.scalar(query.with_for_update())
    if found is None:
        raise LinkInvalid
    return found


async def use(session: AsyncSession, token: MailedToken) -> None:
    """Use a token up, and with it all others that the person was sent for this purpose."""
    token.used_at = datetime.now(UTC)
    await session.execute(
        delete(MailedToken).where(
            MailedToken.user_id == token.user_id, MailedToken.purpose == token.purpose, MailedToken.id != token.id
        )
    )
