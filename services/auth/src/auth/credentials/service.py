"""Changing a password, getting a new one by mail, proving an address."""

from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from uuid import UUID

from sqlalchemy import delete
from sqlalchemy.ext.asyncio import AsyncSession

from auth import throttle
from auth.audit import record
from auth.credentials.common_passwords import refuse_common
from auth.credentials.schemas import PasswordChange
from auth.mail import onetime
from auth.mail.onetime import LinkInvalid
from auth.mail.service import request_mail
from auth.models import Identity, PersonalToken, RecoveryCode, Session, Totp, User
from auth.passwords import Passwords
from auth.sessions.service import Sessions
from auth.settings import AuthSettings
from auth.users import repository as users
from auth.users import service as people
from common.errors import Conflict, FieldError, Forbidden, InvalidInput

_NEW = "/body/new_password"


RECENT = timedelta(minutes=10)
"""How long a sign-in stands in for the password of an account that has none."""


class SignInAgain(Forbidden):
    code = "auth.sign_in_again"
    title = "This needs a sign-in of the last ten minutes"
    next_steps = "Sign in again as you did before, then repeat it within ten minutes."


class AddressMissing(Conflict):
    code = "auth.address_missing"
    title = "This account has no address to sign in with"
    next_steps = "Link another provider instead: signing in with a password needs an address."


class PasswordWrong(Forbidden):
    code = "auth.password_wrong"
    title = "The password is wrong"
    next_steps = "Check it and try again, or ask for a mail to set a new one."
    commits = True


@dataclass(frozen=True)
class Credentials:
    """Every method works in the caller's transaction; a failed try outlives the error that it ends with."""

    settings: AuthSettings
    passwords: Passwords
    sessions: Sessions

    async def confirm(self, session: AsyncSession, user_id: UUID, password: str) -> User:
        """Return the person, locked, who knows the password.

        Raises ``PasswordWrong``, and ``TooManyTries`` like signing in does: whoever found an open browser must not be
        able to guess on.
        """
        user = await people.profile(session, user_id, lock=True)
        subject = throttle.account_of(user, at_home=True)
        await throttle.spend(session, subject)
        if not await self.passwords.verify(password, user.password_hash):
            record(session, actor=str(user_id), action="password.confirm", outcome="refused")
            raise PasswordWrong
        await throttle.give_back(session, subject)
        return user

    async def confirm_recent(self, session: AsyncSession, session_id: UUID) -> None:
        """Demand that the session is a new one, for who has no password to give. Raises ``SignInAgain``.

        Refreshing does not make a session newer, so neither an access token nor a refresh token that was taken later
        is enough.
        """
        family = await session.get(Session, session_id)
        if family is None or family.created_at < datetime.now(UTC) - RECENT:
            raise SignInAgain

    async def change(self, session: AsyncSession, user_id: UUID, kept: UUID, change: PasswordChange) -> None:
        """Set a new password and end all sessions but ``kept``.

        Raises what ``confirm`` does, ``PasswordCommon``; for the first password of an account ``SignInAgain`` and
        ``AddressMissing``.
        """
        user = await people.profile(session, user_id, lock=True)
        if user.password_hash is None:
            if user.email is None:
                raise AddressMissing
            await self.confirm_recent(session, kept)
        elif change.current_password is None:
            raise InvalidInput(errors=[FieldError(pointer="/body/current_password", message="Field required")])
        else:
            user = await self.confirm(session, user_id, change.current_password.get_secret_value())
        await self._set(session, user, change.new_password.get_secret_value())
        await self.sessions.logout_all(session, user.id, reason="password changed", but=kept)
        record(session, actor=str(user_id), action="password.changed", outcome="ok")

    async def forgot(self, session: AsyncSession, email: str) -> None:
        """Send a mail for a new password; the same is done for an address that nobody has."""
        user = await users.by_email(session, email)
        if self.settings.sends_mail:
            await request_mail(session, email, user, "reset")

    async def reset(self, session: AsyncSession, token: str, new_password: str) -> None:
        """Set a new password by a mailed token; ends all sessions. Raises ``LinkInvalid``, ``PasswordCommon``."""
        mailed = await onetime.find(session, token, "reset")
        user = await self._reader(session, mailed.user_id)
        await self._set(session, user, new_password)
        if user.email_proven_at is None:
            await self._disown(session, user)
        _prove(user)
        await onetime.use(session, mailed)
        await self.sessions.logout_all(session, user.id, reason="password reset")
        await throttle.forget_all_of(session, user)
        record(session, actor=str(user.id), action="password.reset", outcome="ok")

    async def verify_email(self, session: AsyncSession, token: str) -> None:
        """Take an address for proven. Raises ``LinkInvalid``.

        One that was registered twice is only confirmed: whoever reads its mail may not know the password that the
        account has. Then they set one by mail, and nobody else has a way in any more.
        """
        mailed = await onetime.find(session, token, "verify")
        user = await self._reader(session, mailed.user_id)
        _prove(user, is_theirs=user.contested_at is None)
        await onetime.use(session, mailed)
        record(session, actor=str(user.id), action="email.verified", outcome="ok")

    async def send_verification(self, session: AsyncSession, email: str) -> None:
        """Send the mail again where it is needed; the same is done where it is not."""
        user = await users.by_email(session, email)
        if self.settings.sends_mail:
            unproven = user if user and user.email_verified_at is None else None
            await request_mail(session, email, unproven, "verify")

    async def _set(self, session: AsyncSession, user: User, password: str) -> None:
        refuse_common(password, email=user.email or "", display_name=user.display_name, pointer=_NEW)
        user.password_hash = await self.passwords.hash(password)
        await session.flush()

    async def _disown(self, session: AsyncSession, user: User) -> None:
        """Take away every other way in: whoever registered an address need not be who reads its mail.

        The second factor of an account with a role stays: the operator knows whose that is, and reading the mail of an
        administrator must not be enough.
        """
        await self.sessions.shut_out(session, user.id, reason="address proven by somebody")
        second_factor = (Totp, RecoveryCode) if set(user.roles) <= {people.ATHLETE} else ()
        for held in (Identity, PersonalToken, *second_factor):
            await session.execute(delete(held).where(held.user_id == user.id))

    async def _reader(self, session: AsyncSession, user_id: UUID) -> User:
        user = await users.by_id(session, user_id, lock=True)
        if user is None or user.disabled_at:
            raise LinkInvalid
        return user


def _prove(user: User, *, is_theirs: bool = True) -> None:
    """Whoever used the token has read the mail; ``is_theirs`` says that the account is what they meant."""
    now = datetime.now(UTC)
    user.email_verified_at = user.email_verified_at or now
    if is_theirs:
        user.email_proven_at = user.email_proven_at or now
