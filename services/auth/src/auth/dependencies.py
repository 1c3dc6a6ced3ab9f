"""What endpoints ask for."""

from typing import Annotated

from fastapi import Depends, FastAPI, Request

from auth.keys.service import TokenSigner
from auth.passwords import Passwords
from auth.sessions.revocations import Announcer
from auth.sessions.service import Sessions
from auth.settings import AuthSettings
from common.resources import Resources
from common.tokens import Verifier


def install(app: FastAPI, resources: Resources) -> None:
    """Put the service's own resources on the application."""
    settings = resources.settings
    assert isinstance(settings, AuthSettings)
    app.state.settings = settings
    app.state.passwords = Passwords(settings)
    app.state.signer = TokenSigner(settings, resources.database)
    app.state.sessions = Sessions(settings, app.state.signer, app.state.passwords, Announcer(resources.redis))
    # auth has the keys itself and need not ask its own address for them
    app.state.verifier = Verifier(app.state.signer, settings.token_issuer, settings.token_audience)


async def _settings(request: Request) -> AuthSettings:
    settings: AuthSettings = request.app.state.settings
    return settings


async def _passwords(request: Request) -> Passwords:
    passwords: Passwords = request.app.state.passwords
    return passwords


async def _signer(request: Request) -> TokenSigner:
    signer: TokenSigner = request.app.state.signer
    return signer


async def _sessions(request: Request) -> Sessions:
    sessions: Sessions = request.app.state.sessions
    return sessions


Settings = Annotated[AuthSettings, Depends(_settings)]
PasswordHashing = Annotated[Passwords, Depends(_passwords)]
Signer = Annotated[TokenSigner, Depends(_signer)]
SessionsDep = Annotated[Sessions, Depends(_sessions)]
