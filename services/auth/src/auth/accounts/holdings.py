"""Who holds what of a person: auth itself, and the services that can be asked."""

from uuid import UUID

from sqlalchemy import update
from sqlalchemy.ext.asyncio import AsyncSession

from auth.models import (
    Audit,
    Export,
    Identity,
    MailedToken,
    PersonalToken,
    RecoveryCode,
    Session,
    Totp,
    User,
)
from common.personal import Holding, PersonalData, PersonalFile
from common.resources import Resources
from contracts.people import PeopleClient

HOLDERS = ("strava", "trainer", "analytics", "thumbnails", "pdf")
"""In the order in which they are asked to delete: the store first, lest the others look at it again."""

FOLDER = "exports"


def holder(resources: Resources, name: str) -> PeopleClient:
    """Return the client of a service that holds personal data."""
    return PeopleClient(resources.client(name, getattr(resources.settings, f"{name}_url")))


async def _archives(resources: Resources, _session: AsyncSession, person: UUID) -> list[PersonalFile]:
    return [PersonalFile(each.key, each.key) async for each in resources.objects.list(f"{FOLDER}/{person}")]


async def _leave(_resources: Resources, session: AsyncSession, person: UUID) -> None:
    """Keep in the log that something was done, not from where nor what was told of it."""
    concerned = (Audit.actor == str(person)) | (Audit.target == str(person))
    await session.execute(update(Audit).where(concerned).values(address="", details={}))


PERSONAL = PersonalData(
    [
        Holding(Session, lambda person: Session.user_id == person),
        Holding(Identity, lambda person: Identity.user_id == person),
        Holding(PersonalToken, lambda person: PersonalToken.user_id == person, withheld=frozenset({"token_hash"})),
        Holding(Totp, lambda person: Totp.user_id == person, withheld=frozenset({"secret"})),
        Holding(MailedToken, lambda person: MailedToken.user_id == person, given=False),
        Holding(RecoveryCode, lambda person: RecoveryCode.user_id == person, given=False),
        Holding(Export, lambda person: Export.user_id == person),
        Holding(User, lambda person: User.id == person, withheld=frozenset({"password_hash"})),
    ],
    files=_archives,
    gives_files=False,
    leave=_leave,
    folder=FOLDER,
)
