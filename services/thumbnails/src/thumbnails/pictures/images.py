"""Images in object storage: drawn once, at the first look or before."""

import asyncio

from common.errors import ServiceError
from common.logs import get_logger
from common.storage import ObjectMissing, ObjectStore
from thumbnails.models import Picture
from thumbnails.pictures.drawing import Format, Size, Variant, draw
from thumbnails.pictures.route import unpack

FOLDER = "pictures"
AHEAD = Variant(Size.MEDIUM, Format.WEBP)
"""What lists show; the others are drawn when somebody looks."""


def key_of(picture: Picture, variant: Variant) -> str:
    """Return where the image is; ``revision`` is set."""
    return f"{FOLDER}/{picture.activity_id}/{picture.revision}/{variant.name}"


async def ensure(objects: ObjectStore, picture: Picture, variant: Variant) -> bytes:
    """Return the image, drawn now if it was not before."""
    key = key_of(picture, variant)
    try:
        return await objects.get(key)
    except ObjectMissing:
        image = await asyncio.to_thread(lambda: draw(unpack(picture.route), variant))
    await objects.put(key, image)
    return image


async def remove(objects: ObjectStore, folder: str) -> None:
    """Delete the images below a folder; what cannot be deleted now is swept later."""
    try:
        async for each in objects.list(folder):
            await objects.delete(each.key)
    except ServiceError as error:
        get_logger().warning("images_not_deleted", error=error.detail)
