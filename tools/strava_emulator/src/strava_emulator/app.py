"""The application: Strava's API, its OAuth pages, and what controls the emulator."""

import time
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager

from fastapi import FastAPI

from common import apidocs
from strava_emulator import control, home, oauth, reading, subscriptions, writing
from strava_emulator.emulator import Clock, Emulator
from strava_emulator.errors import add_handlers
from strava_emulator.settings import EmulatorSettings
from strava_emulator.traffic import Traffic


def create_app(settings: EmulatorSettings | None = None, *, clock: Clock = time.time) -> FastAPI:
    """Build the emulator; its state is at ``app.state.emulator``. ``clock`` gives epoch seconds."""
    emulator = Emulator(settings or EmulatorSettings(), clock)

    @asynccontextmanager
    async def lifespan(_app: FastAPI) -> AsyncIterator[None]:
        yield
        await emulator.aclose()

    app = FastAPI(title="Strava emulator", lifespan=lifespan, docs_url=None, redoc_url=None)
    apidocs.add_page(app, path="/docs", description="/openapi.json", title=app.title)
    app.state.emulator = emulator
    add_handlers(app)
    for router in (oauth.router, reading.router, writing.router, subscriptions.router, control.router, home.router):
        app.include_router(router)
    app.add_middleware(Traffic, emulator=emulator)
    return app
