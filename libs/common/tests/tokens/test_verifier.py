import base64
import json
import time
import uuid
from typing import Any

import jwt
import pytest
from cryptography.hazmat.primitives import serialization
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey

from common.testing.tokens import TokenMint
from common.tokens import StaticKeySource, TokenRefused, Verifier, read_jwks
from common.tokens.identity import identity_from_claims

USER = "0197f2a0-0000-7000-8000-000000000001"


@pytest.fixture
def mint() -> TokenMint:
    return TokenMint()


def base64url(data: bytes) -> str:
    return base64.urlsafe_b64encode(data).rstrip(b"=").decode()


async def refusal(verifier: Verifier, token: str) -> str:
    with pytest.raises(TokenRefused) as caught:
        await verifier.verify(token)
    assert caught.value.status_code == 401
    assert "WWW-Authenticate" in caught.value.headers
    return caught.value.code


async def test_a_user_token_gives_the_identity(mint: TokenMint) -> None:
    expiry = int(time.time()) + 300
    token = mint.token(USER, roles=["athlete", "admin"], scope="a b", sid="s1", jti="t1", exp=expiry)
    identity = await mint.verifier().verify(token)
    assert (identity.subject, identity.kind) == (USER, "user")
    assert identity.roles == {"athlete", "admin"}
    assert identity.scopes == {"a", "b"}
    assert (identity.session_id, identity.token_id) == ("s1", "t1")
    assert identity.expires_at.timestamp() == expiry
    assert identity.expires_at.tzinfo is not None


async def test_a_service_token_gives_the_name_of_the_service(mint: TokenMint) -> None:
    identity = await mint.verifier().verify(mint.service_token("strava"))
    assert (identity.subject, identity.kind, identity.session_id) == ("strava", "service", None)
    assert identity.scopes == {"internal"}
    assert not identity.roles


@pytest.mark.parametrize("token", ["", "x", "a.b.c", "a.b", "\x00", "é.é.é", "a" * 9000, "e30.e30."])
async def test_what_is_no_jwt_is_malformed_or_invalid(mint: TokenMint, token: str) -> None:
    assert await refusal(mint.verifier(), token) in {"auth.token_malformed", "auth.token_invalid"}


async def test_expiry_has_five_seconds_of_leeway(mint: TokenMint) -> None:
    now = int(time.time())
    await mint.verifier().verify(mint.token(exp=now - 3))
    assert await refusal(mint.verifier(), mint.token(exp=now - 6)) == "auth.token_expired"


async def test_a_remembered_token_expires_all_the_same(mint: TokenMint) -> None:
    now = time.time()
    clock = [now]
    keys = StaticKeySource(read_jwks(mint.jwks()))
    verifier = Verifier(keys, clock=lambda: clock[0])
    token = mint.token(exp=int(now) + 10)
    await verifier.verify(token)
    clock[0] = now + 16
    assert await refusal(verifier, token) == "auth.token_expired"


async def test_a_remembered_token_dies_with_its_key(mint: TokenMint) -> None:
    keys = StaticKeySource(read_jwks(mint.jwks()))
    verifier = Verifier(keys)
    token = mint.token()
    await verifier.verify(token)
    keys.keys.clear()
    assert await refusal(verifier, token) == "auth.token_invalid"


async def test_no_more_tokens_are_remembered_than_allowed(mint: TokenMint) -> None:
    verifier = Verifier(StaticKeySource(read_jwks(mint.jwks())), remembered=8)
    tokens = [mint.token() for _ in range(20)]
    for token in tokens:
        await verifier.verify(token)
    assert len(verifier._verified) == 8
    assert (await verifier.verify(tokens[0])).kind == "user"


async def test_another_audience_has_its_own_code(mint: TokenMint) -> None:
    assert await refusal(mint.verifier(), mint.token(aud="somebody-else")) == "auth.token_audience"


@pytest.mark.parametrize(
    "overrides",
    [
        {"iss": "somebody-else"},
        {"iat": int(time.time()) + 3600},
        {"sub": "not-a-uuid"},
        {"sub": 7},
        {"sid": None},
        {"sid": ""},
        {"scope": ["a"]},
        {"exp": "tomorrow"},
        {"exp": None},
        {"jti": None},
        {"sub": None},
        {"iss": None},
        {"iat": None},
    ],
)
async def test_claims_that_are_missing_or_wrong_are_refused(mint: TokenMint, overrides: dict[str, Any]) -> None:
    assert await refusal(mint.verifier(), mint.token(**overrides)) == "auth.token_invalid"


@pytest.mark.parametrize("roles", ["admin", {"admin": True}, None, 1])
def test_roles_are_a_list_and_nothing_that_looks_like_one(roles: object) -> None:
    claims = {"sub": USER, "sid": "s", "jti": "t", "exp": 1, "roles": roles}
    with pytest.raises(TokenRefused):
        identity_from_claims(claims)


async def test_a_missing_audience_is_refused(mint: TokenMint) -> None:
    assert (await refusal(mint.verifier(), mint.token(aud=None))).startswith("auth.token_")


@pytest.mark.parametrize("kind", ["JWT", "id+jwt", "", "dpop+jwt"])
async def test_only_access_tokens_are_accepted(mint: TokenMint, kind: str) -> None:
    assert await refusal(mint.verifier(), mint.token(header={"typ": kind})) == "auth.token_invalid"


async def test_a_token_of_another_key_under_our_key_id_is_refused(mint: TokenMint) -> None:
    stranger = TokenMint(mint.key_id)
    assert await refusal(mint.verifier(), stranger.token()) == "auth.token_invalid"


async def test_keys_and_addresses_of_keys_in_the_header_are_not_looked_at(mint: TokenMint) -> None:
    stranger = TokenMint("theirs")
    own_key = stranger.jwks()["keys"][0]
    for header in (
        {"jwk": own_key},
        {"jwk": own_key, "kid": mint.key_id},
        {"jku": "http://127.0.0.1:1/jwks.json"},
        {"x5u": "http://127.0.0.1:1/cert.pem", "kid": mint.key_id},
    ):
        assert await refusal(mint.verifier(), stranger.token(header=header)) == "auth.token_invalid"


async def test_no_other_algorithm_is_accepted_even_with_the_right_key(mint: TokenMint) -> None:
    now = int(time.time())
    claims: dict[str, Any] = {"iss": "running-trainer", "aud": "running-trainer", "sub": USER}
    claims |= {"jti": "x", "sid": "s", "iat": now, "exp": now + 60}
    public_text = mint.jwks()["keys"][0]["x"]
    forged = jwt.encode(claims, public_text, algorithm="HS256", headers={"typ": "at+jwt", "kid": mint.key_id})
    unsigned = jwt.encode(claims, "", algorithm="none", headers={"typ": "at+jwt", "kid": mint.key_id})
    for token in (forged, unsigned):
        assert await refusal(mint.verifier(), token) == "auth.token_invalid"


async def test_a_changed_payload_is_refused(mint: TokenMint) -> None:
    header, payload, signature = mint.token(USER).split(".")
    claims = json.loads(base64.urlsafe_b64decode(payload + "=="))
    claims["roles"] = ["admin"]
    changed = base64url(json.dumps(claims).encode())
    assert await refusal(mint.verifier(), f"{header}.{changed}.{signature}") == "auth.token_invalid"


def test_a_key_set_gives_its_ed25519_signature_keys_only(mint: TokenMint) -> None:
    good = mint.jwks()["keys"][0]
    document = {
        "keys": [
            good,
            good | {"kid": "enc", "use": "enc"},
            good | {"kid": "broken", "x": "AA"},
            {"kty": "oct", "k": "AAAA", "kid": "secret"},
            "nonsense",
        ]
    }
    assert list(read_jwks(document)) == [mint.key_id]


@pytest.mark.parametrize("document", [None, [], {}, {"keys": None}, "x"])
def test_what_is_no_key_set_is_refused(document: Any) -> None:
    with pytest.raises(ValueError, match="not a JWK set"):
        read_jwks(document)


def test_a_private_key_in_a_key_set_is_not_used() -> None:
    key = Ed25519PrivateKey.generate()
    raw = key.private_bytes(serialization.Encoding.Raw, serialization.PrivateFormat.Raw, serialization.NoEncryption())
    public = key.public_key().public_bytes(serialization.Encoding.Raw, serialization.PublicFormat.Raw)
    entry = {"kty": "OKP", "crv": "Ed25519", "kid": str(uuid.uuid4()), "x": base64url(public), "d": base64url(raw)}
    assert read_jwks({"keys": [entry]}) == {}
