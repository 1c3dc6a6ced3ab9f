"""Strong entity tags: the version of a resource, or a hash where there is none (RFC 9110 8.8.3)."""

import hashlib
import re

from starlette.requests import Request

from common.errors import PreconditionFailed, PreconditionRequired

_TAG = re.compile(r'(?:W/)?"([^"]*)"')
_TAGS = re.compile(rf"\s*{_TAG.pattern}\s*(?:,\s*(?:{_TAG.pattern}\s*)?)*")
_VARIANT = re.compile(r"-.*")
_COMPRESSION_SUFFIX = re.compile(r"-(?:gzip|br|zstd|deflate)$")


def etag_for(content: int | bytes, variant: str = "") -> str:
    """Return the quoted tag of a version number, or of a representation's bytes.

    ``variant`` tells representations of one version apart (``"7-2f"``) that differ in something a write need not match.
    """
    if isinstance(content, int):
        return f'"{content}-{variant}"' if variant else f'"{content}"'
    return f'"{hashlib.sha256(content).hexdigest()[:32]}"'


def not_modified(request: Request, etag: str) -> bool:
    """Say whether the client already has ``etag``, by weak comparison with ``If-None-Match``.

    The suffix that a compressing proxy appends (``"7-gzip"``) is passed over.
    """
    header = _header(request, "If-None-Match")
    return header.strip() == "*" or _opaque(etag) in _opaque_tags(header)


def require_match(request: Request, version: int, *, required: bool = False) -> None:
    """Let a write pass only when ``If-Match`` names the present version, or is absent and not required.

    Raises ``PreconditionFailed`` (412) and ``PreconditionRequired`` (428). Weak tags are accepted:
    what counts is the version, and a compressing proxy weakens tags without changing it.
    """
    header = _header(request, "If-Match")
    if not header:
        if required:
            raise PreconditionRequired
        return
    if header.strip() != "*" and str(version) not in {_VARIANT.sub("", tag) for tag in _opaque_tags(header)}:
        raise PreconditionFailed(f"The present version is {version}.")


def _header(request: Request, name: str) -> str:
    return ", ".join(request.headers.getlist(name))


def _opaque_tags(header: str) -> set[str]:
    """Return the tags of a list of them; none of what is no such list."""
    if not _TAGS.fullmatch(header):
        return set()
    return {_COMPRESSION_SUFFIX.sub("", tag) for tag in _TAG.findall(header)}


def _opaque(etag: str) -> str:
    return _COMPRESSION_SUFFIX.sub("", etag.removeprefix("W/").strip('"'))
