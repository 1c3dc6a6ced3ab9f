"""A browser on its way to a provider and back."""

from typing import Any, Self
from urllib.parse import parse_qs, urlsplit

import httpx2

JSON = {"Accept": "application/json"}


class Traveller:
    """Keeps cookies and follows nothing by itself."""

    def __init__(self, home: str) -> None:
        self.home = home.rstrip("/")
        self.client = httpx2.AsyncClient(trust_env=False, timeout=30)

    async def __aenter__(self) -> Self:
        return self

    async def __aexit__(self, *_: object) -> None:
        await self.client.aclose()

    async def start(self, provider: str = "google", *, headers: dict[str, str] | None = None, **query: Any) -> str:
        """Begin; return the provider's address."""
        response = await self.client.get(
            f"{self.home}/api/v1/auth/oauth/{provider}/start", params=query, headers={**JSON, **(headers or {})}
        )
        assert response.status_code == 200, response.text
        return str(response.json()["url"])

    async def agree(self, url: str) -> str:
        """Say yes at the provider; return the address of the callback that it leads to."""
        response = await self.client.get(url)
        assert response.status_code == 302, response.text
        return response.headers["location"]

    async def land(self, callback: str, **headers: str) -> httpx2.Response:
        """Come back."""
        return await self.client.get(callback, headers=headers)

    async def go(self, provider: str = "google", *, headers: dict[str, str] | None = None, **query: Any) -> Any:
        """All the way; return the JSON that the callback answers."""
        callback = await self.agree(await self.start(provider, headers=headers, **query))
        return await self.land(callback, **JSON)


def query_of(url: str) -> dict[str, str]:
    return {name: values[0] for name, values in parse_qs(urlsplit(url).query).items()}
