"""How a personal access token looks: ``rt_pat_``, 256 random bits, six characters that check them.

The prefix and the check let scanners of source code tell a token that leaked from any other text.
"""

import hmac
import string
import zlib

from auth.opaque import new_token
from common.tokens import PERSONAL_PREFIX

_ALPHABET = string.digits + string.ascii_uppercase + string.ascii_lowercase
_CHECK = 6


def new_personal_token() -> str:
    body = new_token(PERSONAL_PREFIX)
    return body + check_of(body)


def is_well_formed(token: str) -> bool:
    """Tell whether the check fits; a token that was mistyped or made up needs no look at the database."""
    body, check = token[:-_CHECK], token[-_CHECK:]
    return token.isascii() and body.startswith(PERSONAL_PREFIX) and hmac.compare_digest(check_of(body), check)


def check_of(body: str) -> str:
    """Return CRC-32 as six digits of base 62."""
    number, digits = zlib.crc32(body.encode()), ""
    for _ in range(_CHECK):
        number, digit = divmod(number, len(_ALPHABET))
        digits = _ALPHABET[digit] + digits
    return digits
