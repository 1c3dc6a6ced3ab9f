"""The web process of the activity store."""

from fastapi import FastAPI

from common.app import API_PREFIX, create_app
from strava.activities import endpoints as activities
from strava.activities import internal
from strava.admin import jobs, resync, streams
from strava.admin import webhooks as subscriptions
from strava.connections import endpoints as connections
from strava.connections import internal as internal_connections
from strava.exports import endpoints as exports
from strava.gear import endpoints as gear
from strava.imports import endpoints as imports
from strava.live import endpoints as live
from strava.personal import PERSONAL
from strava.privacy import endpoints as privacy
from strava.push import endpoints as pushing
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
            exports.router,
            gear.router,
            privacy.router,
            imports.router,
            connections.router,
            connections.waiting_router,
            live.router,
            pushing.router,
            pushing.waiting_router,
            webhooks.router,
            jobs.router,
            resync.router,
            streams.router,
            subscriptions.router,
        ],
        root_routers=[internal.router, internal_connections.router, internal_connections.making_router],
        personal=PERSONAL,
        body_limits={f"{API_PREFIX}{imports.PATH}": settings.max_archive_size + settings.max_body_size},
    )
