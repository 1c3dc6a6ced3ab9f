from datetime import date

import pytest
from gateway_doubles import Builder, Echo, Platform, send_json
from starlette.types import Receive, Scope, Send

from gateway.table import NEVER, Deprecated, Headers, Route

TABLE = (
    Route("/api/v1/plain/**", "strava"),
    Route("/api/v1/minute/**", "strava", cache=60),
    Route("/api/v1/secret/**", "strava", cache=NEVER),
    Route(
        "/api/v1/old/**",
        "strava",
        deprecated=Deprecated(since=date(2026, 11, 1), sunset=date(2027, 5, 1), link="/api/docs"),
    ),
    Route(
        "/api/v1/changed/**",
        "strava",
        request=Headers(add=(("x-from", "gateway"),), strip=("cookie", "authorization", "x-client")),
        answer=Headers(
            add=(("x-served", "here"), ("content-security-policy", "frame-ancestors 'self'")), strip=("link",)
        ),
    ),
)


class Speaking(Echo):
    """Answers with headers of its own, and keeps what it got."""

    told: tuple[tuple[bytes, bytes], ...] = ()
    status = 200

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        await super().__call__(scope, receive, _Discarding())
        await send_json(send, {}, self.status, self.told)


class _Discarding:
    async def __call__(self, message: object) -> None:
        """The echo's answer is not wanted."""


@pytest.fixture
def strava() -> Speaking:
    return Speaking()


@pytest.fixture
async def platform(builder: Builder, strava: Speaking) -> Platform:
    return await builder.gateway(routes=TABLE, strava=strava)


@pytest.mark.parametrize(
    ("path", "expected"),
    [("plain", "private, no-cache"), ("minute", "private, max-age=60"), ("secret", "no-store")],
)
async def test_a_route_says_how_long_its_answers_may_be_kept(platform: Platform, path: str, expected: str) -> None:
    answer = await platform.get(f"/api/v1/{path}/1")
    assert answer.headers["cache-control"] == expected


async def test_what_the_service_says_of_keeping_goes_before(platform: Platform, strava: Speaking) -> None:
    strava.told = ((b"cache-control", b"private, max-age=5"),)
    answer = await platform.get("/api/v1/minute/1")
    assert answer.headers.get_list("cache-control") == ["private, max-age=5"]


@pytest.mark.parametrize(("method", "status"), [("POST", 200), ("DELETE", 200), ("GET", 404)])
async def test_writes_and_errors_are_not_kept_by_a_route(
    platform: Platform, strava: Speaking, method: str, status: int
) -> None:
    strava.status = status
    strava.told = ((b"content-type", b"application/problem+json"),) if status > 400 else ()
    answer = await platform.client.request(method, "/api/v1/minute/1", headers=platform.bearer)
    assert "max-age" not in answer.headers.get("cache-control", "")


async def test_a_deprecated_route_says_so_and_until_when_it_stands(platform: Platform) -> None:
    answer = await platform.get("/api/v1/old/1")
    assert answer.headers["deprecation"] == "@1793491200"
    assert answer.headers["sunset"] == "Sat, 01 May 2027 00:00:00 GMT"
    assert answer.headers["link"] == '</api/docs>; rel="deprecation"'
    refused = await platform.client.get("/api/v1/old/1")
    assert (refused.status_code, refused.headers["deprecation"]) == (401, "@1793491200")
    assert "deprecation" not in (await platform.get("/api/v1/plain/1")).headers


async def test_a_route_changes_headers_both_ways(platform: Platform, strava: Speaking) -> None:
    strava.told = ((b"link", b"</x>"), (b"x-served", b"inside"))
    sent = {"Cookie": "a=1", "X-Client": "web", "X-From": "outside", "X-Kept": "1"}
    answer = await platform.get("/api/v1/changed/1", headers=sent)
    seen = strava.seen[0]
    assert [seen.header(name) for name in ("cookie", "x-client", "authorization")] == [None, None, None]
    assert (seen.header("x-from"), seen.header("x-kept")) == ("gateway", "1")
    assert answer.headers.get_list("x-served") == ["here"]
    assert "link" not in answer.headers
    assert answer.headers.get_list("content-security-policy") == ["frame-ancestors 'self'"]


@pytest.mark.parametrize("path", ["/api/v1/plain/1", "/nowhere", "/health", "/", "/api/docs"])
async def test_nothing_may_be_shown_in_a_frame_of_others(platform: Platform, path: str) -> None:
    policies = (await platform.get(path)).headers.get_list("content-security-policy")
    assert len(policies) == 1
    assert "frame-ancestors 'none'" in policies[0]


async def test_a_service_cannot_loosen_the_security_headers(platform: Platform, strava: Speaking) -> None:
    strava.told = (
        (b"content-security-policy", b"frame-ancestors *"),
        (b"x-content-type-options", b"none"),
        (b"strict-transport-security", b"max-age=0"),
    )
    answer = await platform.get("/api/v1/plain/1")
    assert answer.headers.get_list("content-security-policy") == ["frame-ancestors 'none'"]
    assert answer.headers.get_list("x-content-type-options") == ["nosniff"]
    assert "strict-transport-security" not in answer.headers


@pytest.mark.parametrize(
    "name",
    [
        "connection",
        "keep-alive",
        "proxy-authenticate",
        "proxy-connection",
        "referrer-policy",
        "te",
        "trailer",
        "upgrade",
    ],
)
async def test_what_a_service_says_to_the_gateway_alone_goes_no_further(
    platform: Platform, strava: Speaking, name: str
) -> None:
    strava.told = ((name.encode(), b"of-the-inside"), (b"x-kept", b"1"))
    answer = await platform.get("/api/v1/plain/1")
    assert (answer.status_code, answer.headers["x-kept"]) == (200, "1")
    assert "of-the-inside" not in answer.headers.get_list(name)


@pytest.mark.parametrize("path", ["/api/v1/plain/1", "/nowhere", "/health", "/"])
async def test_behind_tls_clients_are_told_to_stay_there(builder: Builder, strava: Speaking, path: str) -> None:
    platform = await builder.gateway(routes=TABLE, strava=strava, trusted_proxies=["127.0.0.0/8"])
    tls = await platform.get(path, headers={"X-Forwarded-Proto": "https"})
    assert tls.headers["strict-transport-security"] == "max-age=31536000"
    assert "strict-transport-security" not in (await platform.get(path)).headers


@pytest.mark.parametrize("path", ["/api/v1/plain/1", "/"])
async def test_nobody_else_can_say_that_it_is_tls(platform: Platform, path: str) -> None:
    answer = await platform.get(path, headers={"X-Forwarded-Proto": "https"})
    assert "strict-transport-security" not in answer.headers


async def test_the_service_is_told_how_long_the_gateway_waits(builder: Builder, strava: Speaking) -> None:
    routes = (Route("/api/v1/brief/**", "strava", timeout=3, body_limit=1 << 20),)
    platform = await builder.gateway(routes=routes, strava=strava)
    await platform.get("/api/v1/brief/1", headers={"X-Internal-Timeout": "0.001"})
    await platform.client.post("/api/v1/brief/1", headers=platform.bearer, content=b"x" * 900_000)
    assert [seen.header("x-internal-timeout") for seen in strava.seen] == ["3", None]
