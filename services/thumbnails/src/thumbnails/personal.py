"""What thumbnails holds of a person: drawn of activities, so deleted with them and not given out."""

from collections.abc import Sequence
from uuid import UUID

from sqlalchemy import select
from sqlalchemy.ext.asyncio import AsyncSession

from common.personal import Holding, PersonalData, PersonalFile
from common.resources import Resources
from thumbnails.models import Picture
from thumbnails.pictures.images import FOLDER


async def _images(resources: Resources, session: AsyncSession, person: UUID) -> Sequence[PersonalFile]:
    activities = await session.scalars(select(Picture.activity_id).where(Picture.athlete_id == person))
    return [
        PersonalFile(image.key, image.key)
        for activity_id in activities
        async for image in resources.objects.list(f"{FOLDER}/{activity_id}")
    ]


PERSONAL = PersonalData(
    [Holding(Picture, lambda person: Picture.athlete_id == person, given=False)], files=_images, gives_files=False
)
