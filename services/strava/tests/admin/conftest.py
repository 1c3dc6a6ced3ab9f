from collections.abc import Callable
from uuid import uuid4

import httpx2
import pytest

from common.testing.tokens import TokenMint


class Operator:
    """An administrator at the activity store."""

    def __init__(self, client: httpx2.AsyncClient, mint: TokenMint) -> None:
        self.id = str(uuid4())
        self._client = client
        self._headers = mint.headers(self.id, roles=("athlete", "admin"))

    async def request(self, method: str, path: str, status: int = 200, **options: object) -> httpx2.Response:
        """Ask below ``/admin``, and see the status."""
        options = {"headers": self._headers, **options}
        response = await self._client.request(method, f"/api/v1/admin{path}", **options)  # type: ignore[arg-type] # as httpx names them
        assert response.status_code == status, response.text
        return response


@pytest.fixture
def operator(strava: httpx2.AsyncClient, mint: TokenMint) -> Operator:
    return Operator(strava, mint)


@pytest.fixture
def nobody_else(strava: httpx2.AsyncClient, mint: TokenMint) -> Callable[[str, str], object]:
    """Ask as somebody who is no administrator; gives the status."""

    async def ask(method: str, path: str) -> int:
        headers = mint.headers(str(uuid4()))
        return (await strava.request(method, f"/api/v1/admin{path}", headers=headers)).status_code

    return ask
