"""Events of the thumbnails service."""

from uuid import UUID

from common.outbox import Event


class PictureRendered(Event):
    """There is a new picture of the activity, or none any more when ``revision`` is null.

    ``revision`` is a hash of what the picture shows: the same track gives the same one.
    """

    activity_id: UUID
    athlete_id: UUID
    revision: str | None

    @classmethod
    def event_type(cls) -> str:
        return "picture.rendered.v1"
