"""OpenID Connect: discovery, authorization code with PKCE, and an ID token that is believed only when all of it holds.

OpenID Connect Core 1.0 (3.1.3.7), RFC 7636 (S256), RFC 9207 (issuer in the answer).
"""

import base64
import hashlib
import hmac
import time
from collections.abc import Awaitable, Callable
from typing import Any, TypeVar
from urllib.parse import urlencode, urlsplit

import jwt
import orjson
from email_validator import EmailNotValidError, validate_email
from pydantic import BaseModel, Field, ValidationError

from auth.identities.errors import IdTokenRefused, ProviderUnavailable
from auth.identities.provider import CameBack, Clients, FlowSecrets, ProvenPerson, ProviderName, picture_of, refusal
from common.errors import ServiceError
from common.http import UpstreamRejected
from common.logs import get_logger

ALGORITHMS = frozenset({"RS256", "ES256", "EdDSA"})
_SCOPES = "openid email profile"
_DISCOVERY = "/.well-known/openid-configuration"
_KEPT_S = 3600.0
_LEEWAY_S = 30
_REQUIRED = ["iss", "sub", "aud", "exp", "iat"]

ShapeT = TypeVar("ShapeT", bound=BaseModel)


class Discovered(BaseModel):
    """What of the discovery document is in use."""

    issuer: str
    authorization_endpoint: str
    token_endpoint: str
    jwks_uri: str


class _TokenAnswer(BaseModel):
    id_token: str = Field(max_length=16_384)


class _KeySet(BaseModel):
    keys: list[dict[str, Any]] = Field(max_length=100)


class OpenIdProvider:
    """One issuer; its configuration and keys are kept for an hour, and asked for again for a key not known."""

    def __init__(
        self,
        name: ProviderName,
        clients: Clients,
        *,
        issuer: str,
        client_id: str,
        client_secret: str,
        redirect_uri: str,
        clock: Callable[[], float] = time.monotonic,
    ) -> None:
        self.name = name
        self._clients = clients
        self._issuer = issuer
        self._id = client_id
        self._secret = client_secret
        self._redirect_uri = redirect_uri
        self._clock = clock
        self._known: tuple[float, Discovered] | None = None
        self._keys: tuple[float, list[dict[str, Any]]] | None = None

    async def authorize_url(self, secrets: FlowSecrets) -> str:
        """Return the provider's page to go to."""
        found = await self._discovered()
        challenge = base64.urlsafe_b64encode(hashlib.sha256(secrets.verifier.encode()).digest()).rstrip(b"=")
        query = {
            "client_id": self._id,
            "redirect_uri": self._redirect_uri,
            "response_type": "code",
            "scope": _SCOPES,
            "state": secrets.state,
            "nonce": secrets.nonce,
            "code_challenge": challenge.decode(),
            "code_challenge_method": "S256",
        }
        joint = "&" if urlsplit(found.authorization_endpoint).query else "?"
        return f"{found.authorization_endpoint}{joint}{urlencode(query)}"

    async def person(self, answer: CameBack, secrets: FlowSecrets) -> ProvenPerson:
        """Exchange the code and return who the ID token speaks of."""
        if answer.issuer and answer.issuer != self._issuer:
            raise IdTokenRefused("The answer names another issuer.")
        claims = await self._believed(await self._exchange(answer.code, secrets), secrets.nonce)
        email = _address(claims.get("email"))
        name = claims.get("name")
        return ProvenPerson(
            provider=self.name,
            subject=claims["sub"],
            name=name if isinstance(name, str) else "",
            email=email,
            email_verified=email is not None and claims.get("email_verified") is True,
            picture=picture_of(claims.get("picture")),
        )

    async def _exchange(self, code: str, secrets: FlowSecrets) -> str:
        form = {
            "grant_type": "authorization_code",
            "code": code,
            "redirect_uri": self._redirect_uri,
            "client_id": self._id,
            "client_secret": self._secret,
            "code_verifier": secrets.verifier,
        }
        found = await self._discovered()
        answered = await self._asked(_TokenAnswer, self._clients.post(self.name, found.token_endpoint, form))
        return answered.id_token

    async def _believed(self, token: str, nonce: str) -> dict[str, Any]:
        """Return the claims of an ID token that is ours, of now and of this flow."""
        try:
            header = jwt.get_unverified_header(token)
            algorithm = header.get("alg")
            if algorithm not in ALGORITHMS:
                raise IdTokenRefused("The ID token's algorithm is not accepted.")
            key = jwt.PyJWK(await self._key(header.get("kid"), algorithm), algorithm=algorithm)
            claims: dict[str, Any] = jwt.decode(
                token,
                key,
                algorithms=[algorithm],
                audience=self._id,
                issuer=self._issuer,
                leeway=_LEEWAY_S,
                options={"require": _REQUIRED},
            )
        except jwt.PyJWTError as error:
            get_logger().warning("id_token_refused", provider=self.name, reason=type(error).__name__)
            raise IdTokenRefused from None
        _check_claims(claims, self._id, nonce)
        return claims

    async def _key(self, kid: Any, algorithm: str) -> dict[str, Any]:
        """Return the signing key of that id. Raises ``IdTokenRefused`` when there is none such."""
        for fresh in (False, True):
            fitting = [
                key
                for key in await self._key_set(fresh=fresh)
                if key.get("use", "sig") == "sig" and key.get("alg", algorithm) == algorithm and key.get("kid") == kid
            ]
            if len(fitting) == 1:
                return fitting[0]
        raise IdTokenRefused("The ID token was signed with a key that the provider does not publish.")

    async def _key_set(self, *, fresh: bool) -> list[dict[str, Any]]:
        if self._keys is None or fresh or self._clock() - self._keys[0] > _KEPT_S:
            found = await self._discovered()
            answered = await self._asked(_KeySet, self._clients.get(self.name, found.jwks_uri))
            self._keys = (self._clock(), answered.keys)
        return self._keys[1]

    async def _discovered(self) -> Discovered:
        if self._known is None or self._clock() - self._known[0] > _KEPT_S:
            url = f"{self._issuer.rstrip('/')}{_DISCOVERY}"
            found = await self._asked(Discovered, self._clients.get(self.name, url))
            self._check_addresses(found)
            self._known = (self._clock(), found)
        return self._known[1]

    def _check_addresses(self, found: Discovered) -> None:
        """Refuse a configuration of another issuer, and addresses less safe than the issuer's own."""
        scheme = urlsplit(self._issuer).scheme
        addresses = (found.authorization_endpoint, found.token_endpoint, found.jwks_uri)
        if found.issuer != self._issuer or any(urlsplit(each).scheme not in {"https", scheme} for each in addresses):
            get_logger().error("provider_misconfigured", provider=self.name)
            raise ProviderUnavailable("The provider's configuration is not that of its issuer.")

    async def _asked(self, shape: type[ShapeT], asking: Awaitable[bytes]) -> ShapeT:
        try:
            return shape.model_validate(orjson.loads(await asking))
        except UpstreamRejected as rejected:
            raise refusal(self.name, rejected) from rejected
        except (ServiceError, ValidationError, orjson.JSONDecodeError) as error:
            get_logger().warning("provider_failed", provider=self.name, error=type(error).__name__)
            raise ProviderUnavailable from error


def _check_claims(claims: dict[str, Any], client_id: str, nonce: str) -> None:
    """Check what the library does not: for whom it was made, for which flow, and of whom it speaks."""
    given = claims.get("nonce")
    if not isinstance(given, str) or not hmac.compare_digest(given.encode(), nonce.encode()):
        raise IdTokenRefused("The ID token is of another sign-in.")
    audience = claims["aud"]
    party = claims.get("azp")
    several = isinstance(audience, list) and len(audience) > 1
    if (several or party is not None) and party != client_id:
        raise IdTokenRefused("The ID token was made for another application.")
    subject = claims["sub"]
    if not isinstance(subject, str) or not 0 < len(subject) <= 255 or not subject.isprintable():  # noqa: PLR2004 - OpenID Connect's limit
        raise IdTokenRefused("The ID token names nobody.")


def _address(email: Any) -> str | None:
    if not isinstance(email, str):
        return None
    try:
        return validate_email(email, check_deliverability=False).normalized
    except EmailNotValidError:
        return None
