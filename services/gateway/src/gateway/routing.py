"""From the path of a request to its row in the route table."""

from collections.abc import Iterable
from dataclasses import dataclass, field
from urllib.parse import quote, unquote_to_bytes

from common.errors import BadRequest
from gateway.table import PREFIX, Route

_ALIAS = "/api/"
_CANONICAL = f"{PREFIX}/"
# RFC 3986 3.3: what may stand in a segment unquoted, besides letters, digits and -._~
_SEGMENT_SAFE = "!$&'()*+,;=:@"
# A percent sign that survives would be decoded once more by somebody who decodes twice.
_NEVER_IN_A_SEGMENT = frozenset(b"/\\%\x7f") | frozenset(range(0x20))


class BadPath(BadRequest):
    code = "request.path_invalid"
    title = "The path is not accepted"
    next_steps = "Send the path without empty or dot segments, backslashes and encoded slashes."


@dataclass(slots=True)
class _Node:
    literal: dict[str, "_Node"] = field(default_factory=dict)
    parameter: "_Node | None" = None
    here: Route | None = None
    below: Route | None = None


class Router:
    """Finds the row of a canonical path."""

    def __init__(self, routes: Iterable[Route]) -> None:
        self._root = _Node()
        self._unversioned: dict[tuple[str, str], Route] = {}
        for route in routes:
            if is_unversioned(route.template):
                self._unversioned[(route.method, route.template)] = route
            else:
                self._add(route)

    def find(self, method: str, raw_path: bytes) -> tuple[str, Route | None]:
        """Return the path to forward and its row; raises ``BadPath``."""
        path = _spelled(raw_path)
        if not path.startswith(_CANONICAL) and is_unversioned(path):
            if route := self._unversioned.get(("GET" if method == "HEAD" else method, path)):
                return path, route
            path = _CANONICAL + path[len(_ALIAS) :]
        return path, self.match(path)

    def match(self, path: str) -> Route | None:
        """Return the most specific row of a canonical path; None when it is nobody's."""
        return _find(self._root, path.split("/"), 1)

    def row_of(self, method: str, path: str) -> Route | None:
        """Return the row of a path as descriptions spell it, with parameters in braces."""
        if is_unversioned(path):
            return self._unversioned.get((method, path))
        return self.match(path)

    def _add(self, route: Route) -> None:
        node = self._root
        *segments, last = route.template.split("/")[1:]
        for segment in segments:
            node = _child(node, segment)
        if last == "**":
            _claim(node.below, route)
            node.below = route
        else:
            node = _child(node, last)
            _claim(node.here, route)
            node.here = route


def _claim(owner: Route | None, route: Route) -> None:
    if owner is not None:
        raise ValueError(f"{route.template} stands in the route table twice")


def _child(node: _Node, segment: str) -> _Node:
    if segment.startswith("{"):
        node.parameter = node.parameter or _Node()
        return node.parameter
    return node.literal.setdefault(segment, _Node())


def _find(node: _Node, segments: list[str], index: int) -> Route | None:
    while node.parameter is None and node.below is None and index < len(segments):
        child = node.literal.get(segments[index])
        if child is None:
            return None
        node, index = child, index + 1
    if index == len(segments):
        return node.here or node.below
    child = node.literal.get(segments[index])
    found = _find(child, segments, index + 1) if child else None
    if found is None and node.parameter is not None and segments[index]:
        found = _find(node.parameter, segments, index + 1)
    return found or node.below


def is_unversioned(path: str) -> bool:
    """Tell whether the path names no version of the API."""
    return path.startswith(_ALIAS) and not path.startswith(_CANONICAL)


def canonical(raw_path: bytes) -> str:
    """Return one spelling for one resource, ``/api/v1`` for ``/api``.

    What a service behind might read in another way than the route table does is refused with ``BadPath``.
    """
    path = _spelled(raw_path)
    return _CANONICAL + path[len(_ALIAS) :] if is_unversioned(path) else path


def _spelled(raw_path: bytes) -> str:
    path = raw_path.decode("latin-1")
    if "%" in path or "\\" in path or "//" in path or "/." in path:
        path = _respelled(path)
    return path


def _respelled(path: str) -> str:
    first, *segments = path.split("/")
    if first:
        raise BadPath
    last = len(segments) - 1
    return "/" + "/".join(_segment(segment, may_be_empty=index == last) for index, segment in enumerate(segments))


def _segment(segment: str, *, may_be_empty: bool) -> str:
    raw = unquote_to_bytes(segment)
    if raw in {b".", b".."} or (not raw and not may_be_empty) or not _NEVER_IN_A_SEGMENT.isdisjoint(raw):
        raise BadPath
    return quote(raw, safe=_SEGMENT_SAFE)
