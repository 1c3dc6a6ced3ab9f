"""Tokens that nobody must accept: made with the platform's own signing key, or without it."""

import asyncio
import base64
import json
import time
import uuid
from typing import Any

import asyncpg
import httpx2
import jwt
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey
from cryptography.hazmat.primitives.serialization import Encoding, PublicFormat
from jwt.algorithms import OKPAlgorithm
from running_platform import RunningPlatform

from common.crypto import KeyRing
from common.tokens import ALL, AUDIENCE, ISSUER

_NEWEST_KEY = "SELECT id, private_key FROM signing_keys WHERE signs_from <= now() ORDER BY signs_from DESC LIMIT 1"


def _signing_key(platform: RunningPlatform) -> tuple[str, Ed25519PrivateKey]:
    """The key that auth signs with, out of its database."""

    async def newest() -> Any:
        connection = await asyncpg.connect(platform.described.database_url("auth").replace("+asyncpg", "", 1))
        try:
            return await connection.fetchrow(_NEWEST_KEY)
        finally:
            await connection.close()

    row = asyncio.run(newest())
    ring = KeyRing.from_setting(platform.described.credentials.encryption_keys)
    raw = ring.decrypt(row["private_key"], associated=f"signing_keys.private_key.{row['id']}")
    return row["id"], Ed25519PrivateKey.from_private_bytes(raw)


def _unsigned(header: dict[str, Any], claims: dict[str, Any]) -> str:
    parts = (base64.urlsafe_b64encode(json.dumps(part).encode()).rstrip(b"=").decode() for part in (header, claims))
    return ".".join(parts) + "."


def genuine(platform: RunningPlatform, subject: str, **claims: Any) -> str:
    """A token such as auth gives, with other claims where some are named."""
    return forged(platform, subject, **claims)["genuine"]


def forged(platform: RunningPlatform, subject: str, **changed: Any) -> dict[str, str]:
    """Tokens for a person by what is wrong with them, and ``genuine``, with which nothing is."""
    kid, private = _signing_key(platform)
    now = int(time.time())
    claims = {
        "iss": ISSUER,
        "aud": AUDIENCE,
        "sub": subject,
        "iat": now - 5,
        "exp": now + 600,
        "jti": str(uuid.uuid4()),
        "sid": str(uuid.uuid4()),
        "roles": ["athlete", "coach", "admin"],
        "scope": ALL,
        "client_id": "web",
    } | changed
    header = {"typ": "at+jwt", "kid": kid}

    def signed(
        key: Any = private, algorithm: str = "EdDSA", headers: dict[str, Any] | None = None, **other: Any
    ) -> str:
        return jwt.encode({**claims, **other}, key, algorithm=algorithm, headers=headers or header)

    stranger = Ed25519PrivateKey.generate()
    public = private.public_key()
    own_jwk = OKPAlgorithm.to_jwk(stranger.public_key(), as_dict=True)
    head, payload, signature = signed().split(".")
    return {
        "genuine": f"{head}.{payload}.{signature}",
        "expired": signed(exp=now - 60, iat=now - 660),
        "wrong audience": signed(aud="somebody-else"),
        "wrong issuer": signed(iss="https://accounts.example.org"),
        "of another kind": signed(headers={"typ": "JWT", "kid": kid}),
        "alg none": _unsigned({**header, "alg": "none"}, claims),
        "alg None": _unsigned({**header, "alg": "None"}, claims),
        "HS256 with the public key": signed(public.public_bytes(Encoding.Raw, PublicFormat.Raw), "HS256"),
        "HS256 with the published key": signed(json.dumps(OKPAlgorithm.to_jwk(public)).encode(), "HS256"),
        "signed by a stranger": signed(stranger),
        "a key of its own": signed(stranger, headers={**header, "jwk": own_jwk, "kid": "mine"}),
        "an unknown key": signed(stranger, headers={**header, "kid": str(uuid.uuid4())}),
        "without its signature": f"{head}.{payload}.",
        "changed": f"{head}.{_changed(payload)}.{signature}",
        "no token": "not-a-token",
        "an unknown personal token": "rt_pat_" + "x" * 49,
    }


def _changed(payload: str) -> str:
    claims = json.loads(base64.urlsafe_b64decode(payload + "=" * (-len(payload) % 4)))
    claims["sub"] = str(uuid.uuid4())
    return base64.urlsafe_b64encode(json.dumps(claims).encode()).rstrip(b"=").decode()


def bearer(token: str) -> dict[str, str]:
    return {"Authorization": f"Bearer {token}"}


def problem_of(answer: httpx2.Response) -> dict[str, Any]:
    """The problem document of an answer; fails when it is none."""
    where = f"{answer.request.method} {answer.request.url}: {answer.status_code} {answer.text[:200]}"
    assert answer.headers.get("content-type") == "application/problem+json", where
    problem: dict[str, Any] = answer.json()
    assert problem["next_steps"], where
    return problem
