"""Turning the second factor on and off, and checking it."""

from dataclasses import dataclass
from datetime import UTC, datetime
from uuid import UUID

from sqlalchemy import delete, func, select, update
from sqlalchemy.ext.asyncio import AsyncSession

from auth import throttle
from auth.audit import record
from auth.credentials.service import Credentials
from auth.models import RecoveryCode, Totp, User
from auth.opaque import digest
from auth.settings import AuthSettings
from auth.totp import codes
from auth.totp.schemas import TotpState
from common.errors import Conflict, Forbidden
from common.ids import uuid7


class TotpOn(Conflict):
    code = "auth.totp_on"
    title = "The second factor is on already"
    next_steps = "Turn it off first to set it up anew."


class TotpOff(Conflict):
    code = "auth.totp_off"
    title = "The second factor is not set up"
    next_steps = "Ask for a secret first, put it into an authenticator app and confirm with a code."


class CodeWrong(Forbidden):
    code = "auth.code_wrong"
    title = "The code is wrong"
    next_steps = "Take the code that the app shows now; each works once. The clock of the device must be right."
    commits = True


@dataclass(frozen=True)
class Setup:
    secret: str
    uri: str


@dataclass(frozen=True)
class SecondFactor:
    """Every method works in the caller's transaction; a failed try outlives the error that it ends with."""

    settings: AuthSettings
    credentials: Credentials

    async def begin(self, session: AsyncSession, user_id: UUID, password: str) -> Setup:
        """Make a secret, which counts once it is confirmed. Raises ``PasswordWrong``, ``TotpOn``."""
        user = await self.credentials.confirm(session, user_id, password)
        known = await _locked(session, user_id)
        if known is not None and known.confirmed_at:
            raise TotpOn
        secret = codes.new_secret()
        totp = known or Totp(user_id=user_id)
        totp.secret = self.settings.key_ring.encrypt(secret.encode(), associated=codes.place_of(user_id))
        totp.last_step = None
        session.add(totp)
        await session.flush()
        record(session, actor=str(user_id), action="totp.begun", outcome="ok")
        return Setup(secret, codes.uri(secret, user.email or user.display_name))

    async def confirm(self, session: AsyncSession, user: User, code: str) -> list[str]:
        """Turn it on by a first code; return the recovery codes. Raises ``TotpOff``, ``TotpOn``, ``CodeWrong``."""
        totp = await _locked(session, user.id)
        if totp is None:
            raise TotpOff
        if totp.confirmed_at:
            raise TotpOn
        await self._demand(session, user, totp, code)
        totp.confirmed_at = datetime.now(UTC)
        given = codes.new_recovery_codes()
        await _forget_recovery_codes(session, user.id)
        session.add_all(RecoveryCode(id=uuid7(), user_id=user.id, code_hash=_hash(each)) for each in given)
        record(session, actor=str(user.id), action="totp.on", outcome="ok")
        return given

    async def turn_off(self, session: AsyncSession, user_id: UUID, password: str, code: str) -> None:
        """Turn it off. Raises ``PasswordWrong``, ``TotpOff``, ``CodeWrong``."""
        user = await self.credentials.confirm(session, user_id, password)
        totp = await _locked(session, user_id)
        if totp is None or not totp.confirmed_at:
            raise TotpOff
        await self._demand(session, user, totp, code)
        await remove(session, user_id)
        record(session, actor=str(user_id), action="totp.off", outcome="ok")

    async def _demand(self, session: AsyncSession, user: User, totp: Totp, code: str) -> None:
        subject = throttle.account_of(user, at_home=True)
        await throttle.spend(session, subject)
        if not await accept(session, self.settings, totp, code):
            record(session, actor=str(user.id), action="totp.code", outcome="refused")
            raise CodeWrong
        await throttle.give_back(session, subject)


async def state_of(session: AsyncSession, user_id: UUID) -> TotpState:
    """Return whether a person's second factor is on, and how many recovery codes are left."""
    confirmed_at = await session.scalar(select(Totp.confirmed_at).where(Totp.user_id == user_id))
    unused = select(func.count()).where(RecoveryCode.user_id == user_id, RecoveryCode.used_at.is_(None))
    return TotpState(on=confirmed_at is not None, recovery_codes=await session.scalar(unused) or 0)


async def required_of(session: AsyncSession, user_id: UUID) -> Totp | None:
    """Return the second factor that a person must show, locked; None when it is off."""
    totp = await _locked(session, user_id)
    return totp if totp is not None and totp.confirmed_at else None


async def accept(session: AsyncSession, settings: AuthSettings, totp: Totp, code: str) -> bool:
    """Take a code of the app, each step once and never one before, or a recovery code, once."""
    secret = settings.key_ring.decrypt(totp.secret, associated=codes.place_of(totp.user_id)).decode()
    step = codes.step_of(code, secret, datetime.now(UTC))
    if step is not None and (totp.last_step is None or step > totp.last_step):
        totp.last_step = step
        return True
    return bool(totp.confirmed_at) and await _use_recovery_code(session, totp.user_id, code)


async def remove(session: AsyncSession, user_id: UUID) -> None:
    """Forget the second factor of a person."""
    await session.execute(delete(Totp).where(Totp.user_id == user_id))
    await _forget_recovery_codes(session, user_id)


async def _use_recovery_code(session: AsyncSession, user_id: UUID, code: str) -> bool:
    used = (
        update(RecoveryCode)
        .where(RecoveryCode.user_id == user_id, RecoveryCode.code_hash == _hash(code), RecoveryCode.used_at.is_(None))
        .values(used_at=datetime.now(UTC))
        .returning(RecoveryCode.id)
        .execution_options(synchronize_session=False)
    )
    if (await session.execute(used)).first() is None:
        return False
    record(session, actor=str(user_id), action="totp.recovery_code", outcome="used")
    return True


async def _forget_recovery_codes(session: AsyncSession, user_id: UUID) -> None:
    await session.execute(delete(RecoveryCode).where(RecoveryCode.user_id == user_id))


async def _locked(session: AsyncSession, user_id: UUID) -> Totp | None:
    totp: Totp | None = await session.scalar(select(Totp).where(Totp.user_id == user_id).with_for_update())
    return totp


def _hash(recovery_code: str) -> bytes:
    return digest(codes.plain(recovery_code))
