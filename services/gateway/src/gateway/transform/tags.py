"""Entity tags of what was transformed here: the service's tag with a suffix, as bytes differ from bytes.

``"7"`` is version 7, ``"7-f2ab3c4d"`` is what a choice of members left of it, ``"7-f2ab3c4d-gzip"`` that compressed.
"""

import hashlib
import re
from collections.abc import Iterable

_QUOTED = re.compile(rb'"([^"]*)"')
_CODING = re.compile(rb"-(?:gzip|zstd)$")


def with_suffix(tag: bytes, suffix: bytes) -> bytes:
    """Return a quoted tag with the suffix inside its quotes; what is no tag stays as it is."""
    return tag[:-1] + suffix + b'"' if len(tag) > 1 and tag.endswith(b'"') else tag


def suffix_of(names: Iterable[str]) -> bytes:
    """Return the suffix of a choice of members, whatever their order."""
    digest = hashlib.sha256("\n".join(sorted(names)).encode()).hexdigest()
    return b"-f" + digest[:8].encode("ascii")


class Conditions:
    """``If-None-Match`` and ``If-Match`` as the service understands them, and the client's own words for its answer."""

    __slots__ = ("_choice", "_meant")

    def __init__(self, choice: bytes = b"") -> None:
        self._choice = choice
        self._meant: dict[bytes, bytes] = {}

    def understood(self, header: bytes) -> bytes:
        """Return the header without our suffixes on its tags; that of another choice stays, and matches nothing."""
        return _QUOTED.sub(self._service_tag, header)

    def own_words(self, tag: bytes) -> bytes:
        """Return the tag as the client sent it, for an answer without a body; else the tag itself."""
        return self._meant.get(tag.removeprefix(b"W/"), tag)

    def _service_tag(self, found: re.Match[bytes]) -> bytes:
        plain = _CODING.sub(b"", found[1])
        if self._choice:
            plain = plain.removesuffix(self._choice)
        tag = b'"%b"' % plain
        if tag != found[0]:
            self._meant[tag] = found[0]
        return tag
