"""One spelling of a mail address for all who compare it."""

from unicodedata import normalize


def compared(email: str) -> str:
    """Return what an address is looked up and counted by: in lower case, composed.

    Postgres folds some letters otherwise than we do (``İ`` to ``i``), so it gets no others than those to fold.
    """
    return normalize("NFC", normalize("NFC", email).lower())


def kept(email: str) -> str:
    """Return how an address is kept: as given, unless a letter might be folded in two ways."""
    return email if email.isascii() else compared(email)
