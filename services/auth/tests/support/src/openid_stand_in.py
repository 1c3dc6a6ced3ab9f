"""A small OpenID provider with keys of its own, which lies on request."""

import base64
import functools
import hashlib
import json
import secrets
import time
from dataclasses import dataclass, field
from typing import Annotated, Any
from urllib.parse import urlencode

import jwt
from cryptography.hazmat.primitives.asymmetric import ec, ed25519, rsa
from cryptography.hazmat.primitives.serialization import Encoding, PublicFormat
from fastapi import FastAPI, Form, Response
from fastapi.responses import JSONResponse, RedirectResponse
from jwt.algorithms import ECAlgorithm, OKPAlgorithm, RSAAlgorithm

CLIENT_ID = "the-application"
CLIENT_SECRET = "the application's secret"


@functools.cache
def _rsa_keys() -> tuple[rsa.RSAPrivateKey, rsa.RSAPrivateKey]:
    """Two keys, made once: it takes a while."""
    return rsa.generate_private_key(65537, 2048), rsa.generate_private_key(65537, 2048)


@dataclass
class OpenIdStandIn:
    """Everybody who comes is ``person``; what is set below changes what is told of them."""

    person: dict[str, Any] = field(
        default_factory=lambda: {
            "sub": "g-1",
            "email": "ana@example.org",
            "email_verified": True,
            "name": "Ana of Google",
        }
    )
    claims: dict[str, Any] = field(default_factory=dict)
    algorithm: str = "RS256"
    signed_by_another: bool = False
    issuer_in_discovery: str = ""
    down: bool = False
    token_answer: dict[str, Any] | None = None
    asked: dict[str, dict[str, str]] = field(default_factory=dict)
    url: str = ""
    key_number: int = 1

    def __post_init__(self) -> None:
        self._rsa, self._stranger = _rsa_keys()
        self._ec = ec.generate_private_key(ec.SECP256R1())
        self._ed = ed25519.Ed25519PrivateKey.generate()

    def new_keys(self) -> None:
        """Change the signing key, as providers do now and then."""
        self._rsa = self._stranger
        self.key_number += 1

    def kid(self, algorithm: str) -> str:
        return f"{algorithm}-{self.key_number}"

    def jwks(self) -> list[dict[str, Any]]:
        public = {
            "RS256": RSAAlgorithm.to_jwk(self._rsa.public_key(), as_dict=True),
            "ES256": ECAlgorithm.to_jwk(self._ec.public_key(), as_dict=True),
            "EdDSA": OKPAlgorithm.to_jwk(self._ed.public_key(), as_dict=True),
        }
        return [{**key, "kid": self.kid(name), "alg": name, "use": "sig"} for name, key in public.items()]

    def id_token(self, nonce: str) -> str:
        now = int(time.time())
        claims = {"iss": self.url, "aud": CLIENT_ID, "iat": now, "exp": now + 300, "nonce": nonce, **self.person}
        claims = {name: value for name, value in {**claims, **self.claims}.items() if value is not None}
        if self.algorithm == "none":
            return jwt.encode(claims, "", algorithm="none", headers={"kid": self.kid("RS256")})
        if self.algorithm == "HS256":
            # The public key taken for a shared secret: signed by hand, since the library refuses to.
            return _signed_with_public_key(claims, self._rsa.public_key(), self.kid("RS256"))
        keys: dict[str, Any] = {"RS256": self._rsa, "ES256": self._ec, "EdDSA": self._ed, "RS512": self._rsa}
        key = self._stranger if self.signed_by_another else keys[self.algorithm]
        return jwt.encode(claims, key, algorithm=self.algorithm, headers={"kid": self.kid(self.algorithm)})

    def app(self) -> FastAPI:
        app = FastAPI()

        @app.get("/.well-known/openid-configuration")
        async def discovery() -> Response:
            if self.down:
                return Response(status_code=503)
            paths = {"authorization_endpoint": "authorize", "token_endpoint": "token", "jwks_uri": "jwks"}
            document = {name: f"{self.url}/{path}" for name, path in paths.items()}
            return JSONResponse({"issuer": self.issuer_in_discovery or self.url, **document})

        @app.get("/jwks")
        async def keys() -> dict[str, Any]:
            return {"keys": self.jwks()}

        @app.get("/authorize")
        async def authorize(redirect_uri: str, state: str, nonce: str, code_challenge: str) -> Response:
            code = secrets.token_urlsafe(8)
            self.asked[code] = {"nonce": nonce, "challenge": code_challenge, "redirect_uri": redirect_uri}
            query = urlencode({"code": code, "state": state, "iss": self.url})
            return RedirectResponse(f"{redirect_uri}?{query}", status_code=302)

        @app.post("/token")
        async def token(
            code: Annotated[str, Form()],
            redirect_uri: Annotated[str, Form()],
            client_id: Annotated[str, Form()],
            client_secret: Annotated[str, Form()],
            code_verifier: Annotated[str, Form()],
        ) -> Response:
            if self.down:
                return Response(status_code=503)
            asked = self.asked.pop(code, None)
            digest = hashlib.sha256(code_verifier.encode()).digest()
            if (
                asked is None
                or (client_id, client_secret) != (CLIENT_ID, CLIENT_SECRET)
                or asked["redirect_uri"] != redirect_uri
                or asked["challenge"] != base64.urlsafe_b64encode(digest).rstrip(b"=").decode()
            ):
                return JSONResponse({"error": "invalid_grant"}, status_code=400)
            if self.token_answer is not None:
                return JSONResponse(self.token_answer)
            return JSONResponse(
                {"access_token": "x", "token_type": "Bearer", "id_token": self.id_token(asked["nonce"])}
            )

        return app


def _signed_with_public_key(claims: dict[str, Any], key: rsa.RSAPublicKey, kid: str) -> str:
    pem = key.public_bytes(Encoding.PEM, PublicFormat.SubjectPublicKeyInfo)
    unsafe = jwt.api_jws.PyJWS(algorithms=[])
    unsafe.register_algorithm("HS256", _Unchecked(jwt.algorithms.HMACAlgorithm.SHA256))
    payload = jwt.utils.force_bytes(json.dumps(claims))
    return str(unsafe.encode(payload, pem, algorithm="HS256", headers={"kid": kid, "typ": "JWT"}))


class _Unchecked(jwt.algorithms.HMACAlgorithm):
    """HMAC that takes any key, as a careless library does."""

    def prepare_key(self, key: str | bytes) -> bytes:
        return key if isinstance(key, bytes) else key.encode()
