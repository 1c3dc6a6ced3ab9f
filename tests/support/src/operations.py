"""All operations of the platform, as its own description has them."""

import re
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

import httpx2

MADE_UP_ID = "018f0000-0000-7000-8000-00000000dead"


@dataclass(frozen=True)
class Operation:
    """``parameters`` are the names in the path, in their order."""

    method: str
    path: str
    description: dict[str, Any]

    @property
    def name(self) -> str:
        return f"{self.method} {self.path}"

    @property
    def parameters(self) -> list[str]:
        return re.findall(r"\{([^}]+)\}", self.path)

    @property
    def is_public(self) -> bool:
        """Whether it is meant for people without a token."""
        security = self.description.get("security")
        return not security or {} in security

    @property
    def administers(self) -> bool:
        return self.path.startswith("/api/v1/admin/")

    def filled(self, values: Mapping[str, str]) -> str:
        """The path with values in place of its parameters; what is not given gets an id that nobody has."""
        return re.sub(r"\{([^}]+)\}", lambda found: values.get(found[1], MADE_UP_ID), self.path)


def operations_of(url: str, path: str = "/api/openapi.json") -> list[Operation]:
    """Read the description of the platform, or of one service at ``/openapi.json``."""
    document = httpx2.get(url + path, timeout=30).json()
    return [
        Operation(method.upper(), path, operation)
        for path, methods in document["paths"].items()
        for method, operation in methods.items()
        if method in {"get", "post", "put", "patch", "delete"}
    ]
