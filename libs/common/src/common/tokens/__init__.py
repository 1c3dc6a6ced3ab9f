"""Access tokens: who is calling, verified offline against the published keys (RFC 9068, EdDSA)."""

from common.tokens.dependencies import (
    CurrentIdentity,
    CurrentUser,
    require_identity,
    require_role,
    require_scope,
    require_user,
)
from common.tokens.identity import SERVICE_SUBJECT_PREFIX, Identity, TokenRefused
from common.tokens.keys import JwksKeySource, KeySource, StaticKeySource, read_jwks
from common.tokens.service_token import ServiceTokenSource
from common.tokens.verifier import AUDIENCE, ISSUER, Verifier

__all__ = [
    "AUDIENCE",
    "ISSUER",
    "SERVICE_SUBJECT_PREFIX",
    "CurrentIdentity",
    "CurrentUser",
    "Identity",
    "JwksKeySource",
    "KeySource",
    "ServiceTokenSource",
    "StaticKeySource",
    "TokenRefused",
    "Verifier",
    "read_jwks",
    "require_identity",
    "require_role",
    "require_scope",
    "require_user",
]
