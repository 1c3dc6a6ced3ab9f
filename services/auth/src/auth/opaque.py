"""Opaque tokens: given out once and kept only as a hash.

They are random and long, so a fast hash without salt is enough and can be looked up.
"""

import hashlib
import secrets

_BYTES = 32


def new_token(prefix: str = "") -> str:
    """Return ``prefix`` and 256 random bits, safe in URLs."""
    return prefix + secrets.token_urlsafe(_BYTES)


def digest(secret: str) -> bytes:
    """Return what is kept of a secret: its SHA-256."""
    return hashlib.sha256(secret.encode()).digest()
