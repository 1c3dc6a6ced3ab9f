"""Events of analytics."""

from datetime import datetime
from uuid import UUID

from common.outbox import Event


class RecordSet(Event):
    """An effort took the first rank of all time over its distance.

    ``distance`` is the label, ``meters`` its length, ``time`` in s; ``previous_time`` is the record it beat, null
    for the first effort over the distance. History that is imported sets records too: ``start_time`` tells when the
    effort began.
    """

    athlete_id: UUID
    activity_id: UUID
    effort_id: UUID
    distance: str
    meters: float
    time: float
    previous_time: float | None
    start_time: datetime

    @classmethod
    def event_type(cls) -> str:
        return "record.set.v1"
