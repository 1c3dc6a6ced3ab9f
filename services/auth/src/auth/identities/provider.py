"""What a provider is to the rest: where to send a browser, and who comes back."""

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any, Literal, Protocol
from urllib.parse import urlsplit

from pydantic import TypeAdapter, ValidationError

from auth.fields import PictureAddress
from auth.identities.errors import CodeRefused, ProviderUnavailable
from common.http import ServiceClient, UpstreamRejected
from common.logs import get_logger

ProviderName = Literal["google", "strava"]
PROVIDERS: tuple[ProviderName, ...] = ("google", "strava")

_CALL_S, _ATTEMPT_S, _CONNECT_S = 6.0, 4.0, 3.0
_CONNECTIONS = 8
_BAD_REQUEST = 400
_PICTURE = TypeAdapter[str](PictureAddress)


@dataclass(frozen=True)
class FlowSecrets:
    """What binds a way there and back together; ``verifier`` is PKCE's (RFC 7636), ``nonce`` that of OpenID Connect."""

    state: str
    verifier: str = field(repr=False)
    nonce: str = field(repr=False)


@dataclass(frozen=True)
class CameBack:
    """What a provider appended to the callback's address. ``issuer`` is empty where it names none (RFC 9207)."""

    state: str
    code: str
    scope: str
    error: str
    issuer: str


@dataclass(frozen=True)
class Granted:
    """Tokens for Strava's API that came with a sign-in; never kept here."""

    access_token: str = field(repr=False)
    refresh_token: str = field(repr=False)
    expires_at: int
    scopes: tuple[str, ...]


@dataclass(frozen=True)
class ProvenPerson:
    """Who somebody is at a provider. ``email`` is None where the provider tells none."""

    provider: ProviderName
    subject: str
    name: str
    email: str | None = None
    email_verified: bool = False
    picture: str | None = None
    granted: Granted | None = None


def picture_of(*told: object) -> str | None:
    """Return the first of what a provider says that is an address of a picture as people may set it."""
    for each in told:
        try:
            return _PICTURE.validate_python(each, strict=True)
        except ValidationError:
            continue
    return None


class Provider(Protocol):
    """A way to learn who somebody is."""

    name: ProviderName

    async def authorize_url(self, secrets: FlowSecrets) -> str:
        """Return the provider's page. Raises ``ProviderUnavailable``."""

    async def person(self, answer: CameBack, secrets: FlowSecrets) -> ProvenPerson:
        """Return who came back. Raises ``CodeRefused``, ``IdTokenRefused``, ``ProviderUnavailable``."""


class Clients:
    """One HTTP client for each address that a provider is reached at."""

    def __init__(self) -> None:
        self._clients: dict[str, ServiceClient] = {}

    async def get(self, name: str, url: str) -> bytes:
        """Return a document's bytes. Raises what ``ServiceClient`` does."""
        base, path = _split(url)
        return bytes((await self._client(name, base).get(path)).content)

    async def post(self, name: str, url: str, form: Mapping[str, Any]) -> bytes:
        """Send a form, once. Raises what ``ServiceClient`` does."""
        base, path = _split(url)
        headers = {"Accept": "application/json"}
        return bytes((await self._client(name, base).post(path, data=form, headers=headers)).content)

    async def aclose(self) -> None:
        for client in self._clients.values():
            await client.aclose()

    def _client(self, name: str, base: str) -> ServiceClient:
        if base not in self._clients:
            self._clients[base] = ServiceClient(
                base,
                name=f"{name}-sign-in",
                timeout=_CALL_S,
                attempt_timeout=_ATTEMPT_S,
                connect_timeout=_CONNECT_S,
                max_connections=_CONNECTIONS,
                trust_env=base.startswith("https:"),  # what is on this machine is never behind a proxy
            )
        return self._clients[base]


def refusal(name: ProviderName, rejected: UpstreamRejected) -> CodeRefused | ProviderUnavailable:
    """Tell a code that is not accepted (RFC 6749 5.2) from everything else, which is the provider's or operator's."""
    get_logger().warning("provider_refused", provider=name, status=rejected.status_code)
    return CodeRefused() if rejected.status_code == _BAD_REQUEST else ProviderUnavailable()


def _split(url: str) -> tuple[str, str]:
    parts = urlsplit(url)
    query = f"?{parts.query}" if parts.query else ""
    return f"{parts.scheme}://{parts.netloc}", f"{parts.path or '/'}{query}"
