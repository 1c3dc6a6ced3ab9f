import json
import os
import subprocess
import sys
from typing import Any

import httpx2
import pyotp
import pytest

from auth.admin import ensure_account
from auth.settings import AuthSettings
from common.testing.plugin import Environment

PASSWORD = "a long enough password"


def bearer(tokens: dict[str, Any]) -> dict[str, str]:
    return {"Authorization": f"Bearer {tokens['access_token']}"}


def command(environment: Environment, *options: str) -> subprocess.CompletedProcess[str]:
    return subprocess.run(
        [sys.executable, "-m", "auth.admin", *options],
        env={"PATH": os.environ["PATH"], **environment},
        capture_output=True,
        text=True,
        check=False,
    )


async def test_the_admin_is_made_once_with_a_generated_password(
    auth: httpx2.AsyncClient, auth_environment: Environment
) -> None:
    assert auth_environment
    settings = AuthSettings.from_environment()
    made = await ensure_account(settings, "root@example.org", "admin")
    again = await ensure_account(settings, "root@example.org", "admin")
    assert (made["created"], again["created"], again["password"]) == (True, False, None)
    login = {"email": "root@example.org", "password": made["password"]}
    signed_in = (await auth.post("/api/v1/auth/login", json=login)).json()
    me = (await auth.get("/api/v1/auth/me", headers=bearer(signed_in))).json()
    assert me["roles"] == ["athlete", "admin"]


@pytest.mark.parametrize(("role", "roles"), [("coach", ["athlete", "coach"]), ("athlete", ["athlete"])])
async def test_an_account_can_be_made_with_another_role(
    auth: httpx2.AsyncClient, auth_environment: Environment, role: str, roles: list[str]
) -> None:
    assert auth_environment
    email = f"{role}@example.org"
    made = await ensure_account(AuthSettings.from_environment(), email, role, name="Somebody")
    signed_in = (await auth.post("/api/v1/auth/login", json={"email": email, "password": made["password"]})).json()
    me = (await auth.get("/api/v1/auth/me", headers=bearer(signed_in))).json()
    assert (me["roles"], me["display_name"]) == (roles, "Somebody")


async def test_an_account_that_is_there_gains_the_role_and_keeps_the_others(
    auth: httpx2.AsyncClient, auth_environment: Environment
) -> None:
    assert auth_environment
    settings = AuthSettings.from_environment()
    await ensure_account(settings, "both@example.org", "admin")
    again = await ensure_account(settings, "both@example.org", "coach", reset=True)
    login = {"email": "both@example.org", "password": again["password"]}
    signed_in = (await auth.post("/api/v1/auth/login", json=login)).json()
    me = (await auth.get("/api/v1/auth/me", headers=bearer(signed_in))).json()
    assert (again["created"], me["roles"]) == (False, ["athlete", "admin", "coach"])


async def test_the_operator_lets_somebody_in_who_lost_everything(
    auth: httpx2.AsyncClient, ana: dict[str, Any], tokens: dict[str, Any], auth_environment: Environment
) -> None:
    begun = await auth.post("/api/v1/auth/totp", json={"password": PASSWORD}, headers=bearer(tokens))
    code = pyotp.TOTP(begun.json()["secret"]).now()
    await auth.post("/api/v1/auth/totp/confirm", json={"code": code}, headers=bearer(tokens))
    for _ in range(5):
        await auth.post("/api/v1/auth/login", json={"email": ana["email"], "password": "wrong"})
    settings = AuthSettings.from_environment()
    made = await ensure_account(settings, ana["email"], reset=True, totp_off=True)
    login = {"email": ana["email"], "password": made["password"]}
    assert (await auth.post("/api/v1/auth/login", json=login)).status_code == 200
    refreshed = await auth.post("/api/v1/auth/refresh", json={"refresh_token": tokens["refresh_token"]})
    assert refreshed.status_code == 401


@pytest.mark.parametrize("options", [{"reset": True}, {"totp_off": True}])
async def test_helping_somebody_in_gives_no_role(
    auth: httpx2.AsyncClient, ana: dict[str, Any], auth_environment: Environment, options: dict[str, Any]
) -> None:
    assert auth_environment
    made = await ensure_account(AuthSettings.from_environment(), ana["email"], **options)
    login = {"email": ana["email"], "password": made["password"] or PASSWORD}
    signed_in = (await auth.post("/api/v1/auth/login", json=login)).json()
    me = (await auth.get("/api/v1/auth/me", headers=bearer(signed_in))).json()
    assert (made["created"], me["roles"]) == (False, ["athlete"])


@pytest.mark.usefixtures("auth")
@pytest.mark.parametrize("option", ["--reset", "--totp-off"])
def test_a_mistyped_address_is_told_and_no_account_made(auth_environment: Environment, option: str) -> None:
    for _ in range(2):
        done = command(auth_environment, "--email", "anna@example.org", option)
        said = "No account has the address anna@example.org; nothing was changed.\n"
        assert (done.returncode, done.stdout, done.stderr) == (1, "", said)


@pytest.mark.usefixtures("auth")
def test_the_command_makes_an_account_when_a_role_is_named(auth_environment: Environment) -> None:
    done = command(auth_environment, "--email", "carl@example.org", "--role", "coach")
    assert done.returncode == 0, done.stderr
    told = json.loads(done.stdout)
    assert (told["email"], told["created"], len(told["password"]) > 20) == ("carl@example.org", True, True)


def test_a_command_that_says_nothing_to_do_is_refused() -> None:
    done = command({}, "--email", "ana@example.org")
    assert done.returncode == 2
    assert done.stderr.endswith("say what to do: --role, --reset or --totp-off\n")


def test_missing_settings_are_named_with_the_way_on_a_machine_of_its_own() -> None:
    done = command({}, "--email", "ana@example.org", "--reset")
    assert done.returncode == 1
    assert done.stderr.startswith("Settings are missing: SERVICE_CLIENT_SECRET, DATABASE_URL, ")
    assert "`make account EMAIL=...`" in done.stderr
    assert done.stderr.count("\n") == 1


def test_a_mail_server_without_a_sender_is_told_in_one_sentence(auth_environment: Environment) -> None:
    done = command(auth_environment | {"SMTP_HOST": "mail.example.org"}, "--email", "ana@example.org", "--reset")
    assert (done.returncode, done.stderr) == (1, "MAIL_FROM must be an address when SMTP_HOST is set.\n")
