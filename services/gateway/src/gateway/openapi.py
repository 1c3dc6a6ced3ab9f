"""One API description made of those of all services."""

import asyncio
import time
from collections.abc import Callable, Mapping
from typing import Any

from common.errors import ServiceError
from common.http import ServiceClient, UpstreamRejected
from common.logs import get_logger
from gateway.routing import Router

Document = dict[str, Any]

KEPT_SECONDS = 60.0
_KEPT_WHEN_PARTIAL_SECONDS = 5.0
_PATH = "/openapi.json"
_REFERENCE = "#/components/"

SCHEMES: Document = {
    "bearer": {
        "type": "http",
        "scheme": "bearer",
        "bearerFormat": "JWT",
        "description": "Access token of a session, or a personal access token",
    },
    "signature": {
        "type": "apiKey",
        "in": "query",
        "name": "signature",
        "description": "Part of the signed addresses that answers give, as thumbnail_url and download_url",
    },
}
_SECURITY: dict[str, list[Document]] = {
    "user": [{"bearer": []}],
    "admin": [{"bearer": []}],
    "signed": [{"bearer": []}, {"signature": []}],
}


class MergedOpenApi:
    """OpenAPI 3.1, fetched when asked for and kept for a minute.

    ``own`` are descriptions that need not be fetched. A service that is down is shown as it was last seen; one never
    seen is named in ``info.x-missing``.
    """

    def __init__(
        self,
        clients: Mapping[str, ServiceClient],
        router: Router,
        version: str,
        clock: Callable[[], float] = time.monotonic,
        own: Mapping[str, Document] | None = None,
    ) -> None:
        self._clients = clients
        self._router = router
        self._version = version
        self._clock = clock
        self._seen: dict[str, Document] = dict(own or {})
        self._merged: Document = {}
        self._good_until = 0.0
        self._fetching = asyncio.Lock()

    async def document(self) -> Document:
        """Return the merged description."""
        async with self._fetching:
            if self._clock() >= self._good_until:
                whole = await self._fetch()
                self._merged = merge(self._seen, self._router, self._version, missing=self._clients.keys() - self._seen)
                self._good_until = self._clock() + (KEPT_SECONDS if whole else _KEPT_WHEN_PARTIAL_SECONDS)
        return self._merged

    async def _fetch(self) -> bool:
        return all(await asyncio.gather(*(self._fetch_one(name, client) for name, client in self._clients.items())))

    async def _fetch_one(self, name: str, client: ServiceClient) -> bool:
        try:
            document = (await client.get(_PATH)).json()
        except (ServiceError, UpstreamRejected, ValueError) as error:
            get_logger().warning("openapi_not_read", upstream=name, error=type(error).__name__)
            return False
        if not isinstance(document, dict):
            return False
        self._seen[name] = document
        return True


def merge(documents: Mapping[str, Document], router: Router, version: str, *, missing: set[str]) -> Document:
    """Join the descriptions: the paths that are routed to each service, and the components they need.

    A component that another service defines in another way gets the service's name before its own.
    """
    info: Document = {"title": "Running Trainer", "version": version}
    if missing:
        info["x-missing"] = sorted(missing)
    merged: Document = {"openapi": "3.1.0", "info": info, "paths": {}, "components": {}}
    for service in sorted(documents):
        renamed = _without_conflicts(documents[service], service, merged["components"])
        for kind, components in renamed.get("components", {}).items():
            merged["components"].setdefault(kind, {}).update(components)
        for path, item in renamed.get("paths", {}).items():
            if operations := _as_routed(item, path, service, router):
                merged["paths"][path] = operations
    merged["components"].setdefault("securitySchemes", {}).update(SCHEMES)
    return merged


def _as_routed(item: Document, path: str, service: str, router: Router) -> Document:
    """Return the operations that are routed to the service, with what the table says of who may call them."""
    described = {}
    for method, operation in item.items():
        route = router.row_of(method.upper(), path)
        if route is None or route.service != service:
            continue
        # Behind a public row the service itself may ask for a token, of some methods or of who has one.
        security = operation.get("security", []) if route.public else _SECURITY[route.auth]
        described[method] = {**operation, "security": security} | ({"deprecated": True} if route.deprecated else {})
    return described


def _without_conflicts(document: Document, service: str, taken: Mapping[str, Document]) -> Document:
    renames: dict[str, str] = {}
    for kind, components in document.get("components", {}).items():
        for name, component in components.items():
            if taken.get(kind, {}).get(name, component) != component:
                renames[f"{_REFERENCE}{kind}/{name}"] = f"{_REFERENCE}{kind}/{service.capitalize()}{name}"
    if not renames:
        return document
    rewritten: Document = _rewrite(document, renames)
    for old, new in renames.items():
        kind, name = old.removeprefix(_REFERENCE).split("/", 1)
        components = rewritten["components"][kind]
        components[new.rsplit("/", 1)[1]] = components.pop(name)
    return rewritten


def _rewrite(node: Any, renames: Mapping[str, str]) -> Any:
    if isinstance(node, dict):
        return {key: _rewrite(value, renames) for key, value in node.items()}
    if isinstance(node, list):
        return [_rewrite(value, renames) for value in node]
    return renames.get(node, node) if isinstance(node, str) else node
