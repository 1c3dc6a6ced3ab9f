"""What signing in with Strava means for the activity store."""

from uuid import UUID

from auth.identities.provider import ProvenPerson
from auth.identities.providers import settings_of
from common.errors import ServiceError
from common.http import UpstreamRejected
from common.logs import get_logger
from common.resources import Resources
from contracts.strava.api import StravaGrant
from contracts.strava.client import StravaClient

_READING = frozenset({"activity:read", "activity:read_all"})
_CALL_S = 3.0


async def is_connected(resources: Resources, person: ProvenPerson) -> bool:
    """Tell whether somebody here gets their activities from this athlete at Strava.

    Raises what ``ServiceClient`` raises while the activity store is away.
    """
    if person.provider != "strava":
        return False
    return await _client(resources).connected_account(int(person.subject)) is not None


async def connect(resources: Resources, user_id: UUID, person: ProvenPerson) -> None:
    """Hand the tokens that came with a sign-in to the activity store, when they let it read activities.

    Nothing depends on it: who signed in stays so, and can connect later.
    """
    granted = person.granted
    if granted is None or not _READING & set(granted.scopes):
        return
    grant = StravaGrant(
        athlete_id=user_id,
        strava_athlete_id=int(person.subject),
        name=person.name[:400],
        scopes=list(granted.scopes)[:20],
        access_token=granted.access_token,
        refresh_token=granted.refresh_token,
        expires_at=granted.expires_at,
    )
    try:
        await _client(resources).connect(grant)
    except (ServiceError, UpstreamRejected) as error:
        get_logger().warning("sign_in_not_connected", error=str(error))


def _client(resources: Resources) -> StravaClient:
    url = settings_of(resources).strava_url
    return StravaClient(resources.client("strava", url, timeout=_CALL_S, attempt_timeout=_CALL_S))
