import asyncio
import base64
import hashlib
import json
import re
from contextlib import AsyncExitStack
from typing import Any

import httpx2
import pytest
from sqlalchemy import text

from common.db import Database
from common.testing.plugin import Environment
from common.testing.tokens import TokenMint
from common.testing.wait import eventually

PROBLEM_MEMBERS = {"type", "title", "status", "detail", "instance", "code", "request_id", "next_steps", "retryable"}


def assert_problem(response: httpx2.Response, status: int, code: str) -> dict[str, Any]:
    assert response.status_code == status
    assert response.headers["content-type"] == "application/problem+json"
    body: dict[str, Any] = response.json()
    assert body.keys() >= PROBLEM_MEMBERS
    assert (body["status"], body["code"]) == (status, code)
    assert body["request_id"] == response.headers["x-request-id"]
    assert body["next_steps"]
    return body


async def test_health_reports_each_dependency(toy: httpx2.AsyncClient) -> None:
    response = await toy.get("/health")
    assert response.status_code == 200
    body = response.json()
    assert body["status"] == "ok"
    assert {name: check["status"] for name, check in body["checks"].items()} == {"database": "ok", "redis": "ok"}
    assert (await toy.get("/health/live")).json() == {"status": "ok"}


async def test_metrics_count_requests_by_route_template(toy: httpx2.AsyncClient) -> None:
    await toy.post("/api/v1/jobs/record")
    text = (await toy.get("/metrics")).text
    assert 'http_server_request_duration_seconds_count{method="POST",route="/api/v1/jobs/{kind}",status="202"}' in text


async def test_docs_and_schema_are_served_and_name_the_problem_shape(toy: httpx2.AsyncClient) -> None:
    page = await toy.get("/docs")
    assert "https://" not in page.text
    assert (await toy.get("/docs/assets/swagger-ui-bundle.js")).status_code == 200
    schema = (await toy.get("/openapi.json")).json()
    operation = schema["paths"]["/api/v1/things"]["post"]
    assert operation["operationId"] == "things-create-thing"
    assert operation["responses"]["default"]["content"]["application/problem+json"]
    assert not [path for path in schema["paths"] if path.startswith("/internal")]


async def test_in_the_docs_no_script_runs_but_their_own(toy: httpx2.AsyncClient) -> None:
    page = await toy.get("/docs")
    policy = dict(part.strip().split(" ", 1) for part in page.headers["content-security-policy"].split(";"))
    (inline,) = re.findall("<script>(.*?)</script>", page.text, re.DOTALL)
    digest = base64.b64encode(hashlib.sha256(inline.encode()).digest()).decode()
    assert policy["script-src"] == f"'self' 'sha256-{digest}'"
    assert policy["default-src"] == policy["base-uri"] == policy["frame-ancestors"] == "'none'"
    assert policy["connect-src"] == policy["form-action"] == "'self'"


@pytest.mark.parametrize(
    "path", ["/health/", "/metrics/", "/docs/", "/docs/assets", "/api/v1/things/", "/internal/events/"]
)
async def test_a_slash_at_the_end_leads_nowhere(toy: httpx2.AsyncClient, path: str) -> None:
    answer = await toy.get(path, headers={"Host": "evil.example"})
    assert_problem(answer, 404, "request.not_found")
    assert "location" not in answer.headers


async def test_a_valid_request_id_is_kept_and_a_bad_one_replaced(toy: httpx2.AsyncClient) -> None:
    kept = await toy.get("/health/live", headers={"X-Request-ID": "client-made-1"})
    assert kept.headers["x-request-id"] == "client-made-1"
    replaced = await toy.get("/health/live", headers={"X-Request-ID": "no spaces allowed"})
    assert replaced.headers["x-request-id"] != "no spaces allowed"


async def test_log_lines_carry_the_trace_that_the_request_came_with_though_no_span_is_sent(
    toy: httpx2.AsyncClient, capsys: pytest.CaptureFixture[str]
) -> None:
    trace = "0af7651916cd43dd8448eb211c80319c"
    for traceparent in (f"00-{trace}-b7ad6b7169203331-01", "00-broken-01", ""):
        await toy.post("/api/v1/jobs/record", headers={"traceparent": traceparent} if traceparent else {})
    lines = [
        json.loads(line) for line in capsys.readouterr().out.splitlines() if '"route":"/api/v1/jobs/{kind}"' in line
    ]
    assert [line.get("trace_id") for line in lines] == [trace, None, None]


async def test_every_kind_of_client_error_is_a_problem_with_next_steps(toy: httpx2.AsyncClient) -> None:
    assert_problem(await toy.get("/api/v1/nowhere"), 404, "request.not_found")
    wrong_method = await toy.delete("/api/v1/things")
    assert_problem(wrong_method, 405, "request.method_not_allowed")
    assert wrong_method.headers["allow"] == "POST"
    missing = assert_problem(await toy.post("/api/v1/things", json={}), 422, "request.invalid")
    assert missing["errors"] == [{"pointer": "/body/name", "message": "Field required"}]
    broken = await toy.post("/api/v1/things", content=b"{", headers={"Content-Type": "application/json"})
    assert_problem(broken, 400, "request.json_invalid")
    nul = await toy.post("/api/v1/things", json={"name": "a\x00b"})
    assert_problem(nul, 422, "request.invalid")
    large = await toy.post("/api/v1/things", content=b" " * (2 << 20), headers={"Content-Type": "application/json"})
    assert_problem(large, 413, "request.too_large")


async def test_an_unexpected_error_says_nothing_of_the_inside_and_leaves_nothing(toy: httpx2.AsyncClient) -> None:
    body = assert_problem(await toy.post("/api/v1/crash"), 500, "internal")
    assert "ZeroDivision" not in str(body)
    assert "secret" not in str(body)
    assert "debug" not in body
    assert (await toy.get("/api/v1/things/count")).json() == 0


async def test_an_error_that_commits_keeps_what_was_written_and_another_does_not(toy: httpx2.AsyncClient) -> None:
    assert_problem(await toy.post("/api/v1/refusals?commits=false"), 409, "request.conflict")
    assert (await toy.get("/api/v1/things/count")).json() == 0
    assert_problem(await toy.post("/api/v1/refusals?commits=true"), 409, "request.conflict")
    assert (await toy.get("/api/v1/things/count")).json() == 1


async def test_a_read_survives_that_all_its_connections_died(
    toy: httpx2.AsyncClient, toy_environment: Environment
) -> None:
    async def read_at_once(times: int) -> list[int]:
        answers = await asyncio.gather(*(toy.get("/api/v1/things/count") for _ in range(times)))
        return [answer.status_code for answer in answers]

    await read_at_once(8)
    database = Database(toy_environment["DATABASE_URL"], service="killer", pool_size=1)
    async with database.transaction() as session:
        others = "pid <> pg_backend_pid() AND usename = current_user AND datname = current_database()"
        ended = await session.scalar(
            text(f"SELECT count(pg_terminate_backend(pid)) FROM pg_stat_activity WHERE {others}")
        )
    await database.aclose()
    assert ended > 1
    assert await read_at_once(8) == [200] * 8


async def test_connections_that_nobody_needs_are_closed_and_those_in_use_are_left(
    toy_environment: Environment,
) -> None:
    database = Database(toy_environment["DATABASE_URL"], service="trimmed", pool_size=5)
    open_now = "SELECT count(*) FROM pg_stat_activity WHERE application_name = 'trimmed'"

    async def use() -> int:
        async with database.reading() as session:
            return await session.scalar(text(f"{open_now} AND datname = current_database()")) or 0

    async with AsyncExitStack() as all_at_once:
        for _ in range(5):
            session = await all_at_once.enter_async_context(database.reading())
            await session.scalar(text("SELECT 1"))
    await database.trim()
    assert await use() == 5, "all were needed a moment ago"
    async with database.transaction() as session:
        await session.scalar(text("SELECT 1"))
        await database.trim()
        assert await use() == 5, "one is in use"
    await database.trim()
    assert await use() == 5, "all were needed two rounds ago"
    await database.trim()
    assert await use() == 1
    await database.aclose()


async def test_a_read_that_is_given_up_gives_its_connection_back(toy_environment: Environment) -> None:
    database = Database(toy_environment["DATABASE_URL"], service="given up", pool_size=1)

    async def read(statement: str, then: float) -> int:
        async with database.reading() as session:
            found = await session.scalar(text(statement))
            await asyncio.sleep(then)
            return int(found or 0)

    async def in_use() -> bool:
        return bool(database.engine.pool.checkedout() == 1)  # type: ignore[attr-defined] # every queue pool has it

    for statement, then in (("SELECT 1 FROM pg_sleep(30)", 0.0), ("SELECT 1", 30.0)):
        given_up = asyncio.create_task(read(statement, then))
        await eventually(in_use, within=5, what="the read")
        given_up.cancel()
        assert isinstance((await asyncio.gather(given_up, return_exceptions=True))[0], asyncio.CancelledError)
        assert await asyncio.wait_for(read("SELECT 7", 0.0), timeout=4) == 7
    await database.aclose()


async def test_internal_routes_need_a_service_token(toy: httpx2.AsyncClient, mint: TokenMint) -> None:
    assert_problem(await toy.get("/internal/events"), 401, "auth.token_missing")
    assert_problem(await toy.get("/internal/events", headers=mint.headers()), 403, "auth.scope_required")
    token = mint.service_token("analytics")
    answer = await toy.get("/internal/events", headers={"Authorization": f"Bearer {token}"})
    assert answer.json() == {"items": []}
