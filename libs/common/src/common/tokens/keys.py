"""Where the public keys come from."""

import asyncio
import time
from collections.abc import Callable, Mapping
from typing import Any, Protocol
from urllib.parse import urlsplit

import structlog
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PublicKey
from jwt import PyJWK
from jwt.exceptions import PyJWTError

from common.errors import ServiceError, Unavailable
from common.http import EAGER, Breaker, ServiceClient, UpstreamRejected

WELL_KNOWN_PATH = "/.well-known/jwks.json"
KEYS_MAX_AGE_S = 30.0
"""How long a leaked key is still taken after auth has retired it."""

_log = structlog.get_logger(__name__)


class KeySource(Protocol):
    """Finds a public key by its id."""

    async def key(self, key_id: str) -> Ed25519PublicKey | None:
        """Return the key, None when there is no such key; raises ``Unavailable`` when that is unknown."""


class StaticKeySource:
    """Keys that the caller holds and may replace, for auth itself and for tests."""

    def __init__(self, keys: Mapping[str, Ed25519PublicKey]) -> None:
        self.keys = dict(keys)

    async def key(self, key_id: str) -> Ed25519PublicKey | None:
        """Return the key of that id."""
        return self.keys.get(key_id)


class JwksKeySource:
    """The published key set of auth, kept for ``max_age_s`` and for as long as auth is down.

    ``url`` is the address of auth or of the key set itself. An unknown key id causes a fetch, at most
    one every ``min_interval_s``. A set that is merely old is renewed beside the request, so that a
    hanging auth slows nobody who has keys.
    """

    def __init__(
        self,
        url: str,
        client: ServiceClient | None = None,
        *,
        max_age_s: float = KEYS_MAX_AGE_S,
        min_interval_s: float = 10.0,
        clock: Callable[[], float] = time.monotonic,
    ) -> None:
        parts = urlsplit(url)
        self._path = parts.path if parts.path.strip("/") else WELL_KNOWN_PATH
        address = f"{parts.scheme}://{parts.netloc}"
        self._owned = None if client else ServiceClient(address, name="auth-keys", breaker=Breaker(EAGER))
        self._client = client or self._owned
        self._max_age_s = max_age_s
        self._min_interval_s = min_interval_s
        self._clock = clock
        self._keys: dict[str, Ed25519PublicKey] = {}
        self._fetched_at: float | None = None
        self._tried_at: float | None = None
        self._last_failed = False
        self._fetching: asyncio.Task[None] | None = None

    async def key(self, key_id: str) -> Ed25519PublicKey | None:
        """Return the key of that id; raises ``Unavailable`` while it cannot be known whether it exists."""
        if key_id in self._keys:
            if self._is_old():
                self._start_fetch()
            return self._keys[key_id]
        if (fetching := self._start_fetch()) is not None:
            # Shielded: one caller who hangs up must not cancel the fetch that others wait for.
            await asyncio.shield(fetching)
        if key_id not in self._keys and self._last_failed:
            raise Unavailable("Sign-in cannot be checked at the moment.")
        return self._keys.get(key_id)

    async def aclose(self) -> None:
        """Stop a fetch under way and close the client if it was made here."""
        if self._fetching is not None:
            self._fetching.cancel()
            await asyncio.gather(self._fetching, return_exceptions=True)
        if self._owned is not None:
            await self._owned.aclose()

    def _is_old(self) -> bool:
        return self._fetched_at is None or self._clock() - self._fetched_at >= self._max_age_s

    def _start_fetch(self) -> asyncio.Task[None] | None:
        """Return the fetch under way or a new one, None when the last one was too recent."""
        if self._fetching is not None and not self._fetching.done():
            return self._fetching
        if self._tried_at is not None and self._clock() - self._tried_at < self._wait_s():
            return None
        self._tried_at = self._clock()
        self._fetching = asyncio.create_task(self._fetch())
        return self._fetching

    def _wait_s(self) -> float:
        # With no key at all every request fails: ask sooner, so that starting beside auth costs a second.
        return self._min_interval_s if self._keys else min(1.0, self._min_interval_s)

    async def _fetch(self) -> None:
        assert self._client is not None
        try:
            response = await self._client.get(self._path)
            keys = read_jwks(response.json())
        except (ServiceError, UpstreamRejected, ValueError) as error:
            self._last_failed = True
            _log.warning("jwks_fetch_failed", error=type(error).__name__, kept=len(self._keys))
            return
        self._last_failed = False
        self._fetched_at = self._clock()
        self._keys = keys


def read_jwks(document: Any) -> dict[str, Ed25519PublicKey]:
    """Return the Ed25519 signature keys of a JWK set by id (RFC 8037); others are passed over.

    Raises ``ValueError`` when the document is no key set.
    """
    entries = document.get("keys") if isinstance(document, dict) else None
    if entries is None or not isinstance(entries, list):
        raise ValueError("not a JWK set")
    found = {}
    for entry in entries:
        if not isinstance(entry, dict) or entry.get("crv") != "Ed25519" or entry.get("use", "sig") != "sig":
            continue
        key = _read_key(entry)
        if key is not None and isinstance(entry.get("kid"), str):
            found[entry["kid"]] = key
    return found


def _read_key(entry: dict[str, Any]) -> Ed25519PublicKey | None:
    try:
        key = PyJWK(entry, algorithm="EdDSA").key
    except PyJWTError:
        return None
    return key if isinstance(key, Ed25519PublicKey) else None
