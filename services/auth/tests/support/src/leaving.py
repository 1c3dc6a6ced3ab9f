"""Somebody who leaves, with or without their data."""

from typing import Any
from uuid import UUID

from common.testing.atwork import ServiceAtWork
from contracts.testing.people import HolderDouble

PASSWORD = "a long enough password"


class Leaver:
    """Somebody with an account who takes their data or goes. ``holders`` are the other services, by name."""

    def __init__(self, auth: ServiceAtWork, holders: dict[str, HolderDouble], account: dict[str, Any]) -> None:
        self.auth = auth
        self.holders = holders
        self.id = UUID(account["id"])
        self.email = account["email"]
        self.headers: dict[str, str] = {}

    async def sign_in(self) -> int:
        credentials = {"email": self.email, "password": PASSWORD}
        response = await self.auth.client.post("/api/v1/auth/login", json=credentials)
        if response.status_code == 200:
            self.headers = {"Authorization": f"Bearer {response.json()['access_token']}"}
        return response.status_code

    async def ask(self, method: str, path: str, **options: Any) -> Any:
        headers = self.headers | options.pop("headers", {})
        return await self.auth.client.request(method, f"/api/v1{path}", headers=headers, **options)

    async def has_asked(self, service: str, what: str) -> bool:
        """Whether auth has asked a service for something: given, delete or count."""
        return what in self.holders[service].asked

    async def has_nothing_at(self, service: str) -> bool:
        return not self.holders[service].files[self.id]
