"""The web process of the activity store."""

from fastapi import FastAPI

from common.app import API_PREFIX, create_app
from strava.activities import endpoints as activities
from strava.activities import internal
from strava.connections import endpoints as connections
from strava.connections import internal as internal_connections
from strava.imports import endpoints as imports
from strava.personal import PERSONAL
from strava.settings import StravaSettings
from strava.webhooks import endpoints as webhooks


def create() -> FastAPI:
    settings = StravaSettings.from_environment()
    return create_app(
        "strava",
        settings,
        area="activities",
        routers=[
            activities.router,
            imports.router,
            connections.router,
            connections.waiting_router,
            webhooks.router,
        ],
        root_routers=[internal.router, internal_connections.router, internal_connections.making_router],
        personal=PERSONAL,
        body_limits={f"{API_PREFIX}{imports.PATH}": settings.max_archive_size + settings.max_body_size},
    )
