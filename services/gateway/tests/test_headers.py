import asyncio
import re

import pytest
from gateway_doubles import Builder, Echo, Platform, read_body
from starlette.types import Receive, Scope, Send

TRACEPARENT = "00-0af7651916cd43dd8448eb211c80319c-b7ad6b7169203331-01"


async def raw_request(platform: Platform, lines: list[str], body: bytes = b"") -> bytes:
    reader, writer = await asyncio.open_connection("127.0.0.1", platform.port)
    writer.write("\r\n".join([*lines, "connection: close", "", ""]).encode("latin-1") + body)
    async with asyncio.timeout(10):
        answer = await reader.read()
    writer.close()
    return answer


@pytest.mark.parametrize(
    "name",
    [
        "X-User-Id",
        "X-User-Roles",
        "X-Internal-Token",
        "X-Forwarded-Host",
        "X-Forwarded-User",
        "Forwarded",
        "X-Real-IP",
        "X-Original-URL",
        "X_User_Id",
        "Keep-Alive",
        "TE",
        "Trailer",
        "Upgrade",
        "Proxy-Authenticate",
        "Proxy-Authorization",
        "Proxy-Connection",
    ],
)
async def test_headers_that_could_pass_for_ours_do_not_get_through(platform: Platform, strava: Echo, name: str) -> None:
    await platform.get("/api/v1/activities", headers={name: "spoofed"})
    assert [value for _, value in strava.seen[0].headers if value == "spoofed"] == []


async def test_headers_named_by_connection_are_dropped(platform: Platform, strava: Echo) -> None:
    headers = {"Connection": "keep-alive, X-Secret-Hop", "X-Secret-Hop": "1", "X-Kept": "2"}
    await platform.get("/api/v1/activities", headers=headers)
    assert strava.seen[0].header("x-secret-hop") is None
    assert strava.seen[0].header("x-kept") == "2"


async def test_headers_named_by_any_of_several_connection_headers_are_dropped(platform: Platform, strava: Echo) -> None:
    authorization = f"authorization: {platform.bearer['Authorization']}"
    lines = ["GET /api/v1/activities HTTP/1.1", "host: x", authorization, "connection: x-secret-hop", "x-secret-hop: 1"]
    assert b" 200 " in await raw_request(platform, lines)  # a second header, that ends the connection, is put on
    assert strava.seen[0].header("x-secret-hop") is None


async def test_forwarding_headers_are_ours_alone(platform: Platform, strava: Echo) -> None:
    await platform.get("/api/v1/activities", headers={"X-Forwarded-For": "1.2.3.4", "X-Forwarded-Proto": "https"})
    assert strava.seen[0].header("x-forwarded-for") == "127.0.0.1"
    assert strava.seen[0].header("x-forwarded-proto") == "http"


async def test_a_trusted_proxy_is_believed(builder: Builder, strava: Echo) -> None:
    platform = await builder.gateway(strava=strava, trusted_proxies=["127.0.0.0/8", "10.0.0.0/8"])
    headers = {"X-Forwarded-For": "6.6.6.6, 203.0.113.9, 10.1.2.3", "X-Forwarded-Proto": "https"}
    await platform.get("/api/v1/activities", headers=headers)
    assert strava.seen[0].header("x-forwarded-for") == "203.0.113.9"
    assert strava.seen[0].header("x-forwarded-proto") == "https"


async def test_who_is_no_trusted_proxy_is_not_believed(builder: Builder, strava: Echo) -> None:
    platform = await builder.gateway(strava=strava, trusted_proxies=["10.0.0.0/8"])
    answer = await platform.get(
        "/api/v1/activities", headers={"X-Forwarded-For": "203.0.113.9", "X-Forwarded-Proto": "https"}
    )
    assert strava.seen[0].header("x-forwarded-for") == "127.0.0.1"
    assert strava.seen[0].header("x-forwarded-proto") == "http"
    assert "strict-transport-security" not in answer.headers


async def test_token_host_and_ordinary_headers_are_forwarded(platform: Platform, strava: Echo) -> None:
    token = platform.bearer
    await platform.get("/api/v1/activities", headers=token | {"If-None-Match": '"7"', "Host": "run.example"})
    seen = strava.seen[0]
    assert seen.header("authorization") == token["Authorization"]
    assert seen.header("if-none-match") == '"7"'
    assert seen.header("host") == "run.example"


async def test_a_good_request_id_is_kept_and_a_bad_one_replaced(platform: Platform, strava: Echo) -> None:
    kept = await platform.get("/api/v1/activities", headers={"X-Request-ID": "my-request-1"})
    assert kept.headers["x-request-id"] == "my-request-1"
    replaced = await platform.get("/api/v1/activities", headers={"X-Request-ID": "bad id"})
    assert re.fullmatch(r"[\w-]{22,32}", replaced.headers["x-request-id"])
    assert [seen.header("x-request-id") for seen in strava.seen] == [
        "my-request-1",
        replaced.headers["x-request-id"],
    ]


async def test_a_valid_trace_goes_on_and_another_begins_anew(platform: Platform, strava: Echo) -> None:
    state = {"tracestate": "a=b"}
    await platform.get("/api/v1/activities", headers={"traceparent": TRACEPARENT, **state})
    await platform.get(
        "/api/v1/activities", headers={"traceparent": "00-" + "0" * 32 + "-b7ad6b7169203331-01", **state}
    )
    first, second = strava.seen
    assert (first.header("traceparent"), first.header("tracestate")) == (TRACEPARENT, "a=b")
    assert re.fullmatch(r"00-(?!0{32})[0-9a-f]{32}-[0-9a-f]{16}-01", second.header("traceparent") or "")
    assert second.header("tracestate") is None


async def test_every_answer_has_the_security_headers_and_does_not_name_the_server(platform: Platform) -> None:
    for path in ("/api/v1/activities", "/nowhere", "/health", "/api/docs"):
        answer = await platform.get(path)
        assert answer.headers["x-content-type-options"] == "nosniff"
        assert answer.headers["referrer-policy"] == "strict-origin-when-cross-origin"
        assert "server" not in answer.headers
        assert answer.headers["x-request-id"]


async def test_what_the_service_says_of_itself_is_not_passed_on(builder: Builder) -> None:
    async def talkative(scope: Scope, receive: Receive, send: Send) -> None:
        headers = [(b"server", b"secret/1.0"), (b"x-powered-by", b"magic"), (b"etag", b'"1"'), (b"set-cookie", b"a=1")]
        headers += [(b"set-cookie", b"b=2"), (b"x-request-id", b"another")]
        await send({"type": "http.response.start", "status": 200, "headers": headers})
        await send({"type": "http.response.body", "body": b"ok"})

    platform = await builder.gateway(strava=talkative)
    answer = await platform.get("/api/v1/activities", headers={"X-Request-ID": "my-request-1"})
    assert "server" not in answer.headers
    assert "x-powered-by" not in answer.headers
    assert answer.headers["etag"] == '"1"'
    assert answer.headers.get_list("set-cookie") == ["a=1", "b=2"]
    assert answer.headers.get_list("x-request-id") == ["my-request-1"]


@pytest.mark.parametrize("twice", ["Authorization: Bearer a", "Host: b", "Idempotency-Key: k"])
async def test_a_header_with_two_meanings_is_refused(platform: Platform, strava: Echo, twice: str) -> None:
    authorization = f"Authorization: {platform.bearer['Authorization']}"
    lines = ["GET /api/v1/activities HTTP/1.1", "Host: a", authorization, "Idempotency-Key: j", twice]
    answer = await raw_request(platform, lines)
    assert answer.startswith(b"HTTP/1.1 400")
    assert b"came more than once" in answer
    assert not strava.seen


async def test_a_trailer_does_not_pass_for_a_header(platform: Platform, strava: Echo) -> None:
    authorization = f"Authorization: {platform.bearer['Authorization']}"
    lines = ["POST /api/v1/activities HTTP/1.1", "Host: a", authorization, "Transfer-Encoding: chunked"]
    body = b"3\r\nabc\r\n0\r\nX-Note: 1\r\nX-User-Id: admin\r\n\r\n"
    answer = await raw_request(platform, lines, body)
    assert answer.startswith(b"HTTP/1.1 200")
    assert strava.seen[0].body == b"abc"
    assert [strava.seen[0].header(name) for name in ("x-note", "x-user-id")] == [None, None]


async def test_an_unknown_transfer_coding_is_refused(platform: Platform, strava: Echo) -> None:
    authorization = f"Authorization: {platform.bearer['Authorization']}"
    lines = ["POST /api/v1/activities HTTP/1.1", "Host: a", authorization, "Transfer-Encoding: gzip, chunked"]
    answer = await raw_request(platform, lines, b"0\r\n\r\n")
    assert answer.startswith(b"HTTP/1.1 400")
    assert b"request.transfer_coding" in answer
    assert not strava.seen


@pytest.mark.parametrize("coding", ["gzip", "GZIP", "identity, gzip", "br"])
async def test_a_compressed_body_is_refused(platform: Platform, strava: Echo, coding: str) -> None:
    headers = platform.bearer | {"Content-Encoding": coding}
    answer = await platform.client.post("/api/v1/activities", headers=headers, content=b"abc")
    assert (answer.status_code, answer.json()["code"]) == (415, "request.unsupported_media")
    assert "Content-Encoding" in answer.json()["next_steps"]
    assert not strava.seen


async def test_a_compressed_body_is_refused_whatever_else_is_said(platform: Platform, strava: Echo) -> None:
    lines = ["POST /api/v1/activities HTTP/1.1", "Host: a", f"Authorization: {platform.bearer['Authorization']}"]
    lines += ["Content-Length: 3", "Content-Encoding: gzip", "Content-Encoding: identity"]
    assert (await raw_request(platform, lines, b"abc")).startswith(b"HTTP/1.1 415")
    assert not strava.seen


async def test_a_plain_body_may_say_so(platform: Platform) -> None:
    headers = platform.bearer | {"Content-Encoding": "identity"}
    assert (await platform.client.post("/api/v1/activities", headers=headers, content=b"abc")).status_code == 200
    assert (await platform.get("/api/v1/activities", headers={"Content-Encoding": "gzip"})).status_code == 200


async def test_pages_of_a_listed_origin_may_read_answers(builder: Builder, strava: Echo) -> None:
    platform = await builder.gateway(strava=strava, cors_origins=["https://run.example"])
    allowed = await platform.get("/api/v1/activities", headers={"Origin": "https://run.example"})
    assert allowed.headers["access-control-allow-origin"] == "https://run.example"
    assert "X-Request-ID" in allowed.headers["access-control-expose-headers"]
    refused = await platform.client.get("/api/v1/activities", headers={"Origin": "https://run.example"})
    assert (refused.status_code, refused.headers["vary"]) == (401, "Origin")
    assert refused.headers["access-control-allow-origin"] == "https://run.example"
    other = await platform.get("/api/v1/activities", headers={"Origin": "https://evil.example"})
    assert "access-control-allow-origin" not in other.headers


async def test_a_preflight_is_answered_here(builder: Builder, strava: Echo) -> None:
    platform = await builder.gateway(strava=strava, cors_origins=["https://run.example"])
    ask = {"Origin": "https://run.example", "Access-Control-Request-Method": "PATCH"}
    answer = await platform.client.options("/api/v1/activities/1", headers=ask)
    assert (answer.status_code, answer.content) == (204, b"")
    assert "PATCH" in answer.headers["access-control-allow-methods"]
    assert "If-Match" in answer.headers["access-control-allow-headers"]
    other = await platform.client.options("/api/v1/activities/1", headers=ask | {"Origin": "https://evil.example"})
    assert "access-control-allow-methods" not in other.headers
    assert not strava.seen


async def test_a_head_request_and_empty_answers_keep_the_connection_usable(builder: Builder) -> None:
    async def varied(scope: Scope, receive: Receive, send: Send) -> None:
        await read_body(receive)
        status = {"/api/v1/gear/204": 204, "/api/v1/gear/304": 304}.get(scope["path"], 200)
        headers = [] if status == 204 else [(b"content-length", b"5")]
        await send({"type": "http.response.start", "status": status, "headers": headers})
        empty = status != 200 or scope["method"] == "HEAD"
        await send({"type": "http.response.body", "body": b"" if empty else b"hello"})

    platform = await builder.gateway(strava=varied)
    for _ in range(3):
        head = await platform.client.head("/api/v1/gear/1", headers=platform.bearer)
        assert (head.status_code, head.headers["content-length"], head.content) == (200, "5", b"")
        assert (await platform.get("/api/v1/gear/204")).status_code == 204
        assert (await platform.get("/api/v1/gear/304")).status_code == 304
        assert (await platform.get("/api/v1/gear/1")).content == b"hello"
    assert platform.open_connections("strava") == 1
