"""Signing access tokens (RFC 9068, Ed25519) and publishing the keys that verify them."""

import time
from collections.abc import Sequence
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
from common.errors import Unavailable
from common.ids import uuid7
from common.logs import get_logger
from common.tokens import read_jwks

ALGORITHM = "EdDSA"


@dataclass(frozen=True)
class _Signing:
    """A key as this process holds it; ``retired_at`` is None for ever."""

    kid: str
    private: Ed25519PrivateKey
    public_jwk: dict[str, Any]
    public: Ed25519PublicKey
    signs_from: datetime
    retired_at: datetime | None

    def lives(self, now: datetime) -> bool:
        return self.retired_at is None or self.retired_at > now


class TokenSigner:
    """Signs with the youngest key whose time has come.

    Which key that is follows from the clock and not from when the keys were read, so that all processes change over
    at the same moment. The keys are read again every ``key_cache_seconds``; while the database is away those
    known go on.
    """

    def __init__(self, settings: AuthSettings, database: Database) -> None:
        self._settings = settings
        self._database = database
        self._loaded: Sequence[_Signing] = ()
        self._loaded_at = 0.0

    async def sign(self, claims: dict[str, Any], lifetime_seconds: int) -> str:
        """Return a signed access token with ``claims`` and the standard ones."""
        key = _active(await self._keys(), datetime.now(UTC))
        now = int(time.time())
        standard = {
            "iss": self._settings.token_issuer,
            "aud": self._settings.token_audience,
            "iat": now,
            "exp": now + lifetime_seconds,
            "jti": str(uuid7()),
        }
        return jwt.encode(
            {**standard, **claims}, key.private, algorithm=ALGORITHM, headers={"typ": "at+jwt", "kid": key.kid}
        )

    async def jwks(self) -> list[dict[str, Any]]:
        """Return the public keys that tokens may be signed with."""
        return [key.public_jwk for key in await self._keys()]

    async def key(self, key_id: str) -> Ed25519PublicKey | None:
        """Return a public key by its id, for checking tokens here."""
        return next((key.public for key in await self._keys() if key.kid == key_id), None)

    async def _keys(self) -> Sequence[_Signing]:
        """Keys that are published at this moment, the one that signs latest first."""
        if not self._loaded or time.monotonic() - self._loaded_at > self._settings.key_cache_seconds:
            await self._reload()
        now = datetime.now(UTC)
        living = [key for key in self._loaded if key.lives(now)]
        if not living:
            await self._reload()
            living = list(self._loaded)
        return living

    async def _reload(self) -> None:
        try:
            async with self._database.transaction() as session:
                rows = await repository.usable(session) or [await self._make_first(session)]
        except Unavailable:
            if not self._loaded:
                raise
            get_logger().warning("signing_keys_not_read")
        else:
            self._loaded = [self._opened(row) for row in rows]
        self._loaded_at = time.monotonic()

    def _opened(self, row: SigningKey) -> _Signing:
        known = next((key for key in self._loaded if key.kid == row.id), None)
        private = known.private if known else self._private(row)
        # Kept as the same object: whoever remembers verified tokens knows by it that the key is still there.
        public = known.public if known else read_jwks({"keys": [row.public_jwk]})[row.id]
        return _Signing(row.id, private, row.public_jwk, public, row.signs_from, row.retired_at)

    def _private(self, row: SigningKey) -> Ed25519PrivateKey:
        sealed = self._settings.key_ring.decrypt(row.private_key, associated=place_of(row.id))
        return Ed25519PrivateKey.from_private_bytes(sealed)

    async def _make_first(self, session: AsyncSession) -> SigningKey:
        await repository.lock(session)
        if existing := await repository.usable(session):
            return existing[0]
        key = new_key(self._settings)
        session.add(key)
        await session.flush()
        await session.refresh(key)
        return key


def _active(keys: Sequence[_Signing], now: datetime) -> _Signing:
    return next((key for key in keys if key.signs_from <= now), keys[-1])


def new_key(settings: AuthSettings, signs_from: datetime | None = None) -> SigningKey:
    """Make a key pair that signs at once or from a moment on; the private half is sealed for its own row."""
    private = Ed25519PrivateKey.generate()
    kid = str(uuid7())
    public: dict[str, Any] = OKPAlgorithm.to_jwk(private.public_key(), as_dict=True)
    raw = private.private_bytes(Encoding.Raw, PrivateFormat.Raw, NoEncryption())
    return SigningKey(
        id=kid,
        public_jwk={**public, "kid": kid, "alg": ALGORITHM, "use": "sig"},
        private_key=settings.key_ring.encrypt(raw, associated=place_of(kid)),
        signs_from=signs_from or datetime.now(UTC),
    )


def place_of(kid: str) -> str:
    """What a private key is sealed for."""
    return f"signing_keys.private_key.{kid}"
