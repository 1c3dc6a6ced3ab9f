"""The web process of thumbnails."""

from fastapi import FastAPI

from common.app import create_app
from thumbnails.personal import PERSONAL
from thumbnails.pictures import endpoints as pictures
from thumbnails.settings import ThumbnailsSettings


def create() -> FastAPI:
    return create_app(
        "thumbnails",
        ThumbnailsSettings.from_environment(),
        area="activities",
        routers=[pictures.router],
        personal=PERSONAL,
    )
