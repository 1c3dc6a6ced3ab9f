import asyncio
import re
from importlib.resources import files
from pathlib import Path

import pytest
from gateway_doubles import Builder, Echo, Platform, send_json
from starlette.types import Receive, Scope, Send

from common.health import CHECK_SECONDS
from common.testing.ports import free_port
from gateway.openapi import merge
from gateway.pages import DOCS, PATIENCE_SECONDS
from gateway.routes import ROUTES
from gateway.routing import Router
from gateway.table import HERE
from gateway.upstream import HEALTH_SECONDS


def description(paths: list[str], schemas: dict[str, object]) -> dict[str, object]:
    reference = {"$ref": f"#/components/schemas/{next(iter(schemas), 'None')}"}
    item = {"get": {"responses": {"200": {"content": {"application/json": {"schema": reference}}}}}}
    return {
        "openapi": "3.1.0",
        "paths": dict.fromkeys(paths, item),
        "components": {"schemas": schemas, "securitySchemes": {"bearer": {"type": "http", "scheme": "bearer"}}},
    }


STRAVA = description(
    ["/api/v1/activities", "/api/v1/gear/{gear_id}", "/health", "/internal/events"],
    {"Item": {"type": "object", "title": "Activity"}, "Problem": {"type": "object"}},
)
ANALYTICS = description(
    ["/api/v1/analytics/stats", "/api/v1/activities/{activity_id}/laps"],
    {"Item": {"type": "object", "title": "Period"}, "Problem": {"type": "object"}},
)


class Describing(Echo):
    def __init__(self, name: str, document: object, health: int = 200) -> None:
        super().__init__(name)
        self.document = document
        self.health = health
        self.asked = 0

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        if scope["path"] == "/openapi.json":
            self.asked += 1
            await send_json(send, self.document)
        elif scope["path"] == "/health":
            await send_json(send, {}, self.health)
        else:
            await super().__call__(scope, receive, send)


def test_merging_keeps_what_is_routed_and_keeps_namesakes_apart() -> None:
    merged = merge({"strava": STRAVA, "analytics": ANALYTICS}, Router(ROUTES), "1.2", missing={"auth"})
    assert merged["openapi"] == "3.1.0"
    assert set(merged["paths"]) == {"/api/v1/activities", "/api/v1/gear/{gear_id}", "/api/v1/analytics/stats"}
    schemas = merged["components"]["schemas"]
    assert set(schemas) == {"Item", "StravaItem", "Problem"}
    assert (schemas["Item"]["title"], schemas["StravaItem"]["title"]) == ("Period", "Activity")

    def schema_of(path: str) -> object:
        return merged["paths"][path]["get"]["responses"]["200"]["content"]["application/json"]["schema"]

    assert schema_of("/api/v1/activities") == {"$ref": "#/components/schemas/StravaItem"}
    assert schema_of("/api/v1/analytics/stats") == {"$ref": "#/components/schemas/Item"}
    assert merged["info"]["x-missing"] == ["auth"]


async def test_the_merged_description_is_served_and_kept(builder: Builder) -> None:
    strava = Describing("strava", STRAVA)
    platform = await builder.gateway(strava=strava, analytics=Describing("analytics", ANALYTICS), rest=Echo())
    for _ in range(3):
        document = (await platform.client.get("/api/openapi.json")).json()
    assert "/api/v1/activities" in document["paths"]
    assert "/api/v1/analytics/stats" in document["paths"]
    # The other doubles describe nothing that is routed, but they answer.
    assert "x-missing" not in document["info"]
    assert strava.asked == 1


async def test_a_description_is_partial_while_a_service_is_down(builder: Builder) -> None:
    platform = await builder.gateway(
        strava=Describing("strava", STRAVA), analytics_url=f"http://127.0.0.1:{free_port()}", rest=Echo()
    )
    document = (await platform.client.get("/api/openapi.json")).json()
    assert "/api/v1/activities" in document["paths"]
    assert document["info"]["x-missing"] == ["analytics"]


async def test_the_documentation_needs_nothing_from_elsewhere(platform: Platform) -> None:
    page = await platform.client.get(DOCS)
    assert page.status_code == 200
    assert "/api/openapi.json" in page.text
    addresses = [part.split('"')[0] for part in page.text.split('src="')[1:] + page.text.split('href="')[1:]]
    assert len(addresses) >= 3
    for address in addresses:
        assert address.startswith("/api/docs/assets/")
        assert (await platform.client.get(address)).status_code == 200


async def test_health_is_ok_when_all_services_are(builder: Builder, strava: Echo) -> None:
    platform = await builder.gateway(strava=strava, rest=Echo())
    answer = await platform.client.get("/health")
    report = answer.json()
    assert (answer.status_code, report["status"]) == (200, "ok")
    assert set(report["checks"]) == {route.service for route in ROUTES} - {HERE}
    assert report["checks"]["strava"]["status"] == "ok"
    assert report["checks"]["strava"]["latency"] > 0
    assert report["version"]
    assert (await platform.client.get("/health/live")).json() == {"status": "ok"}


@pytest.mark.parametrize("word", ["degraded", "ok"])
async def test_health_repeats_the_word_of_a_service(builder: Builder, word: str) -> None:
    async def saying(_scope: Scope, _receive: Receive, send: Send) -> None:
        await asyncio.sleep(0.5)  # as long as a service needs to find out that something hangs
        await send_json(send, {"status": word, "checks": {}})

    platform = await builder.gateway(strava=saying, rest=Echo())
    report = (await platform.client.get("/health")).json()
    assert (report["status"], report["checks"]["strava"]["status"]) == (word, word)


async def test_health_is_degraded_and_still_200_when_a_service_is_down_or_says_so(builder: Builder) -> None:
    platform = await builder.gateway(
        strava=Describing("strava", {}, health=503), analytics_url=f"http://127.0.0.1:{free_port()}", rest=Echo()
    )
    answer = await platform.client.get("/health")
    report = answer.json()
    assert (answer.status_code, report["status"]) == (200, "degraded")
    down = {name for name, check in report["checks"].items() if check["status"] == "down"}
    assert down == {"strava", "analytics"}


async def test_metrics_show_routes_by_template_and_services(platform: Platform) -> None:
    await platform.get("/api/v1/activities/0198c0de/streams")
    text = (await platform.client.get("/metrics")).text
    assert 'method="GET",route="/api/v1/activities/**",status="200"' in text
    assert 'http_client_request_duration_seconds_count{method="GET",name="strava",status="200"}' in text
    assert 'http_client_breaker_state{name="strava"} 0.0' in text
    assert "0198c0de" not in text


@pytest.mark.parametrize("headers", [{"X-Forwarded-For": "203.0.113.9"}, {"Forwarded": "for=203.0.113.9"}])
async def test_metrics_are_not_shown_through_a_proxy(platform: Platform, headers: dict[str, str]) -> None:
    answer = await platform.client.get("/metrics", headers=headers)
    assert (answer.status_code, answer.json()["code"]) == (404, "request.not_found")


async def test_metrics_are_shown_to_the_networks_of_the_setting(builder: Builder, strava: Echo) -> None:
    platform = await builder.gateway(strava=strava, metrics_networks=["10.0.0.0/8"])
    assert (await platform.client.get("/metrics")).status_code == 404


async def test_a_wrong_method_on_an_own_page_is_a_problem(platform: Platform) -> None:
    answer = await platform.client.post("/health")
    assert (answer.status_code, answer.headers["content-type"]) == (405, "application/problem+json")


async def test_the_front_door_is_a_page_that_loads_nothing_from_elsewhere(platform: Platform) -> None:
    page = await platform.client.get("/")
    assert (page.status_code, page.headers["content-type"]) == (200, "text/html; charset=utf-8")
    policy = page.headers["content-security-policy"]
    assert "default-src 'none'" in policy
    assert "unsafe" not in policy
    loaded = re.findall(r'<(?:script|link|img)\b[^>]*(?:src|href)="([^"]+)"', page.text)
    assert len(loaded) >= 3
    for address in loaded:
        assert address.startswith("/assets/")
        asset = await platform.client.get(address)
        assert (asset.status_code, asset.headers["x-content-type-options"]) == (200, "nosniff")
        again = await platform.client.get(address, headers={"If-None-Match": asset.headers["etag"]})
        assert again.status_code == 304
    missing = await platform.client.get("/assets/nothing.js")
    assert (missing.status_code, missing.json()["code"]) == (404, "request.not_found")
    assert (await platform.client.get("/assets/../app.py")).status_code == 404


def test_the_pages_recommend_a_password_longer_than_the_shortest() -> None:
    folder = Path(str(files("gateway"))) / "web"
    for page in ("index.html", "dom.js"):
        told = [line for line in (folder / page).read_text().splitlines() if "12 characters or more" in line]
        assert told
        assert all("15" in line and "recommended" in line for line in told), page


def test_a_service_is_waited_for_while_it_waits_for_what_it_needs() -> None:
    assert CHECK_SECONDS < HEALTH_SECONDS < PATIENCE_SECONDS
