"""Changing the key that signs access tokens, so that nobody who holds a good token is refused.

A new key is published, signs once every cache of the key set has seen it, and the old one is retired once the last
token that it signed is dead:

    published ---- key_cache + jwks_max_age + margin ----> signs
                                                            old key: + key_cache + longest token + leeway + margin
                                                                                        ----> retired
"""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta

from sqlalchemy.ext.asyncio import AsyncSession

from auth.audit import record
from auth.keys import repository
from auth.keys.service import new_key
from auth.models import SigningKey
from auth.settings import AuthSettings
from common.resources import Resources
from common.tokens.verifier import LEEWAY_S

_KEPT_AFTER_RETIREMENT = timedelta(days=1)


@dataclass(frozen=True)
class Rotation:
    """``kid`` signs from ``signs_from``; the keys before it are retired by ``retired_at``.

    ``began`` is False when a rotation was under way already.
    """

    kid: str
    signs_from: datetime
    retired_at: datetime | None
    began: bool


async def rotate(session: AsyncSession, settings: AuthSettings, *, actor: str, at_once: bool = False) -> Rotation:
    """Begin a rotation. ``at_once`` is for a key that leaked: its tokens are refused as soon as the news is around."""
    await repository.lock(session)
    now = datetime.now(UTC)
    known = await repository.usable(session, now)
    pending = known[0] if known and known[0].signs_from > now else None
    if pending is not None and not at_once:
        return Rotation(pending.id, pending.signs_from, None, began=False)
    signs_from = now if at_once else now + _lead(settings)
    retired_at = now if at_once else signs_from + _longest_life(settings)
    key = new_key(settings, signs_from)
    session.add(key)
    _retire(known, retired_at)
    outcome = "at once" if at_once else "ok"
    record(session, actor=actor, action="keys.rotated", outcome=outcome, target=key.id)
    return Rotation(key.id, signs_from, retired_at if known else None, began=True)


async def rotate_when_due(resources: Resources) -> None:
    """Begin a rotation when the youngest key has signed for ``key_rotation_days``; delete keys long retired."""
    settings = resources.settings
    assert isinstance(settings, AuthSettings)
    now = datetime.now(UTC)
    async with resources.database.transaction() as session:
        await repository.lock(session)
        known = await repository.usable(session, now)
        if known and known[0].signs_from <= now - timedelta(days=settings.key_rotation_days):
            await rotate(session, settings, actor="service:auth")
        await repository.forget_retired(session, now - _KEPT_AFTER_RETIREMENT)


def _retire(keys: Sequence[SigningKey], at: datetime) -> None:
    for key in keys:
        key.retired_at = min(key.retired_at, at) if key.retired_at else at


def _lead(settings: AuthSettings) -> timedelta:
    """From publishing to signing: processes of auth read the keys again, then whoever asked them does."""
    return timedelta(seconds=settings.key_cache_seconds + settings.jwks_max_age_seconds + settings.key_margin_seconds)


def _longest_life(settings: AuthSettings) -> timedelta:
    """From the end of signing to the death of the last token."""
    longest = max(settings.access_token_seconds, settings.service_token_seconds)
    return timedelta(seconds=settings.key_cache_seconds + longest + LEEWAY_S + settings.key_margin_seconds)
