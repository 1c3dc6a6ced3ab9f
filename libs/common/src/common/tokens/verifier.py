"""Checking an access token without asking anybody."""

import hashlib
import time
from collections import OrderedDict
from collections.abc import Callable
from typing import Any, NamedTuple

import jwt
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PublicKey

from common.tokens.identity import Identity, TokenRefused, identity_from_claims
from common.tokens.keys import KeySource

ISSUER = "running-trainer"
AUDIENCE = "running-trainer"
LEEWAY_S = 5

_MAX_TOKEN_LENGTH = 8192
_TYPES = frozenset({"at+jwt", "application/at+jwt"})
_REQUIRED = ["exp", "iat", "iss", "aud", "sub", "jti"]


class _Verified(NamedTuple):
    key_id: str
    key: Ed25519PublicKey
    identity: Identity


class Verifier:
    """Turns a token into an ``Identity``.

    One algorithm is accepted and the key is chosen by ``kid`` from our own set: whatever ``jku``,
    ``x5u`` or ``jwk`` in the header say is never looked at. Verified tokens are remembered by their
    SHA-256 until they expire or their key goes, as the signature check is most of the cost.
    """

    def __init__(
        self,
        keys: KeySource,
        issuer: str = ISSUER,
        audience: str = AUDIENCE,
        *,
        remembered: int = 4096,
        clock: Callable[[], float] = time.time,
    ) -> None:
        self._keys = keys
        self._issuer = issuer
        self._audience = audience
        self._remembered = remembered
        self._clock = clock
        self._verified: OrderedDict[bytes, _Verified] = OrderedDict()

    async def verify(self, token: str) -> Identity:
        """Return the caller; raises ``TokenRefused`` (401), ``Unavailable`` when no key can be had."""
        digest = hashlib.sha256(token.encode()).digest()
        known = self._verified.get(digest)
        if known is not None and await self._keys.key(known.key_id) is known.key:
            self._refuse_expired(known.identity)
            self._verified.move_to_end(digest)
            return known.identity
        self._verified.pop(digest, None)
        key_id = _read_key_id(token)
        key = await self._keys.key(key_id)
        if key is None:
            raise TokenRefused("The token was signed with a key that is not ours.")
        identity = identity_from_claims(self._decode(token, key))
        self._remember(digest, _Verified(key_id, key, identity))
        return identity

    def _decode(self, token: str, key: Ed25519PublicKey) -> dict[str, Any]:
        try:
            claims: dict[str, Any] = jwt.decode(
                token,
                key,
                algorithms=["EdDSA"],
                audience=self._audience,
                issuer=self._issuer,
                leeway=LEEWAY_S,
                # Expiry is checked below against our own clock, the same way for remembered tokens.
                options={"require": _REQUIRED, "verify_exp": False},
            )
        except jwt.InvalidAudienceError:
            raise TokenRefused("The token is for somebody else.", code="auth.token_audience") from None
        except jwt.InvalidTokenError:
            raise TokenRefused("The token is not valid.") from None
        if not isinstance(claims["exp"], int | float):
            raise TokenRefused("The token's expiry is not a time.")
        self._refuse_expired_at(claims["exp"])
        return claims

    def _refuse_expired(self, identity: Identity) -> None:
        self._refuse_expired_at(identity.expires_at.timestamp())

    def _refuse_expired_at(self, expiry: float) -> None:
        if self._clock() >= expiry + LEEWAY_S:
            raise TokenRefused(
                "The token has expired.",
                code="auth.token_expired",
                next_steps="Refresh the session to get a new access token, or sign in again.",
            )

    def _remember(self, digest: bytes, verified: _Verified) -> None:
        self._verified[digest] = verified
        while len(self._verified) > self._remembered:
            self._verified.popitem(last=False)


def _read_key_id(token: str) -> str:
    """Return the header's key id once the header is of the one kind that is accepted."""
    if len(token) > _MAX_TOKEN_LENGTH:
        raise TokenRefused("The token is too long.", code="auth.token_malformed")
    try:
        header = jwt.get_unverified_header(token)
    except jwt.InvalidTokenError:
        raise TokenRefused("The token is not a JWT.", code="auth.token_malformed") from None
    if str(header.get("typ", "")).lower() not in _TYPES:
        raise TokenRefused("This is not an access token.")
    if header.get("alg") != "EdDSA":
        raise TokenRefused("The token's algorithm is not accepted.")
    key_id = header.get("kid")
    if not isinstance(key_id, str):
        raise TokenRefused("The token names no key.")
    return key_id
