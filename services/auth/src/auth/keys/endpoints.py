"""``/.well-known/jwks.json`` and the token endpoint of the services."""

import hmac
from typing import Annotated, Any, Literal

from fastapi import APIRouter, Form, Response
from pydantic import BaseModel

from auth.dependencies import Settings, Signer
from auth.opaque import digest
from common.errors import Unauthorized
from common.tokens import SERVICE_SUBJECT_PREFIX

router = APIRouter(tags=["keys"])


class KeySet(BaseModel):
    keys: list[dict[str, Any]]


class ServiceToken(BaseModel):
    access_token: str
    token_type: Literal["Bearer"] = "Bearer"
    expires_in: int


class ClientRefused(Unauthorized):
    code = "auth.client_refused"
    title = "Unknown service or wrong secret"
    next_steps = "Check SERVICE_CLIENT_SECRET of the calling service."


@router.get("/.well-known/jwks.json")
async def jwks(settings: Settings, signer: Signer, response: Response) -> KeySet:
    """Public keys of access tokens (RFC 7517)."""
    response.headers["Cache-Control"] = f"public, max-age={settings.jwks_max_age_seconds}"
    return KeySet(keys=await signer.jwks())


@router.post("/internal/token", include_in_schema=False)
async def service_token(
    settings: Settings,
    signer: Signer,
    response: Response,
    client_id: Annotated[str, Form()],
    client_secret: Annotated[str, Form()],
    grant_type: Annotated[Literal["client_credentials"], Form()],  # noqa: ARG001 - its type is its check
    scope: Annotated[Literal["internal"], Form()] = "internal",
) -> ServiceToken:
    """Give a service a short token for calling its peers (RFC 6749, 4.4)."""
    known = settings.client_secrets.get(client_id, "")
    # Compared as hashes, whether the service is known or not: the time tells neither that nor a secret's length.
    matches = hmac.compare_digest(digest(known), digest(client_secret))
    if not (matches and known):
        raise ClientRefused
    lifetime = settings.service_token_seconds
    token = await signer.sign({"sub": f"{SERVICE_SUBJECT_PREFIX}{client_id}", "scope": scope, "roles": []}, lifetime)
    response.headers["Cache-Control"] = "no-store"
    return ServiceToken(access_token=token, expires_in=lifetime)
