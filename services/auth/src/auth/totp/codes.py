"""Codes of authenticator apps (RFC 6238: SHA-1, 6 digits, 30 s) and recovery codes."""

import base64
import hmac
import secrets
from datetime import datetime
from uuid import UUID

import pyotp

STEP_SECONDS = 30
WINDOW = 1
RECOVERY_CODES = 10
_RECOVERY_BYTES = 10
_GROUP = 4
_ISSUER = "Running Trainer"
_SPACES = str.maketrans("", "", " -")


def new_secret() -> str:
    """Return a secret of 160 bits in base32, as apps read it."""
    return pyotp.random_base32()


def uri(secret: str, account: str) -> str:
    """Return the ``otpauth://`` address that apps read from a QR code."""
    return pyotp.TOTP(secret).provisioning_uri(name=account, issuer_name=_ISSUER)


def place_of(user_id: UUID) -> str:
    """What the secret of a person is sealed for."""
    return f"totps.secret.{user_id}"


def step_of(code: str, secret: str, now: datetime) -> int | None:
    """Return the 30 s step that a code belongs to, this one or one beside it; None for a wrong code."""
    totp = pyotp.TOTP(secret)
    present = int(now.timestamp()) // STEP_SECONDS
    given = code.translate(_SPACES).encode()
    right = [
        step
        for step in range(present - WINDOW, present + WINDOW + 1)
        if hmac.compare_digest(totp.at(step * STEP_SECONDS).encode(), given)
    ]
    return right[0] if right else None


def new_recovery_codes() -> list[str]:
    """Return ten codes of 80 bits each, in groups of four that can be typed."""
    return [_grouped(secrets.token_bytes(_RECOVERY_BYTES)) for _ in range(RECOVERY_CODES)]


def plain(recovery_code: str) -> str:
    """Return a recovery code without what people add to it or change."""
    return recovery_code.translate(_SPACES).lower()


def _grouped(raw: bytes) -> str:
    text = base64.b32encode(raw).decode().lower()
    return "-".join(text[start : start + _GROUP] for start in range(0, len(text), _GROUP))
