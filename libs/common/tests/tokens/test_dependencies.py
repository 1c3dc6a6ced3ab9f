from collections.abc import AsyncIterator
from typing import Annotated

import pytest
import structlog
from fastapi import Depends, FastAPI, Request
from fastapi.responses import JSONResponse

from common.errors import ServiceError
from common.http import ServiceClient, UpstreamRejected
from common.testing.tokens import TokenMint
from common.testing.upstream import serve
from common.tokens import CurrentIdentity, CurrentUser, Identity, require_role, require_scope

USER = "0197f2a0-0000-7000-8000-000000000001"
app = FastAPI()


@app.exception_handler(ServiceError)
async def render(_: Request, error: ServiceError) -> JSONResponse:
    return JSONResponse({"code": error.code}, status_code=error.status_code, headers=error.headers)


@app.get("/any")
async def any_caller(identity: CurrentIdentity) -> dict[str, object]:
    return {"subject": identity.subject, "logged": structlog.contextvars.get_contextvars().get("user_id")}


@app.get("/user")
async def user_only(identity: CurrentUser) -> str:
    return identity.subject


@app.get("/admin")
async def admin_only(identity: Annotated[Identity, Depends(require_role("admin"))]) -> str:
    return identity.subject


@app.get("/internal", dependencies=[Depends(require_scope("internal"))])
async def internal_only() -> str:
    return "yes"


@pytest.fixture
def mint() -> TokenMint:
    return TokenMint()


@pytest.fixture
async def client(mint: TokenMint) -> AsyncIterator[ServiceClient]:
    app.state.verifier = mint.verifier()
    app.state.scope_area = "activities"
    async with serve(app) as url:
        client = ServiceClient(url, name="dependencies-test")
        yield client
        await client.aclose()


async def refusal(client: ServiceClient, path: str, headers: dict[str, str]) -> tuple[int, str]:
    with pytest.raises(UpstreamRejected) as caught:
        await client.get(path, headers=headers)
    return caught.value.status_code, caught.value.code


async def test_the_caller_is_known_to_the_endpoint_and_to_the_logs(client: ServiceClient, mint: TokenMint) -> None:
    answer = (await client.get("/any", headers=mint.headers(USER))).json()
    assert answer == {"subject": USER, "logged": USER}


@pytest.mark.parametrize("headers", [{}, {"Authorization": "Basic dTpw"}, {"Authorization": "Bearer"}])
async def test_without_a_bearer_token_it_is_missing(client: ServiceClient, headers: dict[str, str]) -> None:
    assert await refusal(client, "/any", headers) == (401, "auth.token_missing")


async def test_a_header_never_makes_an_identity(client: ServiceClient) -> None:
    headers = {"X-User-Id": USER, "X-Internal-Service": "strava"}
    assert await refusal(client, "/any", headers) == (401, "auth.token_missing")


async def test_a_role_is_needed_where_it_is_asked_for(client: ServiceClient, mint: TokenMint) -> None:
    assert await refusal(client, "/admin", mint.headers(USER)) == (403, "auth.role_required")
    assert (await client.get("/admin", headers=mint.headers(USER, roles=["admin"]))).json() == USER


async def test_internal_routes_need_a_service_token(client: ServiceClient, mint: TokenMint) -> None:
    assert await refusal(client, "/internal", mint.headers(roles=["admin"])) == (403, "auth.scope_required")
    headers = {"Authorization": f"Bearer {mint.service_token('strava')}"}
    assert (await client.get("/internal", headers=headers)).json() == "yes"


async def test_services_do_not_pass_for_people(client: ServiceClient, mint: TokenMint) -> None:
    headers = {"Authorization": f"Bearer {mint.service_token('strava')}"}
    assert await refusal(client, "/user", headers) == (403, "auth.user_required")


def test_the_docs_show_the_bearer_scheme() -> None:
    document = app.openapi()
    scheme = document["components"]["securitySchemes"]["bearer"]
    assert (scheme["type"], scheme["scheme"], scheme["bearerFormat"]) == ("http", "bearer", "JWT")
    assert document["paths"]["/admin"]["get"]["security"] == [{"bearer": []}]
