"""Signing access tokens (RFC 9068, Ed25519) and publishing the keys that verify them."""

import time
from dataclasses import dataclass
from datetime import UTC, datetime
from typing import Any

import jwt
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey, Ed25519PublicKey
from cryptography.hazmat.primitives.serialization import Encoding, NoEncryption, PrivateFormat
from jwt.algorithms import OKPAlgorithm
from sqlalchemy.ext.asyncio import AsyncSession

from auth.keys import repository
from auth.models import SigningKey
from auth.settings import AuthSettings
from common.db import Database
from common.ids import uuid7
from common.tokens import read_jwks

REFRESH_SECONDS = 30.0
ALGORITHM = "EdDSA"


@dataclass(frozen=True)
class _Loaded:
    kid: str
    private: Ed25519PrivateKey
    jwks: list[dict[str, Any]]
    public: dict[str, Ed25519PublicKey]


class TokenSigner:
    """Signs with the youngest key; looks for newer keys every 30 s, so that a rotation needs no restart."""

    def __init__(self, settings: AuthSettings, database: Database) -> None:
        self._settings = settings
        self._database = database
        self._loaded: _Loaded | None = None
        self._loaded_at = 0.0

    async def sign(self, claims: dict[str, Any], lifetime_seconds: int) -> str:
        """Return a signed access token with ``claims`` and the standard ones."""
        keys = await self._keys()
        now = int(time.time())
        standard = {
            "iss": self._settings.token_issuer,
            "aud": self._settings.token_audience,
            "iat": now,
            "exp": now + lifetime_seconds,
            "jti": str(uuid7()),
        }
        return jwt.encode(
            {**standard, **claims}, keys.private, algorithm=ALGORITHM, headers={"typ": "at+jwt", "kid": keys.kid}
        )

    async def jwks(self) -> list[dict[str, Any]]:
        """Return the public keys that tokens may be signed with."""
        return (await self._keys()).jwks

    async def key(self, key_id: str) -> Ed25519PublicKey | None:
        """Return a public key by its id, for checking tokens here."""
        return (await self._keys()).public.get(key_id)

    async def _keys(self) -> _Loaded:
        if self._loaded is None or time.monotonic() - self._loaded_at > REFRESH_SECONDS:
            async with self._database.transaction() as session:
                self._loaded = await self._load(session)
            self._loaded_at = time.monotonic()
        return self._loaded

    async def _load(self, session: AsyncSession) -> _Loaded:
        rows = await repository.usable(session) or [await self._make_first(session)]
        now = datetime.now(UTC)
        active = next((row for row in rows if row.signs_from <= now), rows[-1])
        sealed = self._settings.key_ring.decrypt(active.private_key, associated=_place(active.id))
        jwks = [row.public_jwk for row in rows]
        return _Loaded(
            kid=active.id,
            private=Ed25519PrivateKey.from_private_bytes(sealed),
            jwks=jwks,
            public=read_jwks({"keys": jwks}),
        )

    async def _make_first(self, session: AsyncSession) -> SigningKey:
        await repository.lock(session)
        if existing := await repository.usable(session):
            return existing[0]
        key = new_key(self._settings)
        session.add(key)
        await session.flush()
        await session.refresh(key)
        return key


def new_key(settings: AuthSettings) -> SigningKey:
    """Make a key pair; the private half is sealed for its own row."""
    private = Ed25519PrivateKey.generate()
    kid = str(uuid7())
    public: dict[str, Any] = OKPAlgorithm.to_jwk(private.public_key(), as_dict=True)
    raw = private.private_bytes(Encoding.Raw, PrivateFormat.Raw, NoEncryption())
    return SigningKey(
        id=kid,
        public_jwk={**public, "kid": kid, "alg": ALGORITHM, "use": "sig"},
        private_key=settings.key_ring.encrypt(raw, associated=_place(kid)),
    )


def _place(kid: str) -> str:
    return f"signing_keys.private_key.{kid}"
