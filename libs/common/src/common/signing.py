"""Signed addresses: one resource, readable by whoever holds the address, until a moment (HMAC-SHA256)."""

import base64
import hashlib
import hmac
import math
import time
from collections.abc import Callable
from datetime import UTC, datetime

from common.errors import Forbidden

_MIN_SECRET_BYTES = 32
_LONGEST_EXPIRY_DIGITS = 12


class AddressRefused(Forbidden):
    """The signature of an address does not hold (403)."""

    code = "address.signature_invalid"
    title = "This link does not work"
    next_steps = "Open the page that the link came from again to get a new one."


class UrlSigner:
    """Signs paths with the first secret, accepts any, so that secrets can be rotated.

    The signature covers the path and the expiry and nothing else of the address: other query
    parameters must not widen what is shown.
    """

    def __init__(self, *secrets: bytes, clock: Callable[[], float] = time.time) -> None:
        if not secrets or any(len(secret) < _MIN_SECRET_BYTES for secret in secrets):
            raise ValueError(f"signing needs secrets of at least {_MIN_SECRET_BYTES} bytes")
        self._secrets = secrets
        self._clock = clock

    def sign(self, path: str, expires_at: datetime) -> str:
        """Return ``path?expires=...&signature=...``; ``expires_at`` has a zone and counts in whole seconds."""
        expires = math.floor(expires_at.timestamp())
        return f"{path}?expires={expires}&signature={_signature(self._secrets[0], path, str(expires))}"

    def verify(self, path: str, expires: str | None, signature: str | None) -> None:
        """Raise ``AddressRefused`` unless the signature is ours, for this path, and still good."""
        if not expires or not signature or len(expires) > _LONGEST_EXPIRY_DIGITS or not expires.isdecimal():
            raise AddressRefused("The link is not complete.")
        given = signature.encode()
        if not any(hmac.compare_digest(_signature(secret, path, expires).encode(), given) for secret in self._secrets):
            raise AddressRefused("The link was changed.")
        if self._clock() >= int(expires):
            raise AddressRefused("The link has expired.", code="address.expired")


def stable_expiry(now: datetime, lifetime_s: int) -> datetime:
    """Return a moment one to two lifetimes ahead that is the same for a whole lifetime.

    Addresses made with it do not change from answer to answer, so lists keep their ETag and clients
    their cached pictures.
    """
    window = math.floor(now.timestamp() / lifetime_s)
    return datetime.fromtimestamp((window + 2) * lifetime_s, UTC)


def _signature(secret: bytes, path: str, expires: str) -> str:
    mac = hmac.new(secret, f"{expires}\n{path}".encode(), hashlib.sha256)
    return base64.urlsafe_b64encode(mac.digest()).rstrip(b"=").decode()
