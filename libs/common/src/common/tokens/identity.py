"""Who a token speaks for."""

from dataclasses import dataclass
from datetime import UTC, datetime
from typing import Any, Literal
from uuid import UUID

from common.errors import Unauthorized

SERVICE_SUBJECT_PREFIX = "service:"
"""A service's subject is this and its name, a person's is a UUID: neither can pass for the other."""


class TokenRefused(Unauthorized):
    """No identity follows from what was sent; ``code`` says why."""

    code = "auth.token_invalid"
    title = "The access token is not accepted"

    def __init__(self, detail: str = "", **keywords: Any) -> None:
        # RFC 6750 3: with a token that was refused the challenge names the error, without one it does not.
        headers = dict(keywords.pop("headers", None) or {})
        headers.setdefault("WWW-Authenticate", 'Bearer error="invalid_token"')
        super().__init__(detail, headers=headers, **keywords)


@dataclass(frozen=True, slots=True)
class Identity:
    """A verified caller.

    ``subject`` is a user's UUID or a service's name; ``session_id`` is None for services and that of the personal
    access token when the caller came with one; ``expires_at`` is the token's, with zone; ``per_minute`` is how many
    requests the token is good for, None for as many as its person.
    """

    subject: str
    kind: Literal["user", "service"]
    roles: frozenset[str]
    scopes: frozenset[str]
    session_id: str | None
    token_id: str
    expires_at: datetime
    per_minute: int | None = None


def identity_from_claims(claims: dict[str, Any]) -> Identity:
    """Read verified claims; raises ``TokenRefused`` when they are not of the agreed shape."""
    kind, subject = _subject(claims["sub"])
    session_id = claims.get("sid")
    if kind == "user" and not (isinstance(session_id, str) and session_id):
        raise TokenRefused("The token belongs to no session.")
    roles, scope = claims.get("roles", []), claims.get("scope", "")
    if not isinstance(scope, str) or not isinstance(roles, list):
        raise TokenRefused("The token's roles or scope have the wrong shape.")
    per_minute = claims.get("rpm")
    return Identity(
        subject=subject,
        kind=kind,
        roles=frozenset(role for role in roles if isinstance(role, str)),
        scopes=frozenset(scope.split()),
        session_id=session_id if kind == "user" else None,
        token_id=claims["jti"],
        expires_at=datetime.fromtimestamp(claims["exp"], UTC),
        per_minute=per_minute if isinstance(per_minute, int) and per_minute > 0 else None,
    )


def _subject(subject: str) -> tuple[Literal["user", "service"], str]:
    if subject.startswith(SERVICE_SUBJECT_PREFIX):
        return "service", subject.removeprefix(SERVICE_SUBJECT_PREFIX)
    try:
        return "user", str(UUID(subject))
    except ValueError:
        raise TokenRefused("The token speaks for nobody known.") from None
