"""Growing delays after failed tries, per account and per address: rows, so that a restart forgets nothing.

A try is counted before it is judged and given back when it was right. So of many tries at once no more get through
than of as many in a row. Accounts that do not exist are counted alike.
"""

import hashlib
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from ipaddress import IPv6Address, IPv6Network, ip_address

from sqlalchemy import delete
from sqlalchemy.dialects.postgresql import insert
from sqlalchemy.ext.asyncio import AsyncSession

from auth.models import Throttle, User
from auth.users.addresses import compared
from common.errors import TooManyRequests

ACCOUNT_FREE = 5
ADDRESS_FREE = 50
LONGEST_DELAY = timedelta(minutes=15)
FORGOTTEN_EVERY = timedelta(minutes=15)
KEPT = timedelta(days=1)
_DOUBLINGS = 10  # 2^10 s is past the longest delay
_IPV6_SITE = 64


class TooManyTries(TooManyRequests):
    code = "auth.too_many_tries"
    title = "Too many failed tries"
    next_steps = "Wait for the time named in Retry-After, then try again. Waiting is all it takes."


@dataclass(frozen=True)
class Subject:
    """What tries are counted for; the first ``free - 1`` failures have no consequence."""

    key: bytes
    free: int


def account(email: str, *, at_home: bool = False) -> Subject:
    """The account of an address, whether there is one or not.

    ``at_home``, where its person has signed in before, tries are counted apart: strangers who keep guessing from
    elsewhere make themselves wait and not the person.
    """
    return Subject(_digest("account at home" if at_home else "account", compared(email)), ACCOUNT_FREE)


def account_of(user: User, *, at_home: bool = False) -> Subject:
    """The account of a person, who may have no address."""
    return account(user.email or str(user.id), at_home=at_home)


def origin(address: str) -> Subject:
    """Where a request came from; of IPv6 the network that one subscriber has."""
    return Subject(_digest("address", network_of(address)), ADDRESS_FREE)


def mail_to(purpose: str, email: str) -> Subject:
    """Mails of one purpose to an address."""
    return Subject(_digest(f"mail {purpose}", compared(email)), 1)


def delay_after(failures: int, free: int) -> timedelta:
    """How long the next try has to wait: nothing below ``free``, then 1 s, 2 s, 4 s ... up to 15 min."""
    if failures < free:
        return timedelta()
    return min(LONGEST_DELAY, timedelta(seconds=2 ** min(failures - free, _DOUBLINGS)))


async def spend(session: AsyncSession, *subjects: Subject) -> None:
    """Count a try for each. Raises ``TooManyTries`` while one of them has to wait; nothing is counted then."""
    now = datetime.now(UTC)
    rows = await _locked(session, subjects, now)
    waits = [row.blocked_until - now for row in rows.values() if row.blocked_until and row.blocked_until > now]
    if waits:
        raise TooManyTries(retry_after_s=max(1.0, max(waits).total_seconds()))
    for subject in subjects:
        row = rows[subject.key]
        most = subject.free + _DOUBLINGS
        row.failures = min(_remembered(row, now) + 1, most)
        row.counted_at = now
        row.blocked_until = (now + delay) if (delay := delay_after(row.failures, subject.free)) else None


async def give_back(session: AsyncSession, *subjects: Subject) -> None:
    """Undo the count of a try that was not wrong; what failed before stays counted."""
    for row in (await _locked(session, subjects, datetime.now(UTC))).values():
        row.failures = max(0, row.failures - 1)
        row.blocked_until = None


async def forget(session: AsyncSession, *subjects: Subject) -> None:
    """Start over: the person has shown who they are."""
    await session.execute(delete(Throttle).where(Throttle.key.in_([subject.key for subject in subjects])))


async def forget_all_of(session: AsyncSession, user: User) -> None:
    """Start over for an account, at home and elsewhere."""
    await forget(session, account_of(user), account_of(user, at_home=True))


async def take_turn(session: AsyncSession, subject: Subject, pause: timedelta) -> bool:
    """Tell whether it is time for the next mail, which then has to wait for ``pause``."""
    now = datetime.now(UTC)
    row = (await _locked(session, [subject], now))[subject.key]
    if row.blocked_until and row.blocked_until > now:
        return False
    row.counted_at = now
    row.blocked_until = now + pause
    return True


async def forget_old(session: AsyncSession, now: datetime) -> None:
    """Delete rows that weigh nothing any more."""
    await session.execute(delete(Throttle).where(Throttle.counted_at < now - KEPT))


async def _locked(session: AsyncSession, subjects: Sequence[Subject], now: datetime) -> dict[bytes, Throttle]:
    # One order for all, so that two requests never wait for each other. The update changes nothing and locks the row.
    keys = sorted({subject.key for subject in subjects})
    new = insert(Throttle).values([{"key": key, "failures": 0, "counted_at": now} for key in keys])
    locking = new.on_conflict_do_update(index_elements=[Throttle.key], set_={"key": new.excluded.key})
    rows = await session.scalars(locking.returning(Throttle), execution_options={"populate_existing": True})
    return {row.key: row for row in rows}


def _remembered(row: Throttle, now: datetime) -> int:
    forgotten = max(0, (now - row.counted_at) // FORGOTTEN_EVERY)
    return max(0, row.failures - forgotten)


def network_of(address: str) -> str:
    """The address, of IPv6 its /64 network; what is no address stays as it is."""
    try:
        known = ip_address(address)
    except ValueError:
        return address
    if isinstance(known, IPv6Address):
        mapped = known.ipv4_mapped
        return str(mapped) if mapped else str(IPv6Network((int(known), _IPV6_SITE), strict=False))
    return str(known)


def _digest(kind: str, value: str) -> bytes:
    return hashlib.sha256(f"{kind}\n{value}".encode()).digest()
