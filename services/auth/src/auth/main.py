"""The web process of auth."""

from fastapi import FastAPI

from auth import dependencies
from auth.keys import endpoints as keys
from auth.sessions import endpoints as sessions
from auth.settings import AuthSettings
from auth.users import endpoints as users
from common.app import create_app


def create() -> FastAPI:
    return create_app(
        "auth",
        AuthSettings.from_environment(),
        area="profile",
        routers=[users.router, sessions.router],
        root_routers=[keys.router, sessions.internal_router, users.internal_router],
        setup=dependencies.install,
    )
