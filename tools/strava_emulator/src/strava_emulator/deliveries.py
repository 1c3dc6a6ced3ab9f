"""Calls to the app's callback: the handshake, and events with up to three attempts."""

import asyncio
import secrets
from collections import deque
from dataclasses import asdict, dataclass, field
from urllib.parse import urlencode, urlsplit

import orjson

from common.errors import ServiceError
from common.http import Breaker, BreakerPolicy, RetryPolicy, ServiceClient, UpstreamRejected
from strava_emulator.background import Background
from strava_emulator.models import Json
from strava_emulator.settings import EmulatorSettings

KEPT = 1_000
_OK = 200
# Strava keeps calling however long the callback has been silent.
_NEVER_OPEN = BreakerPolicy(consecutive_failures=2**31, failure_ratio=2.0, silence_s=float("inf"))


@dataclass
class Delivery:
    """One event on its way; ``attempts`` holds the status of each: 502 also for no connection, 504 for too late."""

    event: Json
    callback_url: str
    attempts: list[int] = field(default_factory=list)
    done: bool = False

    def as_json(self) -> Json:
        return asdict(self) | {"delivered": _OK in self.attempts}


class Deliveries:
    """Sends what the app is told, each event on its own: no order is promised."""

    def __init__(self, settings: EmulatorSettings, background: Background) -> None:
        self._settings = settings
        self._background = background
        self._clients: dict[str, ServiceClient] = {}
        self.recent: deque[Delivery] = deque(maxlen=KEPT)

    async def verify(self, callback_url: str, verify_token: str) -> bool:
        """Whether the callback answers the challenge in time."""
        challenge = secrets.token_hex(8)
        query = {"hub.mode": "subscribe", "hub.challenge": challenge, "hub.verify_token": verify_token}
        status, body = await self._call("GET", callback_url, query=urlencode(query))
        try:
            answer = orjson.loads(body)
        except orjson.JSONDecodeError:
            return False
        return status == _OK and isinstance(answer, dict) and answer.get("hub.challenge") == challenge

    def send(self, event: Json, callback_url: str, *, after_s: float = 0.0) -> Delivery:
        """Start delivering an event; returns at once."""
        delivery = Delivery(event, callback_url)
        self.recent.append(delivery)
        self._background.start(self._deliver(delivery, after_s))
        return delivery

    async def _deliver(self, delivery: Delivery, after_s: float) -> None:
        await asyncio.sleep(after_s)
        body = orjson.dumps(delivery.event)
        for attempt in range(self._settings.webhook_attempts):
            if attempt:
                await asyncio.sleep(self._settings.webhook_pause_s)
            status, _ = await self._call("POST", delivery.callback_url, body=body)
            delivery.attempts.append(status)
            if status == _OK:
                break
        delivery.done = True

    async def _call(self, method: str, url: str, *, query: str = "", body: bytes | None = None) -> tuple[int, bytes]:
        """One call with the callback's timeout: (status, body)."""
        parts = urlsplit(url)
        queries = "&".join(each for each in (parts.query, query) if each)
        path = (parts.path or "/") + (f"?{queries}" if queries else "")
        if path.startswith("//"):
            return 502, b""
        headers = {"Content-Type": "application/json"} if body is not None else {}
        try:
            answer = await self._client(f"{parts.scheme}://{parts.netloc}").request(
                method, path, content=body, headers=headers
            )
        except (ServiceError, UpstreamRejected) as error:
            return error.status_code, b""
        return answer.status_code, answer.content

    def _client(self, base_url: str) -> ServiceClient:
        if base_url not in self._clients:
            timeout = self._settings.webhook_timeout_s
            self._clients[base_url] = ServiceClient(
                base_url,
                name="callback",
                timeout=timeout,
                attempt_timeout=timeout,
                retry=RetryPolicy(attempts=1),
                breaker=Breaker(_NEVER_OPEN),
            )
        return self._clients[base_url]

    async def aclose(self) -> None:
        """Let go of the connections."""
        for client in self._clients.values():
            await client.aclose()
