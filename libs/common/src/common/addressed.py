"""What an endpoint asks for that also answers to a signed address, such as pictures and documents."""

from typing import Annotated
from uuid import UUID

from fastapi import Depends, Query, Request, Security
from fastapi.security import HTTPAuthorizationCredentials

from common.route import ProcessResources
from common.settings import SigningSettings
from common.tokens.dependencies import BEARER, require_identity, require_session, require_user
from common.tokens.identity import Identity


async def _caller_unless_signed(
    request: Request,
    resources: ProcessResources,
    bearer: Annotated[HTTPAuthorizationCredentials | None, Security(BEARER)],
    expires: Annotated[str | None, Query(max_length=20, description="of a signed address")] = None,
    signature: Annotated[str | None, Query(max_length=100, description="of a signed address")] = None,
) -> Identity | None:
    """Return who calls, or None when the address is signed and so stands for the owner itself.

    A bearer token goes before a signature. Raises ``TokenRefused`` (401) and ``AddressRefused`` (403).
    """
    if bearer is None and (expires or signature):
        assert isinstance(resources.settings, SigningSettings)
        resources.settings.signer().verify(request.url.path, expires, signature)
        return None
    return await require_user(await require_identity(request, bearer))


_Caller = Annotated[Identity | None, Depends(_caller_unless_signed)]


async def _owner_or_signed(caller: _Caller) -> UUID | None:
    return UUID(caller.subject) if caller else None


async def _session_or_signed(caller: _Caller) -> UUID | None:
    return UUID((await require_session(caller)).subject) if caller else None


OwnerOrSigned = Annotated[UUID | None, Depends(_owner_or_signed)]
"""The caller's id, or None for whoever has the signed address."""

SessionOrSigned = Annotated[UUID | None, Depends(_session_or_signed)]
"""The same for what a personal access token is not enough for."""
