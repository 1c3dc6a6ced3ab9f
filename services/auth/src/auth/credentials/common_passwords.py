"""Passwords that are guessed first: an offline list, and what people make of its entries to reach twelve characters.

The list holds fingerprints, the first bytes of SHA-256, sorted: 5 bytes an entry, searched where they lie. With
40,000 entries one password in 27 million looks like an entry by chance.
"""

import hashlib
import re
import unicodedata
from functools import cache
from importlib.resources import files

from common.errors import FieldError, InvalidInput

FINGERPRINT_BYTES = 5
_FILE = "common_passwords.bin"
_SHORTEST_WORD = 4
_SHORTEST_UNIT = 8
_FEWEST_CHARACTERS = 5
_DECORATION = re.compile(r"^[\W\d_]+|[\W\d_]+$")
_PARTS = re.compile(r"[\W\d_]+")
_INSTEAD = str.maketrans("@4031!$57", "aaoeiisst")
_ROWS = ("abcdefghijklmnopqrstuvwxyz", "0123456789", "qwertyuiop", "qwertzuiop", "azertyuiop", "asdfghjkl", "zxcvbnm")
_LONGEST_RUN = 4
_OWN_NAME = "runningtrainer"


class PasswordCommon(InvalidInput):
    code = "auth.password_common"
    title = "This password is easy to guess"
    next_steps = "Take several words that do not belong together, or let a password manager make one."


def refuse_common(password: str, *, email: str, display_name: str, pointer: str = "/body/password") -> None:
    """Raise ``PasswordCommon`` for a password that is guessed early; ``pointer`` is its place in the request."""
    if is_common(password, email=email, display_name=display_name):
        message = "is on the list of common passwords, or an easy variation of one, of your name or of a sequence"
        raise PasswordCommon(errors=[FieldError(pointer=pointer, message=message)])


def is_common(password: str, *, email: str = "", display_name: str = "") -> bool:
    """Tell whether a password is an entry, an own name or a sequence, also repeated, decorated or in leetspeak."""
    own = _own_words(email, display_name)
    plain = _folded(password)
    return (
        len(set(plain)) < _FEWEST_CHARACTERS
        or _is_sequence(plain)
        or any(_is_made_of(form, own) for form in {plain, plain.translate(_INSTEAD), _bare(plain).translate(_INSTEAD)})
    )


def fingerprint(entry: str) -> bytes:
    """Return what the list keeps of an entry."""
    return hashlib.sha256(_folded(entry).encode()).digest()[:FINGERPRINT_BYTES]


def _is_made_of(plain: str, own: frozenset[str]) -> bool:
    unit = _unit(plain)
    if unit != plain and len(unit) < _SHORTEST_UNIT:
        return True  # however random, a short thing repeated is a short thing
    if any(_is_known(form, own) for form in (unit, _bare(unit), _unit(_bare(plain)), _unit(_PARTS.sub("", plain)))):
        return True
    words = [word for word in _PARTS.split(plain) if word]
    return bool(words) and all(word in own for word in words)


def _is_known(text: str, own: frozenset[str]) -> bool:
    if text in own:
        return True
    return len(text) >= _SHORTEST_WORD and (_is_listed(text) or _is_sequence(text))


def _is_listed(text: str) -> bool:
    listed, wanted = _entries(), fingerprint(text)
    low, high = 0, len(listed) // FINGERPRINT_BYTES
    while low < high:
        middle = (low + high) // 2
        found = listed[middle * FINGERPRINT_BYTES : (middle + 1) * FINGERPRINT_BYTES]
        if found == wanted:
            return True
        low, high = (middle + 1, high) if found < wanted else (low, middle)
    return False


def _is_sequence(text: str) -> bool:
    """Tell whether text is made of runs along the alphabet, the digits or rows of the keyboard."""
    position = 0
    while position < len(text):
        run = _run_at(text, position)
        if run < _LONGEST_RUN:
            return False
        position += run
    return True


def _run_at(text: str, start: int) -> int:
    """Return how long the run is that starts here, forwards or backwards, around the end too."""
    longest = 1
    for row in _ROWS:
        endless = row * 2
        for way in (endless, endless[::-1]):
            length = 1
            while start + length < len(text) and text[start : start + length + 1] in way:
                length += 1
            longest = max(longest, length if text[start] in row else 1)
    return longest


def _unit(text: str) -> str:
    """Return what text is a repetition of, itself when it is none."""
    length = (text + text).find(text, 1)
    return text[:length] if length > 0 else text


def _bare(text: str) -> str:
    return _DECORATION.sub("", text)


def _own_words(email: str, display_name: str) -> frozenset[str]:
    local, _, domain = _folded(email).partition("@")
    name = _folded(display_name)
    words = {_folded(email), local, _bare(local), domain, domain.partition(".")[0], name, _OWN_NAME}
    words |= {_PARTS.sub("", local), re.sub(r"\W+", "", name), *re.split(r"\W+", name), *_PARTS.split(local)}
    return frozenset(word for word in words if len(word) >= _SHORTEST_WORD)


def _folded(text: str) -> str:
    return unicodedata.normalize("NFKC", text).casefold()


@cache
def _entries() -> bytes:
    return files("auth.credentials").joinpath(_FILE).read_bytes()
