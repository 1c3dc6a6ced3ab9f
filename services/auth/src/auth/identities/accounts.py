"""Which account here a proven person has.

An address alone opens nobody's account: it must be verified at the provider, and the account's owner must have shown
that they read its mail. Registering with somebody's address before they come does not get their sign-in either.
"""

from datetime import UTC, datetime
from uuid import UUID

from sqlalchemy.ext.asyncio import AsyncSession

from auth.audit import record
from auth.identities import repository
from auth.identities.errors import (
    AccountDisabled,
    AlreadyLinked,
    EmailUnverified,
    IdentityTaken,
    LinkNeeded,
    SessionEnded,
)
from auth.identities.provider import ProvenPerson
from auth.models import Identity, User
from auth.sessions.service import Device
from auth.users import repository as users
from auth.users.addresses import compared, kept
from auth.users.service import ATHLETE

_MAX_NAME = 100
_NAMELESS = "Athlete"


async def account_of(session: AsyncSession, person: ProvenPerson, device: Device) -> User:
    """Return the account, locked: the one this identity is linked to, the one of its address, or a new one.

    Raises ``AccountDisabled``, ``LinkNeeded``, ``EmailUnverified``.
    """
    identity = await repository.find(session, person.provider, person.subject)
    if identity is not None:
        user = await users.by_id(session, identity.user_id, lock=True)
        assert user is not None
        _refuse_disabled(session, user, person, device)
        identity.last_used_at = datetime.now(UTC)
        return user
    found = await users.by_email(session, person.email) if person.email else None
    holder = await users.by_id(session, found.id, lock=True) if found else None
    if holder is None:
        return await _newcomer(session, person)
    _refuse_disabled(session, holder, person, device)
    others = {each.provider for each in await repository.of_user(session, holder.id)}
    if not person.email_verified or holder.email_proven_at is None or person.provider in others:
        record_refusal(session, str(holder.id), person, device, LinkNeeded.code)
        raise LinkNeeded
    _add(session, holder, person, by="address")
    return holder


async def link(session: AsyncSession, person: ProvenPerson, session_id: UUID) -> UUID:
    """Link a person's account at a provider to the account of a session; return whose it is. Again is no error.

    Raises ``SessionEnded``, ``IdentityTaken``, ``AlreadyLinked``.
    """
    living = await repository.living_session(session, session_id)
    user = await users.by_id(session, living.user_id, lock=True) if living else None
    if user is None or user.disabled_at is not None:
        raise SessionEnded
    known = await repository.find(session, person.provider, person.subject)
    if known is not None:
        if known.user_id != user.id:
            raise IdentityTaken
        return user.id
    if any(each.provider == person.provider for each in await repository.of_user(session, user.id)):
        raise AlreadyLinked
    if person.email_verified and user.email and person.email and compared(user.email) == compared(person.email):
        user.email_proven_at = user.email_proven_at or datetime.now(UTC)
    _add(session, user, person, by="session")
    await session.flush()
    return user.id


async def _newcomer(session: AsyncSession, person: ProvenPerson) -> User:
    if person.email is not None and not person.email_verified:
        raise EmailUnverified
    verified_at = datetime.now(UTC) if person.email else None
    user = User(
        email=kept(person.email) if person.email else None,
        email_verified_at=verified_at,
        email_proven_at=verified_at,
        display_name=_display_name(person),
        password_hash=None,
        roles=[ATHLETE],
    )
    session.add(user)
    await session.flush()
    await session.refresh(user)
    record(
        session,
        actor=str(user.id),
        action="user.created",
        outcome="ok",
        target=str(user.id),
        details={"method": person.provider},
    )
    _add(session, user, person, by="sign-in")
    return user


def _add(session: AsyncSession, user: User, person: ProvenPerson, *, by: str) -> None:
    now = datetime.now(UTC)
    session.add(Identity(user_id=user.id, provider=person.provider, subject=person.subject, last_used_at=now))
    if person.picture and user.picture is None:
        user.picture, user.updated_at = person.picture, now
        user.version += 1
    record(
        session,
        actor=str(user.id),
        action="identity.linked",
        outcome="ok",
        target=str(user.id),
        details={"provider": person.provider, "by": by},
    )


def _refuse_disabled(session: AsyncSession, user: User, person: ProvenPerson, device: Device) -> None:
    if user.disabled_at is not None:
        record_refusal(session, str(user.id), person, device, AccountDisabled.code)
        raise AccountDisabled


def record_refusal(session: AsyncSession, actor: str, person: ProvenPerson, device: Device, code: str) -> None:
    """Write down that somebody was not let in."""
    details = {"method": person.provider, "code": code}
    record(session, actor=actor, action="login", outcome="refused", device=device, details=details)


def _display_name(person: ProvenPerson) -> str:
    """The provider's name in the form of ours: one printable line."""
    printable = "".join(character if character.isprintable() else " " for character in person.name)
    return " ".join(printable.split())[:_MAX_NAME].strip() or _NAMELESS
