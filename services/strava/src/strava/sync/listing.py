"""Going through the list of an athlete's activities at Strava."""

from collections.abc import AsyncIterator
from datetime import datetime
from functools import partial
from uuid import UUID

from common.resources import Resources
from strava.connections.tokens import TokenKeeper
from strava.remote.errors import ConnectionDegraded, NotConnected, ScopeMissing
from strava.remote.remote import Remote
from strava.remote.shapes import SummaryActivity

UNUSABLE = (NotConnected, ConnectionDegraded, ScopeMissing)
"""Nothing more can be asked for this athlete."""


async def pages(
    resources: Resources, athlete_id: UUID, *, before: int, after: datetime | None = None
) -> AsyncIterator[list[SummaryActivity]]:
    """Give the activities that start before a Unix second and not before a moment, the newest first, page by page.

    The last of a page comes again on the next, with all that began in the same second. Raises ``UNUSABLE``.
    """
    api, keeper = Remote.of(resources).api, TokenKeeper.of(resources)
    while True:
        page = await keeper.with_token(athlete_id, partial(api.activities, before=before))
        wanted = [each for each in page if after is None or each.start_date >= after]
        if not wanted:
            return
        oldest = second_of(wanted)
        yield wanted
        if len(wanted) < len(page) or oldest + 1 >= before:
            return
        before = oldest + 1


def second_of(page: list[SummaryActivity]) -> int:
    """Unix second in which the oldest of a page started."""
    return int(page[-1].start_date.timestamp())
