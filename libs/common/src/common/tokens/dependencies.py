"""What an endpoint asks for to know its caller."""

from collections.abc import Awaitable, Callable
from typing import Annotated

import structlog
from fastapi import Depends, Request, Security
from fastapi.security import HTTPAuthorizationCredentials, HTTPBearer

from common.errors import Forbidden
from common.tokens.identity import Identity, TokenRefused

BEARER = HTTPBearer(
    bearerFormat="JWT",
    scheme_name="bearer",
    description="Access token of a person or a service",
    auto_error=False,
)


async def require_identity(
    request: Request,
    credentials: Annotated[HTTPAuthorizationCredentials | None, Security(BEARER)],
) -> Identity:
    """Return the verified caller, whose id also goes to the logs; raises ``TokenRefused`` (401).

    The application keeps its ``Verifier`` in ``app.state.verifier``.
    """
    if credentials is None or not credentials.credentials:
        raise TokenRefused(
            "There is no bearer token.",
            code="auth.token_missing",
            next_steps="Sign in and send the access token as a bearer token.",
            headers={"WWW-Authenticate": "Bearer"},
        )
    identity: Identity = await request.app.state.verifier.verify(credentials.credentials)
    structlog.contextvars.bind_contextvars(user_id=identity.subject)
    request.state.identity = identity
    return identity


CurrentIdentity = Annotated[Identity, Depends(require_identity)]


async def require_user(identity: CurrentIdentity) -> Identity:
    """Return the caller when it is a person; raises ``Forbidden`` for services."""
    if identity.kind != "user":
        raise Forbidden("This is for people, not for services.", code="auth.user_required")
    return identity


CurrentUser = Annotated[Identity, Depends(require_user)]


def require_role(role: str) -> Callable[[Identity], Awaitable[Identity]]:
    """Make a dependency that lets only callers with ``role`` pass; raises ``Forbidden`` for others."""

    async def check(identity: CurrentIdentity) -> Identity:
        if role not in identity.roles:
            raise Forbidden(f"This needs the role {role}.", code="auth.role_required")
        return identity

    return check


def require_scope(scope: str) -> Callable[[Identity], Awaitable[Identity]]:
    """Make a dependency that lets only tokens with ``scope`` pass; raises ``Forbidden`` for others."""

    async def check(identity: CurrentIdentity) -> Identity:
        if scope not in identity.scopes:
            raise Forbidden(f"This needs the scope {scope}.", code="auth.scope_required")
        return identity

    return check
