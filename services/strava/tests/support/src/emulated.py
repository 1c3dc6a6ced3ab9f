"""Strava's emulator in a process of its own, and an athlete who is at both ends."""

import os
import subprocess
import sys
from pathlib import Path
from typing import Any
from urllib.parse import parse_qs, urlsplit

import httpx2

from common.testing.wait import eventually

SCOPES = "read,activity:read_all,profile:read_all"
WRITING = f"{SCOPES},activity:write"


class Emulated:
    """Started by the first test that asks; ``stop`` and ``start`` keep what it knows."""

    def __init__(self, port: int, home: Path, **settings: str) -> None:
        self.url = f"http://127.0.0.1:{port}"
        self._settings = {f"EMULATOR_{name.upper()}": value for name, value in settings.items()}
        self._port = port
        self._home = home
        self._process: subprocess.Popen[bytes] | None = None

    async def start(self) -> None:
        if self._process is None:
            self._process = self._started()
        await eventually(self._answers, within=20, what="the emulator")

    def _started(self) -> subprocess.Popen[bytes]:
        environment = {
            "PORT": str(self._port),
            "EMULATOR_HOME": str(self._home),
            "EMULATOR_ATHLETES": "0",
            "EMULATOR_RATE_LIMIT": "[1000000, 1000000]",
            "EMULATOR_READ_LIMIT": "[1000000, 1000000]",
            "EMULATOR_UPLOAD_S": "0.3",
            **self._settings,
        }
        with (self._home / "log").open("ab") as log:
            return subprocess.Popen(
                [sys.executable, "-m", "strava_emulator"], env={**os.environ, **environment}, stdout=log, stderr=log
            )

    async def _answers(self) -> bool:
        try:
            await self.control("GET", "/state")
        except httpx2.HTTPError:
            return False
        return True

    def stop(self) -> None:
        if self._process is not None:
            self._process.terminate()
            self._process.wait(20)
            self._process = None

    async def control(self, method: str, path: str, **options: Any) -> Any:
        """Call the control API."""
        async with httpx2.AsyncClient(
            base_url=f"{self.url}/emulator", verify=False, trust_env=False, timeout=30
        ) as client:
            response = await client.request(method, path, **options)
        assert response.status_code < 300, response.text
        return response.json() if response.content else None

    async def reset(self) -> None:
        """No faults, no usage, wide limits."""
        await self.control("PUT", "/faults", json={})
        wide = [1_000_000, 1_000_000]
        limits = {"overall": wide, "read": wide, "overall_usage": [0, 0], "read_usage": [0, 0], "headers": "normal"}
        await self.control("PUT", "/limits", json=limits)

    async def new_athlete(self, **values: Any) -> int:
        made = await self.control("POST", "/athletes", json=values)
        return int(made["id"])


class Runner:
    """Somebody with an account here and one at Strava. ``here`` makes requests to the activity store."""

    def __init__(self, here: Any, emulated: Emulated, strava_id: int) -> None:
        self.here = here
        self.emulated = emulated
        self.strava_id = strava_id

    async def begin(self) -> str:
        """Start connecting; return the state."""
        response = await self.here.request("GET", "/strava/auth", headers={"Accept": "application/json"})
        assert response.status_code == 200, response.text
        return str(parse_qs(urlsplit(response.json()["url"]).query)["state"][0])

    async def code(self, scope: str = SCOPES) -> str:
        body = {"scopes": scope.split(",")}
        granted = await self.emulated.control("POST", f"/athletes/{self.strava_id}/authorize", json=body)
        return str(granted["code"])

    async def connect(self, *, scope: str = SCOPES) -> Any:
        """Go through Strava's page; return the answer to the callback."""
        code = await self.code(scope if "activity:read" in scope else SCOPES)
        answer = {"state": await self.begin(), "code": code, "scope": scope}
        return await self.here.request("POST", "/strava/callback", json=answer)

    async def runs(self, **values: Any) -> int:
        """Finish an activity; Strava tells of it."""
        made = await self.emulated.control("POST", f"/athletes/{self.strava_id}/activities", json=values)
        return int(made["id"])

    async def tells(self, strava_id: int, aspect: str = "create", **values: Any) -> None:
        """Have Strava send an event."""
        event = {"object_id": strava_id, "owner_id": self.strava_id, "aspect_type": aspect, **values}
        await self.emulated.control("POST", "/webhooks", json=event)

    async def status(self) -> Any:
        return await self.here.get("/strava/status")

    async def stored(self, strava_id: int) -> dict[str, Any] | None:
        """The activity here, or None."""
        page = await self.here.get("/activities?limit=200")
        return next((each for each in page["items"] if each["strava_id"] == str(strava_id)), None)

    async def sees(self, strava_id: int, within: float = 15, **fields: Any) -> dict[str, Any]:
        """Wait until the activity is here, with these values."""

        async def there() -> dict[str, Any]:
            found = await self.stored(strava_id) or {}
            return found if found and all(found[name] == value for name, value in fields.items()) else {}

        return await eventually(there, within=within, what=f"activity {strava_id} with {fields}")
