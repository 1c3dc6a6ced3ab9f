"""Tokens for tests, signed with a key of their own."""

import time
import uuid
from collections.abc import Iterable
from typing import Any

import jwt
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey
from jwt.algorithms import OKPAlgorithm

from common.tokens import ALL, AUDIENCE, ISSUER, SERVICE_SUBJECT_PREFIX, StaticKeySource, Verifier

_LIFETIME_S = 600


class TokenMint:
    """Issues access tokens as auth does; its ``verifier()`` accepts them and nothing else."""

    def __init__(self, key_id: str = "test-key") -> None:
        self.key_id = key_id
        self._key = Ed25519PrivateKey.generate()

    def token(
        self,
        subject: str | None = None,
        *,
        roles: Iterable[str] = ("athlete",),
        scope: str = ALL,
        header: dict[str, Any] | None = None,
        **overrides: Any,
    ) -> str:
        """Return a token for a user (a new one without ``subject``); an override of None drops the claim."""
        now = int(time.time())
        claims = {
            "iss": ISSUER,
            "aud": AUDIENCE,
            "sub": subject or str(uuid.uuid4()),
            "iat": now,
            "exp": now + _LIFETIME_S,
            "jti": str(uuid.uuid4()),
            "sid": str(uuid.uuid4()),
            "roles": list(roles),
            "scope": scope,
        } | overrides
        return jwt.encode(
            {name: value for name, value in claims.items() if value is not None},
            self._key,
            algorithm="EdDSA",
            headers={"typ": "at+jwt", "kid": self.key_id} | (header or {}),
        )

    def service_token(self, name: str, scope: str = "internal", **overrides: Any) -> str:
        """Return a token such as the service ``name`` gets for calling others."""
        return self.token(f"{SERVICE_SUBJECT_PREFIX}{name}", roles=(), scope=scope, **{"sid": None} | overrides)

    def headers(self, subject: str | None = None, **keywords: Any) -> dict[str, str]:
        """Return the request headers of that user."""
        return {"Authorization": f"Bearer {self.token(subject, **keywords)}"}

    def verifier(self) -> Verifier:
        """Return a verifier that knows this mint's key."""
        return Verifier(StaticKeySource({self.key_id: self._key.public_key()}))

    def jwks(self) -> dict[str, Any]:
        """Return the key set that auth would publish."""
        public = OKPAlgorithm.to_jwk(self._key.public_key(), as_dict=True)
        return {"keys": [public | {"kid": self.key_id, "use": "sig", "alg": "EdDSA"}]}
