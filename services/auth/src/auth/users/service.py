"""What can be done with an account."""

from datetime import UTC, datetime
from uuid import UUID

from sqlalchemy.ext.asyncio import AsyncSession

from auth.audit import record
from auth.credentials.common_passwords import refuse_common
from auth.mail.service import request_mail
from auth.models import User
from auth.passwords import Passwords
from auth.settings import AuthSettings
from auth.users import repository
from auth.users.addresses import kept
from auth.users.schemas import ProfileChange, Registered, Registration
from common.errors import Conflict, NotFound
from common.ids import uuid7

ATHLETE = "athlete"
COACH = "coach"
ADMIN = "admin"


class EmailTaken(Conflict):
    code = "auth.email_taken"
    title = "This address has an account already"
    next_steps = "Sign in with it, or register with another address."


async def register(
    session: AsyncSession, settings: AuthSettings, passwords: Passwords, registration: Registration
) -> Registered:
    """Make an athlete's account; where mail can be sent, its address is yet to be confirmed.

    There the answer and the work are the same for an address that is taken: only its mail tells, to its owner.
    Without mail the account can sign in at once, so there is nothing to hide: raises ``EmailTaken``. Raises
    ``PasswordCommon``. Registering never makes an admin.
    """
    email, password = registration.email, registration.password.get_secret_value()
    refuse_common(password, email=email, display_name=registration.display_name)
    answer = Registered(id=uuid7(), email=kept(email), display_name=registration.display_name, roles=[ATHLETE])
    new = await repository.add(
        session,
        **answer.model_dump(),
        password_hash=await passwords.hash(password),
        email_verified_at=None if settings.sends_mail else datetime.now(UTC),
    )
    if new is None and not settings.sends_mail:
        raise EmailTaken
    holder = await repository.by_email(session, email)  # looked up for who is new too: the same work
    if settings.sends_mail:
        await _write_to(session, email, holder, is_new=new is not None)
    actor, outcome = (str(new.id), "ok") if new else ("unknown", "refused")
    target = str(holder.id) if holder else ""
    record(session, actor=actor, action="account.registered", outcome=outcome, target=target)
    return answer


async def _write_to(session: AsyncSession, email: str, holder: User | None, *, is_new: bool) -> None:
    """Have the address confirmed, or its owner told that somebody tried to register it."""
    unconfirmed = holder is None or holder.email_verified_at is None
    if holder and unconfirmed and not is_new:
        holder.contested_at = datetime.now(UTC)
    await request_mail(session, email, holder, "verify" if unconfirmed else "taken")


async def create(
    session: AsyncSession,
    *,
    email: str,
    password_hash: str,
    display_name: str,
    roles: list[str],
) -> User:
    """Add an account that can sign in at once. Raises ``EmailTaken``."""
    user = await repository.add(
        session,
        email=kept(email),
        password_hash=password_hash,
        display_name=display_name,
        roles=roles,
        email_verified_at=datetime.now(UTC),
    )
    if user is None:
        raise EmailTaken
    return user


async def profile(session: AsyncSession, user_id: UUID, *, lock: bool = False) -> User:
    """Return the person. Raises ``NotFound``."""
    user = await repository.by_id(session, user_id, lock=lock)
    if user is None:
        raise NotFound("This account does not exist any more.", code="auth.account_gone")
    return user


async def change_profile(session: AsyncSession, user: User, change: ProfileChange) -> User:
    """Apply what the change names and count the version up. The log gets the names of the fields, not their values."""
    for name in change.model_fields_set:
        setattr(user, name, getattr(change, name))
    user.version += 1
    user.updated_at = datetime.now(UTC)
    await session.flush()
    details = {"fields": sorted(change.model_fields_set)}
    record(session, actor=str(user.id), action="profile.changed", outcome="ok", target=str(user.id), details=details)
    return user
