"""What a service at work holds of a person: asked as auth asks, and looked for in all its tables."""

from dataclasses import dataclass
from uuid import UUID

import httpx2

from common.personal import Given, Tally
from common.testing.atwork import ServiceAtWork

_ALL = (1 << 63) - 1


@dataclass(frozen=True)
class Held:
    """One person's part of a service."""

    service: ServiceAtWork
    person: UUID

    async def tally(self) -> Tally:
        """Count, as the service says."""
        return Tally.model_validate_json((await self._ask("GET")).content)

    async def erase(self, *, logged: int = _ALL) -> Tally:
        """Have it deleted, with events read up to ``logged``; returns what the service says it was."""
        return Tally.model_validate_json((await self._ask("DELETE", f"?logged={logged}")).content)

    async def given(self) -> dict[str, bytes]:
        """Return all that goes into an export, by name."""
        names = Given.model_validate_json((await self._ask("GET", "/given")).content).names
        return {name: (await self._ask("GET", f"/given/{name}")).content for name in names}

    async def mentioned(self) -> dict[str, int]:
        """Count the rows in which the person's id stands, by table, whatever the service says."""
        query = "SELECT tablename FROM pg_tables WHERE schemaname = current_schema()"
        tables = [row.tablename for row in await self.service.rows(query)]
        assert "jobs" in tables
        counts = {
            table: await self.service.scalar(f"SELECT count(*) FROM {table} t WHERE t::text LIKE '%{self.person}%'")  # noqa: S608 - names of our own tables
            for table in tables
        }
        return {table: count for table, count in counts.items() if count}

    async def _ask(self, method: str, path: str = "") -> httpx2.Response:
        headers = {"Authorization": f"Bearer {self.service.mint.service_token('auth')}"}
        url = f"/internal/people/{self.person}{path}"
        response = await self.service.client.request(method, url, headers=headers)
        assert response.status_code == httpx2.codes.OK, response.text
        return response
