"""Secrets and addresses in the bodies of requests."""

from typing import Annotated

from pydantic import AfterValidator, Field, SecretStr


def _is_text(secret: SecretStr) -> SecretStr:
    try:
        secret.get_secret_value().encode()
    except UnicodeEncodeError:
        raise ValueError("must be text: half of a surrogate pair is none") from None
    return secret


Secret = Annotated[SecretStr, AfterValidator(_is_text)]
"""What is never shown, not even in an error, and can be hashed. A length limit is the field's own."""

_HOST = r"[A-Za-z0-9]([A-Za-z0-9._-]*[A-Za-z0-9])?(:[0-9]{1,5})?"
_REST = r"([/?][A-Za-z0-9._~:/?\[\]@!$&'()*+,;=%-]*)?"

PictureAddress = Annotated[
    str,
    Field(
        max_length=2048,
        pattern=f"^https://{_HOST}{_REST}$",
        description="https address of a picture, without user and fragment (RFC 3986)",
    ),
]
"""Where a picture is that is not kept here."""
