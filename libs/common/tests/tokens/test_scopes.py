from collections.abc import AsyncIterator

import httpx2
import pytest
from fastapi import APIRouter, FastAPI

from common import errorhandlers
from common.testing.tokens import TokenMint
from common.tokens import PERSONAL_PREFIX, CurrentSession, CurrentUser, TokenRefused

PERSONAL = f"{PERSONAL_PREFIX}for-tests"

router = APIRouter()


@router.get("/api/v1/plans")
async def read(user: CurrentUser) -> str:
    return user.subject


@router.post("/api/v1/plans")
async def write(user: CurrentUser) -> str:
    return user.subject


@router.get("/api/v1/admin/plans")
async def administer(user: CurrentUser) -> str:
    return user.subject


@router.get("/api/v1/sessions")
async def needs_a_session(user: CurrentSession) -> str:
    return user.subject


class Exchange:
    """Knows one personal token."""

    def __init__(self, access_token: str) -> None:
        self.given = access_token

    async def access_token(self, personal: str, address: str = "") -> str:
        if personal != PERSONAL or not address:
            raise TokenRefused
        return self.given


@pytest.fixture
async def client(mint: TokenMint) -> AsyncIterator[httpx2.AsyncClient]:
    app = FastAPI()
    app.state.verifier = mint.verifier()
    app.state.scope_area = "training"
    app.state.debug_errors = False
    app.state.personal_tokens = Exchange(mint.token("018f0000-0000-7000-8000-000000000001", scope="training:read"))
    errorhandlers.install(app)
    app.include_router(router)
    transport = httpx2.ASGITransport(app=app)
    async with httpx2.AsyncClient(transport=transport, base_url="http://toy.test") as found:
        yield found


@pytest.mark.parametrize(
    ("scope", "expected"),
    [
        ("all", {"read": 200, "write": 200, "administer": 200, "session": 200}),
        ("training:read", {"read": 200, "write": 403, "administer": 403, "session": 403}),
        ("training:write", {"read": 200, "write": 200, "administer": 403, "session": 403}),
        ("training:write admin", {"read": 200, "write": 200, "administer": 200, "session": 403}),
        ("activities:read activities:write", {"read": 403, "write": 403, "administer": 403, "session": 403}),
        ("admin", {"read": 403, "write": 403, "administer": 200, "session": 403}),
        ("", {"read": 403, "write": 403, "administer": 403, "session": 403}),
        ("training", {"read": 403, "write": 403, "administer": 403, "session": 403}),
        ("internal", {"read": 403, "write": 403, "administer": 403, "session": 403}),
    ],
)
async def test_a_token_is_good_for_what_its_scopes_name(
    client: httpx2.AsyncClient, mint: TokenMint, scope: str, expected: dict[str, int]
) -> None:
    headers = mint.headers(scope=scope)
    met = {
        "read": (await client.get("/api/v1/plans", headers=headers)).status_code,
        "write": (await client.post("/api/v1/plans", headers=headers)).status_code,
        "administer": (await client.get("/api/v1/admin/plans", headers=headers)).status_code,
        "session": (await client.get("/api/v1/sessions", headers=headers)).status_code,
    }
    assert met == expected


async def test_what_is_missing_is_named(client: httpx2.AsyncClient, mint: TokenMint) -> None:
    answer = await client.post("/api/v1/plans", headers=mint.headers(scope="training:read"))
    assert answer.json()["code"] == "auth.scope_required"
    assert "training:write" in answer.json()["detail"]
    answer = await client.get("/api/v1/sessions", headers=mint.headers(scope="training:read"))
    assert answer.json()["code"] == "auth.session_required"


async def test_a_personal_token_is_good_for_what_its_access_token_is(client: httpx2.AsyncClient) -> None:
    headers = {"Authorization": f"Bearer {PERSONAL}"}
    answer = await client.get("/api/v1/plans", headers=headers)
    assert answer.json() == "018f0000-0000-7000-8000-000000000001"
    assert (await client.post("/api/v1/plans", headers=headers)).status_code == 403
    unknown = await client.get("/api/v1/plans", headers={"Authorization": f"Bearer {PERSONAL_PREFIX}unknown"})
    assert unknown.status_code == 401
