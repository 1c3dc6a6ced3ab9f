"""What auth knows of an athlete, kept for a minute: an archive of thousands of files asks but now and then."""

import time
from collections import OrderedDict
from collections.abc import Callable
from uuid import UUID

from common.errors import ServiceError
from common.logs import get_logger
from common.resources import Resources
from contracts.auth.client import AuthClient, Person

LIFETIME_S = 60.0
MOST = 1000
HOME = "UTC"


class Athletes:
    """Use ``Athletes.of(resources)``."""

    def __init__(self, auth: AuthClient, clock: Callable[[], float] = time.monotonic) -> None:
        self._auth = auth
        self._clock = clock
        self._known: OrderedDict[UUID, tuple[float, Person | None]] = OrderedDict()

    @classmethod
    def of(cls, resources: Resources) -> "Athletes":
        """Return the process's own."""
        auth_url = resources.settings.auth_url
        return resources.shared(cls, lambda made_for: cls(AuthClient(made_for.client("auth", auth_url))))

    async def aclose(self) -> None:
        """Forget everybody."""
        self._known.clear()

    async def person(self, athlete_id: UUID) -> Person | None:
        """Return what auth knows; None when the account does not exist (any more). Raises what the call raises."""
        until, person = self._known.get(athlete_id, (0.0, None))
        if self._clock() >= until:
            person = await self._auth.person(athlete_id)
            self._known[athlete_id] = (self._clock() + LIFETIME_S, person)
            self._known.move_to_end(athlete_id)
            while len(self._known) > MOST:
                self._known.popitem(last=False)
        return person

    async def home_timezone(self, athlete_id: UUID) -> str:
        """IANA name of the athlete's own zone."""
        person = await self.person(athlete_id)
        return person.timezone if person else HOME

    async def weight(self, athlete_id: UUID) -> float | None:
        """Return the athlete's weight in kg, None where it is not known.

        Nor where auth is away: nothing waits for what only an estimate needs.
        """
        try:
            person = await self.person(athlete_id)
        except ServiceError as error:
            get_logger().warning("weight_not_known", error=error.code)
            return None
        return person.weight if person else None
