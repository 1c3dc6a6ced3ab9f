"""Access tokens: who is calling, verified offline against the published keys (RFC 9068, EdDSA)."""

from common.tokens.dependencies import (
    CurrentIdentity,
    CurrentSession,
    CurrentUser,
    identify,
    require_identity,
    require_role,
    require_scope,
    require_session,
    require_user,
)
from common.tokens.identity import SERVICE_SUBJECT_PREFIX, Identity, TokenRefused
from common.tokens.keys import JwksKeySource, KeySource, StaticKeySource, read_jwks
from common.tokens.personal import PERSONAL_PREFIX, PersonalTokenExchange, PersonalTokens
from common.tokens.scopes import ALL, PERSONAL_SCOPES, Area
from common.tokens.service_token import ServiceTokenSource
from common.tokens.verifier import AUDIENCE, ISSUER, Verifier

__all__ = [
    "ALL",
    "AUDIENCE",
    "ISSUER",
    "PERSONAL_PREFIX",
    "PERSONAL_SCOPES",
    "SERVICE_SUBJECT_PREFIX",
    "Area",
    "CurrentIdentity",
    "CurrentSession",
    "CurrentUser",
    "Identity",
    "JwksKeySource",
    "KeySource",
    "PersonalTokenExchange",
    "PersonalTokens",
    "ServiceTokenSource",
    "StaticKeySource",
    "TokenRefused",
    "Verifier",
    "identify",
    "read_jwks",
    "require_identity",
    "require_role",
    "require_scope",
    "require_session",
    "require_user",
]
