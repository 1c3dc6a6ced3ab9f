"""Who comes back from a provider, and what that means here: one person, one account, and nobody else's."""

from collections.abc import Awaitable, Callable
from dataclasses import dataclass
from typing import TypeVar
from uuid import UUID

from sqlalchemy.exc import IntegrityError
from sqlalchemy.ext.asyncio import AsyncSession

from auth.audit import record
from auth.identities import accounts, flows, repository
from auth.identities.connecting import connect, is_connected
from auth.identities.errors import Denied, LastSignIn, LinkNeeded, NotLinked, ProviderUnavailable
from auth.identities.provider import PROVIDERS, CameBack, ProvenPerson, ProviderName
from auth.identities.providers import Providers
from auth.identities.schemas import ProviderList, ProviderOut
from auth.models import User
from auth.sessions.schemas import Tokens
from auth.sessions.service import Device, Sessions
from auth.users import repository as users
from common.resources import Resources

_DENIED = "access_denied"

ResultT = TypeVar("ResultT")


@dataclass(frozen=True)
class Arrival:
    """How a way to a provider ended: with the tokens of a new session, or with a link when there are none."""

    tokens: Tokens | None
    return_to: str


async def arrive(
    resources: Resources,
    sessions: Sessions,
    name: ProviderName,
    answer: CameBack,
    *,
    browser: str | None,
    device: Device,
) -> Arrival:
    """Finish a way to a provider: sign in, or link. Raises what ``identities.errors`` names."""
    provider = Providers.of(resources).need(name)
    flow = await flows.take(resources, name, state=answer.state, browser=browser)
    if answer.error:
        raise Denied if answer.error == _DENIED else ProviderUnavailable
    person = await provider.person(answer, flow.secrets)
    session_id, tokens = flow.session_id, None
    if session_id is not None:
        user_id = await _once_more(lambda: _link(resources, person, session_id))
    else:
        await _refuse_a_second_account(resources, person, device)
        user_id, tokens = await _once_more(lambda: _sign_in(resources, sessions, person, device))
    await connect(resources, user_id, person)
    return Arrival(tokens, flow.return_to)


async def _once_more(attempt: Callable[[], Awaitable[ResultT]]) -> ResultT:
    """Do it; again when another request made the same identity or account at the same moment."""
    try:
        return await attempt()
    except IntegrityError:
        return await attempt()


async def _refuse_a_second_account(resources: Resources, person: ProvenPerson, device: Device) -> None:
    """Raise ``LinkNeeded`` for a newcomer whose activities at Strava an account here has already."""
    async with resources.database.reading() as session:
        known = await repository.find(session, person.provider, person.subject)
    if known is None and await is_connected(resources, person):
        async with resources.database.transaction() as session:
            accounts.record_refusal(session, "unknown", person, device, LinkNeeded.code)
        raise LinkNeeded


async def _sign_in(
    resources: Resources, sessions: Sessions, person: ProvenPerson, device: Device
) -> tuple[UUID, Tokens]:
    async with resources.database.transaction() as session:
        user = await accounts.account_of(session, person, device)
        return user.id, await sessions.open(session, user, device, method=person.provider)


async def _link(resources: Resources, person: ProvenPerson, session_id: UUID) -> UUID:
    async with resources.database.transaction() as session:
        return await accounts.link(session, person, session_id)


async def unlink(session: AsyncSession, providers: Providers, user_id: UUID, name: ProviderName) -> None:
    """Forget a person's account at a provider. Raises ``NotLinked``, ``LastSignIn``."""
    user = await users.by_id(session, user_id, lock=True)
    linked = {identity.provider: identity for identity in await repository.of_user(session, user_id)}
    if user is None or name not in linked:
        raise NotLinked
    others = [other for other in PROVIDERS if other != name and other in linked and providers.is_on(other)]
    if not _has_password(user) and not others:
        raise LastSignIn
    await session.delete(linked[name])
    record(
        session,
        actor=str(user_id),
        action="identity.unlinked",
        outcome="ok",
        target=str(user_id),
        details={"provider": name},
    )


def _has_password(user: User) -> bool:
    """Tell whether the account can be signed in to without a provider."""
    return user.password_hash is not None and user.email is not None


async def listed(session: AsyncSession, providers: Providers, user_id: UUID) -> ProviderList:
    """Return all providers there are, with those that are linked."""
    user = await users.by_id(session, user_id)
    linked = {identity.provider: identity for identity in await repository.of_user(session, user_id)}
    return ProviderList(
        password=user is not None and _has_password(user),
        items=[
            ProviderOut(
                provider=name,
                available=providers.is_on(name),
                linked_at=linked[name].created_at if name in linked else None,
                last_used_at=linked[name].last_used_at if name in linked else None,
            )
            for name in PROVIDERS
        ],
    )
