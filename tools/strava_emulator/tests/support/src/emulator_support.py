"""A running emulator as an app sees it, and a callback for its webhooks."""

import asyncio
import time
from collections.abc import Callable
from contextlib import AbstractAsyncContextManager
from dataclasses import dataclass, field
from typing import Any
from urllib.parse import parse_qsl

import httpx2
import orjson

ALL = "read,read_all,profile:read_all,activity:read,activity:read_all,activity:write"
CLIENT = {"client_id": "1", "client_secret": "emulator-secret"}
Json = dict[str, Any]


class Clock:
    """Time that a test moves."""

    def __init__(self) -> None:
        self.now = 1_795_250_000.0  # 21 November 2026, 02:33:20 UTC

    def __call__(self) -> float:
        return self.now


async def eventually(probe: Callable[[], Any], *, within: float = 10.0) -> Any:
    """The first truthy result."""
    deadline = time.monotonic() + within
    while not (found := probe()):
        assert time.monotonic() < deadline, "not in time"
        await asyncio.sleep(0.01)
    return found


@dataclass
class App:
    """What a developer holds: a client of the emulator, and the first athlete's token."""

    http: httpx2.AsyncClient
    url: str
    clock: Clock
    athlete_id: int = 3_000_000_001

    async def code(self, scopes: str = ALL, athlete_id: int | None = None) -> str:
        athlete = athlete_id or self.athlete_id
        body = {"scopes": scopes.split(",")}
        answer = await self.http.post(f"/emulator/athletes/{athlete}/authorize", json=body)
        assert answer.status_code == 201, answer.text
        return str(answer.json()["code"])

    async def token(self, **fields: str) -> httpx2.Response:
        return await self.http.post("/oauth/token", data={**CLIENT, **fields})

    async def sign_in(self, scopes: str = ALL, athlete_id: int | None = None) -> Json:
        answer = await self.token(code=await self.code(scopes, athlete_id), grant_type="authorization_code")
        assert answer.status_code == 200, answer.text
        tokens: Json = answer.json()
        self.http.headers["Authorization"] = f"Bearer {tokens['access_token']}"
        return tokens

    async def get(self, path: str, **parameters: Any) -> Any:
        answer = await self.http.get(f"/api/v3{path}", params=parameters)
        assert answer.status_code == 200, f"{path}: {answer.status_code} {answer.text}"
        return answer.json()

    async def add(self, athlete_id: int | None = None, **body: Any) -> Json:
        answer = await self.http.post(f"/emulator/athletes/{athlete_id or self.athlete_id}/activities", json=body)
        assert answer.status_code == 201, answer.text
        made: Json = answer.json()
        return made

    async def control(self, method: str, path: str, body: Any = None) -> Any:
        answer = await self.http.request(method, f"/emulator{path}", json=body)
        assert answer.status_code < 300, answer.text
        return answer.json() if answer.content else None

    async def subscribe(self, callback_url: str) -> httpx2.Response:
        return await self.http.post(
            "/api/v3/push_subscriptions", data={**CLIENT, "callback_url": callback_url, "verify_token": "the-token"}
        )


Starter = Callable[..., AbstractAsyncContextManager[App]]


@dataclass
class Callback:
    """An app's webhook endpoint: keeps what it gets; ``answers`` are the next statuses, None hangs."""

    events: list[Json] = field(default_factory=list)
    challenges: list[dict[str, str]] = field(default_factory=list)
    answers: list[int | None] = field(default_factory=list)
    challenge: str | None = None
    url: str = ""

    async def __call__(self, scope: Any, receive: Any, send: Any) -> None:
        query = dict(parse_qsl(scope["query_string"].decode()))
        body = b""
        if scope["method"] == "GET":
            self.challenges.append(query)
            body = orjson.dumps({"hub.challenge": self.challenge or query["hub.challenge"]})
        else:
            self.events.append(orjson.loads((await receive())["body"]))
        status = self.answers.pop(0) if self.answers else 200
        if status is None:
            await asyncio.Event().wait()
        await send({"type": "http.response.start", "status": status, "headers": []})
        await send({"type": "http.response.body", "body": body})


def errors(answer: httpx2.Response) -> tuple[int, str, list[tuple[str, str, str]]]:
    """(status, message, (resource, field, code) of each) of an error."""
    body = answer.json()
    assert set(body) == {"message", "errors"}
    return answer.status_code, body["message"], [(e["resource"], e["field"], e["code"]) for e in body["errors"]]


def gpx(points: int = 60, start: str = "2026-11-20T06") -> bytes:
    track = "".join(
        f'<trkpt lat="{-35.8 + n * 0.00003:.6f}" lon="137.25"><ele>{100 + n % 7}</ele>'
        f"<time>{start}:{n // 60:02d}:{n % 60:02d}Z</time><extensions><hr>{130 + n % 9}</hr></extensions></trkpt>"
        for n in range(points)
    )
    text = (
        f'<gpx xmlns="http://www.topografix.com/GPX/1/1"><trk><type>running</type><trkseg>{track}</trkseg></trk></gpx>'
    )
    return text.encode()
