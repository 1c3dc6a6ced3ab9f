"""Secrets in the bodies of requests."""

from typing import Annotated

from pydantic import AfterValidator, SecretStr


def _is_text(secret: SecretStr) -> SecretStr:
    try:
        secret.get_secret_value().encode()
    except UnicodeEncodeError:
        raise ValueError("must be text: half of a surrogate pair is none") from None
    return secret


Secret = Annotated[SecretStr, AfterValidator(_is_text)]
"""What is never shown, not even in an error, and can be hashed. A length limit is the field's own."""
