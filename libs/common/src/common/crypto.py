"""Encryption of sensitive columns: AES-256-GCM with a key id, so that keys can be rotated."""

import base64
import binascii
import re
import secrets
from typing import Self

from cryptography.exceptions import InvalidTag
from cryptography.hazmat.primitives.ciphers.aead import AESGCM

_FORMAT = b"\x01"
_KEY_BYTES = 32
_NONCE_BYTES = 12
_TAG_BYTES = 16
_KEY_ID = re.compile(r"[A-Za-z0-9_-]{1,32}")
_MIN_DISTINCT_BYTES = 16


class KeyRefused(ValueError):
    """A key in the settings cannot be used; the message never contains the key."""


class DecryptionFailed(Exception):
    """The value was changed, belongs to another row, or its key is gone."""


class KeyRing:
    """Encrypts with the first key, decrypts with any.

    A value is ``0x01, length of the key id, key id, nonce (12 bytes), ciphertext and tag``. The
    associated data names the place of the value (table, column, row), so that a value copied to
    another row does not decrypt there.
    """

    def __init__(self, keys: dict[str, bytes]) -> None:
        if not keys:
            raise KeyRefused("there is no encryption key")
        for key_id, key in keys.items():
            _check_key(key_id, key)
        self._ciphers = {key_id: AESGCM(key) for key_id, key in keys.items()}
        self.active = next(iter(keys))

    @classmethod
    def from_setting(cls, setting: str) -> Self:
        """Read ``id:base64,older-id:base64``; raises ``KeyRefused`` for short, example or repeated keys."""
        keys: dict[str, bytes] = {}
        for entry in filter(None, (part.strip() for part in setting.split(","))):
            key_id, _, encoded = entry.partition(":")
            if key_id in keys:
                raise KeyRefused(f"encryption key {key_id!r} is given twice")
            try:
                keys[key_id] = base64.b64decode(encoded, validate=True)
            except binascii.Error:
                raise KeyRefused(f"encryption key {key_id!r} is not base64") from None
        return cls(keys)

    @staticmethod
    def new_setting(key_id: str = "k1") -> str:
        """Return a fresh key in the form that ``from_setting`` reads."""
        return f"{key_id}:{base64.b64encode(secrets.token_bytes(_KEY_BYTES)).decode()}"

    def encrypt(self, plaintext: bytes, *, associated: str) -> bytes:
        """Return the sealed value; the same plaintext gives another value each time."""
        header = _header(self.active)
        nonce = secrets.token_bytes(_NONCE_BYTES)
        sealed = self._ciphers[self.active].encrypt(nonce, plaintext, header + associated.encode())
        return header + nonce + sealed

    def decrypt(self, value: bytes, *, associated: str) -> bytes:
        """Return the plaintext; raises ``DecryptionFailed``."""
        key_id, header = _read_header(value)
        cipher = self._ciphers.get(key_id)
        if cipher is None:
            raise DecryptionFailed(f"there is no key {key_id!r}")
        nonce = value[len(header) : len(header) + _NONCE_BYTES]
        sealed = value[len(header) + _NONCE_BYTES :]
        if len(sealed) < _TAG_BYTES:
            raise DecryptionFailed("the value is cut short")
        try:
            return cipher.decrypt(nonce, sealed, header + associated.encode())
        except InvalidTag:
            raise DecryptionFailed("the value does not belong here or was changed") from None

    def needs_rotation(self, value: bytes) -> bool:
        """Say whether the value was sealed with another key than the active one."""
        return _read_header(value)[0] != self.active


def _check_key(key_id: str, key: bytes) -> None:
    if not _KEY_ID.fullmatch(key_id):
        raise KeyRefused("a key id has 1 to 32 letters, digits, dashes or underscores")
    if len(key) != _KEY_BYTES:
        raise KeyRefused(f"encryption key {key_id!r} must have {_KEY_BYTES} bytes, not {len(key)}")
    # Random keys have about 30 distinct bytes and are never all text: what fails here was typed by a person.
    if len(set(key)) < _MIN_DISTINCT_BYTES or key.isascii() or key == bytes(range(_KEY_BYTES)):
        raise KeyRefused(f"encryption key {key_id!r} looks like an example; generate a random one")


def _header(key_id: str) -> bytes:
    return _FORMAT + bytes([len(key_id)]) + key_id.encode()


def _read_header(value: bytes) -> tuple[str, bytes]:
    if value[:1] != _FORMAT or len(value) < len(_FORMAT) + 1:
        raise DecryptionFailed("this is no sealed value")
    end = len(_FORMAT) + 1 + value[1]
    return value[2:end].decode("ascii", "replace"), value[:end]
