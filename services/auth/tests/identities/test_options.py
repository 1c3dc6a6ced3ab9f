"""What a page can offer to who is not signed in."""

from collections.abc import Callable
from typing import Any

import httpx2
import pytest
from travelling import Traveller

from auth.main import create
from common.testing.plugin import serving

Bearer = Callable[[dict[str, Any]], dict[str, str]]
OPTIONS = "/api/v1/auth/options"
OAUTH = "/api/v1/auth/oauth"


async def test_only_what_is_switched_on_is_offered(auth: httpx2.AsyncClient) -> None:
    answer = await auth.get(OPTIONS)
    assert (answer.status_code, answer.json()) == (200, {"providers": ["google"], "mail": False})
    again = await auth.get(OPTIONS, headers={"If-None-Match": answer.headers["ETag"]})
    assert again.status_code == 304


@pytest.mark.usefixtures("auth_environment")
async def test_mail_is_offered_where_it_goes_out(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("SMTP_HOST", "mail.example.org")
    monkeypatch.setenv("MAIL_FROM", "no-reply@example.org")
    async with serving(create()) as client:
        assert (await client.get(OPTIONS)).json() == {"providers": [], "mail": True}


async def test_the_list_of_providers_tells_of_a_password(
    auth: httpx2.AsyncClient, tokens: dict[str, Any], bearer: Bearer
) -> None:
    assert (await auth.get(OAUTH, headers=bearer(tokens))).json()["password"] is True


async def test_who_came_from_a_provider_has_no_password(
    auth: httpx2.AsyncClient, browser: Traveller, bearer: Bearer
) -> None:
    newcomer = (await browser.go()).json()
    assert (await auth.get(OAUTH, headers=bearer(newcomer))).json()["password"] is False
