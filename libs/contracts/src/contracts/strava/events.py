"""Events of the activity store. They are hints: the reader fetches before believing."""

from datetime import datetime
from uuid import UUID

from common.outbox import Event


class _ActivityEvent(Event):
    activity_id: UUID
    athlete_id: UUID
    version: int


class ActivityCreated(_ActivityEvent):
    """A new activity is stored, with its streams where it has any."""

    sport: str
    start_time: datetime

    @classmethod
    def event_type(cls) -> str:
        return "activity.created.v1"


class ActivityUpdated(_ActivityEvent):
    """Something of the activity changed; ``changed`` names fields, or ``streams`` when samples did."""

    changed: list[str]

    @classmethod
    def event_type(cls) -> str:
        return "activity.updated.v1"


class ActivityDeleted(_ActivityEvent):
    """The activity is gone, and everything derived from it has to go."""

    @classmethod
    def event_type(cls) -> str:
        return "activity.deleted.v1"


class PrivacyZonesChanged(Event):
    """The athlete's tracks are to be cut elsewhere than before, wherever others see them."""

    athlete_id: UUID

    @classmethod
    def event_type(cls) -> str:
        return "privacy_zones.changed.v1"


class ConnectionDegraded(Event):
    """Strava refuses the athlete's tokens: nothing is fetched until the athlete connects again."""

    athlete_id: UUID
    reason: str

    @classmethod
    def event_type(cls) -> str:
        return "connection.degraded.v1"
