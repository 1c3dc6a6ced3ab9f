"""What endpoints ask for."""

from collections.abc import Awaitable, Callable
from typing import Annotated, Any

from fastapi import Depends, FastAPI, Request, Response

from auth.credentials.service import Credentials
from auth.keys.service import TokenSigner
from auth.passwords import Passwords
from auth.personal.service import OwnPersonalTokens, PersonalAccess
from auth.sessions.revocations import Announcer
from auth.sessions.service import Device, Sessions
from auth.sessions.signin import SignIn
from auth.settings import AuthSettings
from auth.totp.service import SecondFactor
from common.context import client_address
from common.resources import Resources
from common.tokens import Verifier

MAX_USER_AGENT = 400


def install(app: FastAPI, resources: Resources) -> None:
    """Put the service's own resources on the application."""
    settings = resources.settings
    assert isinstance(settings, AuthSettings)
    app.state.settings = settings
    app.state.passwords = Passwords(settings)
    app.state.signer = TokenSigner(settings, resources.database)
    announcer = Announcer(resources.redis)
    app.state.sessions = Sessions(settings, app.state.signer, announcer)
    app.state.sign_in = SignIn(app.state.sessions, app.state.passwords, resources.database)
    app.state.credentials = Credentials(settings, app.state.passwords, app.state.sessions)
    app.state.second_factor = SecondFactor(settings, app.state.credentials)
    app.state.personal_access = PersonalAccess(settings, app.state.signer, announcer)
    # auth has keys and tokens itself and need not ask its own address for them
    app.state.verifier = Verifier(app.state.signer, settings.token_issuer, settings.token_audience)
    app.state.personal_tokens = OwnPersonalTokens(app.state.personal_access, resources.database)


def _kept(name: str) -> Callable[[Request], Awaitable[Any]]:
    """Make the dependency that gives what ``install`` has put on the application's state."""

    async def get(request: Request) -> Any:
        return getattr(request.app.state, name)

    return get


async def _device(request: Request) -> Device:
    return Device(user_agent=request.headers.get("user-agent", "")[:MAX_USER_AGENT], address=client_address.get())


async def secret_answer(response: Response) -> None:
    """Have nobody keep the answer."""
    response.headers["Cache-Control"] = "no-store"


Settings = Annotated[AuthSettings, Depends(_kept("settings"))]
PasswordHashing = Annotated[Passwords, Depends(_kept("passwords"))]
Signer = Annotated[TokenSigner, Depends(_kept("signer"))]
SessionsDep = Annotated[Sessions, Depends(_kept("sessions"))]
SignInDep = Annotated[SignIn, Depends(_kept("sign_in"))]
CredentialsDep = Annotated[Credentials, Depends(_kept("credentials"))]
SecondFactorDep = Annotated[SecondFactor, Depends(_kept("second_factor"))]
PersonalAccessDep = Annotated[PersonalAccess, Depends(_kept("personal_access"))]
CallingDevice = Annotated[Device, Depends(_device)]
