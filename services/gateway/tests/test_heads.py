"""HEAD wherever there is GET: the same headers, and no body."""

from typing import Any

import pytest
from gateway_doubles import Builder, Echo, Platform, send_json
from starlette.types import Receive, Scope, Send

from gateway.pages import DESCRIPTION, DOCS

OF_ONE_REQUEST = {"x-request-id", "ratelimit"}
OVERVIEW = "/api/v1/admin/overview"


def told(answer: Any) -> dict[str, str]:
    return {name: value for name, value in answer.headers.items() if name not in OF_ONE_REQUEST}


class Activities(Echo):
    """Has an activity of version 7, and a list of none."""

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        if scope["path"].endswith("/7"):
            await send_json(send, {"id": "7", "name": "a run"}, headers=[(b"etag", b'"7"')])
        elif scope["path"] == "/api/v1/activities":
            await send_json(send, {"items": [], "next_cursor": None})
        else:
            await super().__call__(scope, receive, send)


@pytest.fixture
async def platform(builder: Builder) -> Platform:
    return await builder.gateway(strava=Activities("strava"), rest=Echo())


@pytest.mark.parametrize(
    "path",
    [
        "/api/v1/activities/7",
        "/api/activities/7",
        "/api/runs",
        "/api/v1/analytics/stats",
        OVERVIEW,
        "/",
        "/health/live",
        DOCS,
        DESCRIPTION,
        "/assets/app.js",
        "/.well-known/jwks.json",
    ],
)
async def test_the_answer_to_a_head_is_that_to_a_get_without_its_body(platform: Platform, path: str) -> None:
    headers = platform.auth.mint.headers(roles=["admin"]) | {"Accept-Encoding": "identity"}
    head = await platform.client.head(path, headers=headers)
    got = await platform.client.get(path, headers=headers)
    assert (head.status_code, head.content) == (200, b"")
    assert got.content
    assert told(head) == told(got)
    assert "content-length" in head.headers


async def test_a_head_of_chosen_fields_has_their_tag(platform: Platform) -> None:
    path = "/api/v1/activities/7?fields=id"
    head, got = await platform.client.head(path, headers=platform.bearer), await platform.get(path)
    assert head.headers["etag"] == got.headers["etag"].replace("-gzip", "") != '"7"'
    assert "content-length" not in head.headers


async def test_a_connection_to_a_service_serves_on_after_a_head(platform: Platform) -> None:
    for _ in range(3):
        assert (await platform.client.head("/api/v1/activities/7", headers=platform.bearer)).status_code == 200
        assert (await platform.get("/api/v1/activities/7")).json()["id"] == "7"
    assert platform.open_connections("strava") == 1


async def test_a_head_is_counted_as_any_request(builder: Builder) -> None:
    platform = await builder.gateway(strava=Activities(), rate_user=60, rate_user_burst=3, rate_lease_share=1.0)
    user = platform.auth.mint.headers("7a0f7e0c-8a3f-4d3e-9c53-0c4f6c0f5b11")
    heads = [await platform.client.head("/api/v1/activities/7", headers=user) for _ in range(5)]
    assert [head.status_code for head in heads] == [200, 200, 200, 429, 429]


async def test_without_a_token_a_head_is_refused_as_a_get_is(platform: Platform) -> None:
    head = await platform.client.head("/api/v1/activities/7")
    assert (head.status_code, head.content) == (401, b"")


async def test_the_description_names_no_head(platform: Platform) -> None:
    document = (await platform.client.get(DESCRIPTION)).json()
    assert not [path for path, item in document["paths"].items() if "head" in item]
