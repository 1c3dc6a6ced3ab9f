"""What can be done with an account."""

from datetime import UTC, datetime
from uuid import UUID

from sqlalchemy.exc import IntegrityError
from sqlalchemy.ext.asyncio import AsyncSession

from auth.audit import record
from auth.credentials.common_passwords import refuse_common
from auth.mail.service import request_mail
from auth.models import User
from auth.passwords import Passwords
from auth.settings import AuthSettings
from auth.users import repository
from auth.users.addresses import kept
from auth.users.schemas import ProfileChange, Registration
from common.errors import Conflict, NotFound

ATHLETE = "athlete"
COACH = "coach"
ADMIN = "admin"


class EmailTaken(Conflict):
    code = "auth.email_taken"
    title = "This address has an account already"
    next_steps = "Sign in with it, or register with another address."


async def register(
    session: AsyncSession, settings: AuthSettings, passwords: Passwords, registration: Registration
) -> User:
    """Make an athlete's account; where mail can be sent, its address is yet to be confirmed.

    Raises ``EmailTaken``, ``PasswordCommon``. Registering never makes an admin.
    """
    email, password = registration.email, registration.password.get_secret_value()
    refuse_common(password, email=email, display_name=registration.display_name)
    user = await create(
        session,
        email=email,
        password_hash=await passwords.hash(password),
        display_name=registration.display_name,
        roles=[ATHLETE],
        verified=not settings.sends_mail,
    )
    if settings.sends_mail:
        await request_mail(session, email, user, "verify")
    record(session, actor=str(user.id), action="account.registered", outcome="ok", target=str(user.id))
    return user


async def create(
    session: AsyncSession,
    *,
    email: str,
    password_hash: str,
    display_name: str,
    roles: list[str],
    verified: bool = True,
) -> User:
    """Add an account; who is ``verified`` can sign in at once. Raises ``EmailTaken``."""
    now = datetime.now(UTC)
    user = User(
        email=kept(email),
        password_hash=password_hash,
        display_name=display_name,
        roles=roles,
        email_verified_at=now if verified else None,
    )
    session.add(user)
    try:
        await session.flush()
    except IntegrityError:
        raise EmailTaken from None
    await session.refresh(user)
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
