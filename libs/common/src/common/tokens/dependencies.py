"""What an endpoint asks for to know its caller."""

from collections.abc import Awaitable, Callable
from typing import Annotated

import structlog
from fastapi import Depends, Request, Security
from fastapi.security import HTTPAuthorizationCredentials, HTTPBearer

from common.errors import Forbidden
from common.tokens import scopes
from common.tokens.identity import Identity, TokenRefused
from common.tokens.personal import PERSONAL_PREFIX

BEARER = HTTPBearer(
    bearerFormat="JWT",
    scheme_name="bearer",
    description="Access token of a person or a service, or a personal access token",
    auto_error=False,
)
_ADMINISTRATION = "/api/v1/admin/"


async def identify(request: Request, token: str) -> Identity:
    """Return who a token speaks for, a personal access token too; raises ``TokenRefused``.

    The application keeps its ``Verifier`` in ``app.state.verifier`` and its ``PersonalTokens`` in
    ``app.state.personal_tokens``.
    """
    state = request.app.state
    if token.startswith(PERSONAL_PREFIX):
        token = await state.personal_tokens.access_token(token, request.client.host if request.client else "")
    identity: Identity = await state.verifier.verify(token)
    return identity


async def require_identity(
    request: Request,
    credentials: Annotated[HTTPAuthorizationCredentials | None, Security(BEARER)],
) -> Identity:
    """Return the verified caller, whose id also goes to the logs.

    Raises ``TokenRefused`` (401), and ``Forbidden`` for a token that is not for this area of the platform.
    """
    if credentials is None or not credentials.credentials:
        raise TokenRefused(
            "There is no bearer token.",
            code="auth.token_missing",
            next_steps="Sign in and send the access token as a bearer token.",
            headers={"WWW-Authenticate": "Bearer"},
        )
    identity = await identify(request, credentials.credentials)
    structlog.contextvars.bind_contextvars(user_id=identity.subject)
    request.state.identity = identity
    if identity.kind == "user":
        _refuse_narrow(request, identity)
    return identity


def _refuse_narrow(request: Request, identity: Identity) -> None:
    administers = request.url.path.startswith(_ADMINISTRATION)
    wanted = scopes.needed(request.app.state.scope_area, request.method, administers=administers)
    if not scopes.covers(identity.scopes, wanted):
        raise Forbidden(
            f"This needs a token with the scope {wanted}.",
            code="auth.scope_required",
            next_steps="Make a personal access token with this scope, or sign in.",
        )


CurrentIdentity = Annotated[Identity, Depends(require_identity)]


async def require_user(identity: CurrentIdentity) -> Identity:
    """Return the caller when it is a person; raises ``Forbidden`` for services."""
    if identity.kind != "user":
        raise Forbidden("This is for people, not for services.", code="auth.user_required")
    return identity


CurrentUser = Annotated[Identity, Depends(require_user)]


async def require_session(identity: CurrentUser) -> Identity:
    """Return the caller who signed in; raises ``Forbidden`` for one who came with a personal access token."""
    if scopes.ALL not in identity.scopes:
        raise Forbidden(
            "A personal access token is not enough for this.",
            code="auth.session_required",
            next_steps="Sign in and try again.",
        )
    return identity


CurrentSession = Annotated[Identity, Depends(require_session)]


def require_role(role: str) -> Callable[[Identity], Awaitable[Identity]]:
    """Make a dependency that lets only callers with ``role`` pass; raises ``Forbidden`` for others."""

    async def check(identity: CurrentIdentity) -> Identity:
        if role not in identity.roles:
            raise Forbidden(f"This needs the role {role}.", code="auth.role_required")
        return identity

    return check


def require_scope(scope: str) -> Callable[[Identity], Awaitable[Identity]]:
    """Make a dependency that lets only services with ``scope`` pass; raises ``Forbidden`` for others."""

    async def check(identity: CurrentIdentity) -> Identity:
        if identity.kind != "service" or scope not in identity.scopes:
            raise Forbidden(f"This needs the scope {scope}.", code="auth.scope_required")
        return identity

    return check
