"""Deleting an account in all services, and proving it.

At once the account can no longer be used. A job then has every service delete what it holds, again and again until
none finds anything more: work that was under way may have written something meanwhile. Two hours later they are
asked once more, for uploads that took that long to arrive.
"""

from datetime import UTC, datetime, timedelta
from typing import Any
from uuid import UUID

from sqlalchemy import delete, select
from sqlalchemy.ext.asyncio import AsyncSession

from auth.accounts.holdings import HOLDERS, PERSONAL, holder
from auth.audit import record
from auth.models import Departure, User
from auth.opaque import digest, new_token
from auth.people.service import keep_an_admin
from auth.sessions.service import Sessions
from auth.users.service import ADMIN
from common import jobs
from common.errors import NotFound
from common.ids import uuid7
from common.inbox import cursor_of
from common.jobrunner import JobContext
from common.jobs import JobPostponed
from common.logs import get_logger
from common.personal import erase
from common.resources import Resources

DEPART, LOOK_AGAIN = "delete-account", "look-for-remains"
KEPT = timedelta(days=30)
_PAUSES = (2.0, 5.0, 15.0, 60.0, 300.0)
_LATER = timedelta(hours=2)
"""Longer than an upload may take at the gateway."""


class DepartureMissing(NotFound):
    code = "auth.deletion_not_found"
    title = "There is no such deletion"
    next_steps = "Use the status_url that the deletion was answered with; it is kept for 30 days."


async def begin(session: AsyncSession, sessions: Sessions, user: User) -> tuple[Departure, str]:
    """End the account's use and queue the deletion; return it with the secret of its status. Raises ``LastAdmin``."""
    user.disabled_at = datetime.now(UTC)
    await keep_an_admin(session, user, was_admin=ADMIN in user.roles)
    await sessions.shut_out(session, user.id, reason="account deleted")
    secret = new_token()
    departure = Departure(id=uuid7(), person=user.id, token_hash=digest(secret))
    session.add(departure)
    # No subject: jobs of the person are among what is deleted.
    jobs.enqueue(session, DEPART, {"departure_id": str(departure.id)}, queue="auth")
    record(session, actor=str(user.id), action="account.deletion_requested", outcome="ok", target=str(user.id))
    await session.flush()
    await session.refresh(departure)
    return departure, secret


async def find(session: AsyncSession, departure_id: UUID, secret: str) -> Departure:
    """Return a deletion to whoever has its secret. Raises ``DepartureMissing``."""
    query = select(Departure).where(Departure.id == departure_id, Departure.token_hash == digest(secret))
    departure: Departure | None = await session.scalar(query)
    if departure is None:
        raise DepartureMissing
    return departure


async def depart(context: JobContext) -> None:
    """Have every service delete; done when a whole round found nothing, else postponed for another."""
    resources = context.resources
    async with resources.database.reading() as session:
        departure = await session.get(Departure, UUID(context.payload["departure_id"]))
    if departure is None or departure.finished_at is not None:
        return
    found = await _round(resources, departure)
    rounds = int(context.payload.get("rounds", 0)) + 1
    async with resources.database.transaction() as session:
        await jobs.save_payload(session, context.job, {**context.payload, "rounds": rounds})
    if found:
        pause = _PAUSES[min(rounds, len(_PAUSES)) - 1]
        raise JobPostponed(datetime.now(UTC) + timedelta(seconds=pause), "Services are asked once more.")
    await _finish(context, departure)


async def _round(resources: Resources, departure: Departure) -> int:
    """Ask all services to delete and then to count; return how much was found. What each said is kept at once."""
    found = 0
    for service in HOLDERS:
        client = holder(resources, service)
        async with resources.database.reading() as session:
            logged = await cursor_of(session, service)
        deleted = (await client.erase(departure.person, logged=logged)).total
        remaining = (await client.tally(departure.person)).total
        found += deleted + remaining
        await _report(resources, departure.id, service, deleted, remaining)
    return found


async def _report(resources: Resources, departure_id: UUID, service: str, deleted: int, remaining: int) -> None:
    async with resources.database.transaction() as session:
        departure = await session.get_one(Departure, departure_id, with_for_update=True)
        before: dict[str, Any] = departure.report.get(service, {"deleted": 0})
        told = {"deleted": before["deleted"] + deleted, "remaining": remaining}
        departure.report = {**departure.report, service: told}
        departure.updated_at = datetime.now(UTC)


async def _finish(context: JobContext, departure: Departure) -> None:
    """Delete what auth itself holds, the account last; the report stays."""
    session, person = context.session, departure.person
    gone = await erase(PERSONAL, context.resources, session, person)
    kept = await session.get_one(Departure, departure.id, with_for_update=True)
    kept.report = {**kept.report, "auth": {"deleted": gone.total, "remaining": 0}}
    kept.finished_at = kept.updated_at = datetime.now(UTC)
    jobs.enqueue(session, LOOK_AGAIN, {"departure_id": str(departure.id)}, queue="auth", delay=_LATER)
    record(session, actor=str(person), action="account.deleted", outcome="ok", target=str(person))


async def look_again(context: JobContext) -> None:
    """Ask once more, auth itself too, and say so when something had come after all."""
    resources = context.resources
    async with resources.database.reading() as session:
        departure = await session.get(Departure, UUID(context.payload["departure_id"]))
    if departure is None:
        return
    found = await _round(resources, departure) + await _own_remains(resources, departure)
    if found:
        get_logger().warning("remains_deleted", found=found)
        raise JobPostponed(datetime.now(UTC) + _LATER, "Something had come after the deletion.")


async def _own_remains(resources: Resources, departure: Departure) -> int:
    """Delete what auth was late to write: an archive whose last bytes were on their way, events of the log."""
    async with resources.database.transaction() as session:
        found = (await erase(PERSONAL, resources, session, departure.person)).total
    if found:
        await _report(resources, departure.id, "auth", found, 0)
    return found


async def forget_old(resources: Resources) -> None:
    """Delete reports that have had their time."""
    async with resources.database.transaction() as session:
        await session.execute(delete(Departure).where(Departure.finished_at < datetime.now(UTC) - KEPT))
