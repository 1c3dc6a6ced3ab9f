"""The web process of auth."""

from fastapi import FastAPI

from auth import dependencies
from auth.accounts import endpoints as leaving
from auth.auditlog import endpoints as auditlog
from auth.credentials import endpoints as credentials
from auth.identities import endpoints as identities
from auth.keys import endpoints as keys
from auth.people import endpoints as people
from auth.personal import endpoints as personal
from auth.sessions import endpoints as sessions
from auth.sessions import entrance
from auth.settings import AuthSettings
from auth.totp import endpoints as totp
from auth.users import endpoints as users
from common.app import create_app


def create() -> FastAPI:
    return create_app(
        "auth",
        AuthSettings.from_environment(),
        area="profile",
        routers=[
            users.router,
            sessions.router,
            entrance.router,
            credentials.router,
            totp.router,
            personal.router,
            people.router,
            auditlog.router,
            *identities.ROUTERS,
            leaving.router,
        ],
        root_routers=[keys.router, sessions.internal_router, personal.internal_router, users.internal_router],
        setup=dependencies.install,
    )
