"""A round through all that auth is told in confidence, and what its processes print of it."""

import io
import logging
import re
import sys
from typing import Any

import httpx2
import pyotp
import pytest
from post_office import PostOffice

from common.testing.atwork import ServiceAtWork

API = "/api/v1/auth"
EMAIL = "ana@example.org"
FIRST, WRONG, SHORT, NEW = "the first long password", "a wrongly typed one", "tooshort", "the newest long password"


class Round:
    """Ana, who does everything once; ``secrets`` is all that she sent and got that is nobody else's business."""

    def __init__(self, service: ServiceAtWork, office: PostOffice) -> None:
        self._service = service
        self._office = office
        self._headers: dict[str, str] = {}
        self.secrets = {FIRST, WRONG, SHORT, NEW, EMAIL, "Ana Bell"}

    async def post(self, path: str, expected: int, **body: Any) -> httpx2.Response:
        answer = await self._service.client.post(f"{API}/{path}", json=body, headers=self._headers)
        assert answer.status_code == expected, (path, answer.text)
        return answer

    async def go(self) -> None:
        await self._register()
        await self._sign_in(FIRST)
        await self._prove_more()
        await self._lose_the_password()
        await self._service.client.post(f"{API}/login", content=b'{"password": "' + NEW.encode())

    async def _register(self) -> None:
        await self.post("register", 422, email=EMAIL, password=SHORT, display_name="Ana Bell")
        await self.post("register", 201, email=EMAIL, password=FIRST, display_name="Ana Bell")
        await self._service.settle()
        await self.post("verify-email", 204, token=self._mailed())
        await self._service.execute("DELETE FROM throttles")

    async def _sign_in(self, password: str, **more: str) -> None:
        await self.post("login", 401, email=EMAIL, password=WRONG)
        tokens = (await self.post("login", 200, email=EMAIL, password=password, **more)).json()
        renewed = (await self.post("refresh", 200, refresh_token=tokens["refresh_token"])).json()
        await self.post("refresh", 401, refresh_token=renewed["refresh_token"] + "x")
        for each in (tokens, renewed):
            self.secrets |= {each["access_token"], each["refresh_token"]}
        self._headers = {"Authorization": f"Bearer {renewed['access_token']}"}

    async def _prove_more(self) -> None:
        secret = (await self.post("totp", 200, password=FIRST)).json()["secret"]
        code = pyotp.TOTP(secret).now()
        recovery = (await self.post("totp/confirm", 200, code=code)).json()["recovery_codes"]
        personal = (await self.post("tokens", 201, name="script", scopes=["profile:read"])).json()["token"]
        self.secrets |= {secret, code, personal, *recovery}
        await self._sign_in(FIRST, totp=recovery[0])

    async def _lose_the_password(self) -> None:
        await self._service.execute("DELETE FROM throttles")
        await self.post("password/forgot", 202, email=EMAIL)
        await self._service.settle()
        await self.post("password/reset", 204, token=self._mailed(), new_password=NEW)

    def _mailed(self) -> str:
        token = self._office.token()
        self.secrets.add(token)
        return token


@pytest.fixture
def printed(monkeypatch: pytest.MonkeyPatch) -> io.StringIO:
    """What the processes print that are started from here on."""
    kept = io.StringIO()
    # The mail server of the test is in this process too, and is none of ours.
    monkeypatch.setattr(logging.getLogger("mail.log"), "propagate", False)
    monkeypatch.setattr(sys, "stdout", kept)
    return kept


async def test_the_log_holds_no_secret_and_no_address(
    printed: io.StringIO, mailing: ServiceAtWork, office: PostOffice
) -> None:
    whole = Round(mailing, office)
    await whole.go()
    log = printed.getvalue()
    for route in ("register", "login", "refresh", "totp/confirm", "tokens", "password/reset"):
        assert f'"route":"{API}/{route}"' in log, "what else would this test show?"
    assert '"service":"auth-worker"' in log
    assert len(whole.secrets) > 20
    # Codes of six digits may be part of a time or an id: they are looked for as whole words.
    words = set(re.findall(r"\w+", log))
    assert [each for each in whole.secrets if each in (words if len(each) < 8 else log)] == []
