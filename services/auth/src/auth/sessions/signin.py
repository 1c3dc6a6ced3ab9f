"""Signing in with a password, and with a code where the second factor is on.

The answer says what was missing only to who knew the password. Until then known and unknown accounts cost the same
work: two look-ups, one count of the try, one password hash, one row in the audit log. An account whose address is not
confirmed answers like none: who registers an address could else try the password and see whether it was free. The
transactions before and after the hash are short: none waits for it.
"""

from dataclasses import dataclass
from typing import NoReturn
from uuid import UUID

from sqlalchemy.ext.asyncio import AsyncSession

from auth import throttle
from auth.audit import record
from auth.models import User
from auth.passwords import Passwords
from auth.sessions import repository
from auth.sessions.schemas import Login, Tokens
from auth.sessions.service import Device, Sessions
from auth.throttle import Subject
from auth.totp import service as totp
from auth.users import repository as users
from common.db import Database
from common.errors import Unauthorized

_NOBODY = UUID(int=0)


class LoginRefused(Unauthorized):
    code = "auth.login_refused"
    title = "The address or the password is wrong"
    next_steps = (
        "Check both and try again, or ask for a mail to set a new password. A new account works once the link in its "
        "mail was opened."
    )
    commits = True


class TotpRequired(Unauthorized):
    code = "auth.totp_required"
    title = "A code of the second factor is needed"
    next_steps = "Send the code of the authenticator app, or a recovery code, in totp."
    commits = True


class TotpRefused(Unauthorized):
    code = "auth.totp_refused"
    title = "The code of the second factor is wrong"
    next_steps = "Take the code that the app shows now; each works once. A recovery code works too."
    commits = True


@dataclass(frozen=True)
class _Try:
    """A sign-in under way, after the first look: what is known of the account and what was counted."""

    account: Subject
    origin: Subject
    user_id: UUID | None
    password_hash: str | None


@dataclass(frozen=True)
class SignIn:
    sessions: Sessions
    passwords: Passwords
    database: Database

    async def login(self, login: Login, device: Device) -> Tokens:
        """Open a session.

        Raises ``LoginRefused`` and ``TooManyTries``, alike for unknown, known and unconfirmed accounts; after the right
        password ``TotpRequired``, ``TotpRefused``.
        """
        password = login.password.get_secret_value()
        async with self.database.transaction() as session:
            begun = await self._begin(session, login.email, device)
        matches = await self.passwords.verify(password, begun.password_hash)
        renewed = None
        if matches and begun.password_hash and self.passwords.needs_renewal(begun.password_hash):
            renewed = await self.passwords.hash(password)
        async with self.database.transaction() as session:
            user = await users.by_id(session, begun.user_id, lock=True) if matches and begun.user_id else None
            if user is None or user.disabled_at or user.password_hash != begun.password_hash:
                self._refuse(session, begun, device, "refused")
            if user.email_verified_at is None:
                self._refuse(session, begun, device, "unverified")
            await self._demand_rest(session, begun, user, login, device)
            user.password_hash = renewed or user.password_hash
            return await self.sessions.open(session, user, device, method="password")

    async def _begin(self, session: AsyncSession, email: str, device: Device) -> _Try:
        user = await users.by_email(session, email)
        # Asked for an account that nobody has too: the same work.
        homes = await repository.addresses_of(session, user.id if user else _NOBODY)
        at_home = throttle.network_of(device.address) in {throttle.network_of(home) for home in homes}
        account, origin = throttle.account(email, at_home=at_home), throttle.origin(device.address)
        await throttle.spend(session, account, origin)
        known_hash = user.password_hash if user and not user.disabled_at else None
        return _Try(account, origin, user.id if user else None, known_hash)

    @staticmethod
    def _refuse(session: AsyncSession, begun: _Try, device: Device, outcome: str) -> NoReturn:
        record(session, actor=str(begun.user_id or "unknown"), action="login", outcome=outcome, device=device)
        raise LoginRefused

    async def _demand_rest(self, session: AsyncSession, begun: _Try, user: User, login: Login, device: Device) -> None:
        """Demand what a right password does not show. A code that is wrong stays counted, one that is missing not."""
        second = await totp.required_of(session, user.id)
        if second is not None and login.totp is None:
            await throttle.give_back(session, begun.account, begun.origin)
            raise TotpRequired
        code = login.totp.get_secret_value() if login.totp else ""
        if second is not None and not await totp.accept(session, self.sessions.settings, second, code):
            record(session, actor=str(user.id), action="login", outcome="totp refused", device=device)
            raise TotpRefused
        await throttle.forget(session, begun.account)
        await throttle.give_back(session, begun.origin)
