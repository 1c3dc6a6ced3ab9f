"""Asking a service what it holds of a person, as auth does for exports and deletions."""

from collections.abc import AsyncIterator
from contextlib import AbstractAsyncContextManager
from urllib.parse import quote
from uuid import UUID

from common.http import ServiceClient
from common.personal import Given, Tally

_SLOW = 120.0


class PeopleClient:
    """The part of a service's client that every keeper of personal data has."""

    def __init__(self, client: ServiceClient) -> None:
        self._client = client

    async def tally(self, person: UUID) -> Tally:
        """Count what is there of a person."""
        response = await self._client.get(f"/internal/people/{person}", timeout=_SLOW)
        return Tally.model_validate_json(response.content)

    async def erase(self, person: UUID, *, logged: int) -> Tally:
        """Delete what is there of a person; returns what it was. Again is no error.

        ``logged`` is the position up to which the audit log has read the service's events.
        """
        path = f"/internal/people/{person}?logged={logged}"
        response = await self._client.request("DELETE", path, timeout=_SLOW)
        return Tally.model_validate_json(response.content)

    async def given(self, person: UUID) -> list[str]:
        """Name the files of ``open``."""
        response = await self._client.get(f"/internal/people/{person}/given", timeout=_SLOW)
        return Given.model_validate_json(response.content).names

    def open(self, person: UUID, name: str) -> AbstractAsyncContextManager[AsyncIterator[bytes]]:
        """Give the chunks of one file. Raises ``UpstreamRejected`` (404) when it is gone."""
        return self._client.stream(f"/internal/people/{person}/given/{quote(name)}")
