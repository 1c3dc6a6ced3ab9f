"""``/activities/{id}/thumbnail``: the picture, for its owner or for whoever holds a signed address."""

from uuid import UUID

from fastapi import APIRouter, Request, Response

from common.addressed import OwnerOrSigned
from common.errors import NotFound
from common.etag import not_modified
from common.route import DbSession, ProcessResources, TransactionalRoute
from thumbnails.models import Picture
from thumbnails.pictures import images, repository
from thumbnails.pictures.drawing import Format, Size, Variant

router = APIRouter(prefix="/activities", tags=["pictures"], route_class=TransactionalRoute)


class PictureMissing(NotFound):
    code = "picture.not_found"
    title = "No picture of this activity"
    next_steps = "A picture follows an activity within seconds, if it has positions. Check the id, or try again later."


@router.get(
    "/{activity_id}/thumbnail",
    response_class=Response,
    responses={200: {"content": {"image/webp": {}, "image/png": {}}}},
)
async def read_thumbnail(
    request: Request,
    session: DbSession,
    resources: ProcessResources,
    owner: OwnerOrSigned,
    activity_id: UUID,
    size: Size = Size.MEDIUM,
    format: Format = Format.WEBP,  # noqa: A002 - the parameter's public name
) -> Response:
    """The route of an activity as a picture."""
    picture = _existing(await repository.find(session, activity_id, owner))
    variant = Variant(size, format)
    headers = {"ETag": f'"{picture.revision}-{variant.name}"', "Cache-Control": "private, max-age=86400"}
    if not_modified(request, headers["ETag"]):
        return Response(status_code=304, headers=headers)
    image = await images.ensure(resources.objects, picture, variant)
    return Response(image, media_type=f"image/{format}", headers=headers)


def _existing(picture: Picture | None) -> Picture:
    if picture is None:
        raise PictureMissing
    if picture.revision is None:
        raise PictureMissing("The activity has no positions that may be shown, so there is no route to draw.")
    return picture
