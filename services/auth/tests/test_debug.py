"""What an unforeseen error tells to whom."""

import json
from typing import Any

import httpx2
import pytest

from auth.main import create
from auth.settings import ARGON2_FLOOR
from common.testing.plugin import Environment, serving

LOGIN = {"email": "ana@example.org", "password": "a long enough password"}


class Broken:
    """Signing in, out of order."""

    async def login(self, *_: object) -> bool:
        raise RuntimeError("SELECT of the inside")


async def crash() -> httpx2.Response:
    app = create()
    async with serving(app) as auth:
        app.state.sign_in = Broken()
        answer = await auth.post("/api/v1/auth/login", json=LOGIN, headers={"X-Request-ID": "the-crash"})
    assert (answer.status_code, answer.json()["code"]) == (500, "internal")
    assert answer.json()["next_steps"]
    return answer


@pytest.mark.parametrize("environment", ["production", "test"])
async def test_nobody_sees_the_inside_and_the_log_tells_it_by_the_request(
    auth_environment: Environment,
    monkeypatch: pytest.MonkeyPatch,
    capsys: pytest.CaptureFixture[str],
    environment: str,
) -> None:
    monkeypatch.setenv("ENVIRONMENT", environment)
    for name in ARGON2_FLOOR:  # production takes no hashes as cheap as those of tests
        monkeypatch.delenv(name.upper(), raising=False)
    # Nothing else can switch it on.
    for name in ("DEBUG", "DEBUG_ERRORS", "SHOW_DEBUG"):
        monkeypatch.setenv(name, "true")
    answer = await crash()
    assert "debug" not in answer.json()
    assert not [each for each in ("RuntimeError", "SELECT", "Traceback", ".py") if each in answer.text]
    rows: list[dict[str, Any]] = [json.loads(line) for line in capsys.readouterr().out.splitlines() if line[:1] == "{"]
    [told] = [row for row in rows if row["event"] == "request_failed"]
    assert told["req_id"] == answer.json()["request_id"] == "the-crash"
    assert "RuntimeError: SELECT of the inside" in told["exception"]


async def test_in_development_the_answer_tells_exception_and_traceback(
    auth_environment: Environment, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("ENVIRONMENT", "development")
    debug = (await crash()).json()["debug"]
    assert debug["exception"] == "RuntimeError"
    assert "SELECT of the inside" in "".join(debug["traceback"])
    assert "test_debug.py" in "".join(debug["traceback"])
