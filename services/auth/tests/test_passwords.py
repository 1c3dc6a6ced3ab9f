import asyncio
import os
import subprocess
import sys
import threading
from typing import Any

import httpx2
import pytest
from pydantic import ValidationError
from rows import scalar

from auth.main import create
from auth.passwords import Passwords
from auth.settings import AuthSettings
from common.testing.plugin import Environment, serving
from common.testing.wait import eventually

LOGIN = {"email": "ana@example.org", "password": "a long enough password"}

FRESH = """
import asyncio
from auth.passwords import Passwords

class Settings:
    argon2_memory_kib, argon2_time_cost, argon2_parallelism, password_hashing_at_once = 64, 1, 1, 2

print(asyncio.run(Passwords(Settings()).verify("whatever", None)))
"""


def test_the_first_sign_in_of_a_process_may_be_of_an_unknown_account() -> None:
    """The hashing backend is loaded by its first use, and only a new process has not used it yet."""
    done = subprocess.run([sys.executable, "-c", FRESH], capture_output=True, text=True, check=False)
    assert (done.returncode, done.stdout.strip()) == (0, "False"), done.stderr


@pytest.fixture
def defaults(auth_environment: Environment, monkeypatch: pytest.MonkeyPatch) -> AuthSettings:
    """Settings of an operator who says nothing about passwords."""
    for name in [name for name in os.environ if name.startswith(("ARGON2_", "PASSWORD_HASHING_"))]:
        monkeypatch.delenv(name)
    return AuthSettings.from_environment()


def test_hashes_cost_what_is_promised_unless_set_otherwise(defaults: AuthSettings) -> None:
    hashed = Passwords(defaults).hash_now("a password")
    assert hashed.startswith("$argon2id$v=19$m=19456,t=2,p=1$")


@pytest.mark.parametrize(
    ("name", "weak", "least"),
    [("ARGON2_MEMORY_KIB", "19455", "19456"), ("ARGON2_TIME_COST", "1", "2"), ("ARGON2_PARALLELISM", "0", "1")],
)
@pytest.mark.usefixtures("defaults")
def test_production_does_not_start_with_cheaper_hashes(
    monkeypatch: pytest.MonkeyPatch, name: str, weak: str, least: str
) -> None:
    monkeypatch.setenv(name, weak)
    monkeypatch.setenv("ENVIRONMENT", "production")
    with pytest.raises(ValidationError, match=f"{name} must be at least {least}"):
        create()


@pytest.mark.usefixtures("defaults")
def test_production_starts_with_hashes_that_cost_as_much_or_more(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("ENVIRONMENT", "production")
    assert AuthSettings.from_environment().environment == "production"
    monkeypatch.setenv("ARGON2_MEMORY_KIB", "65536")
    assert AuthSettings.from_environment().argon2_memory_kib == 65536


async def test_a_hash_made_with_other_parameters_is_renewed_by_signing_in(
    auth: httpx2.AsyncClient, ana: dict[str, Any], auth_environment: Environment, monkeypatch: pytest.MonkeyPatch
) -> None:
    kept = "SELECT password_hash FROM users"
    before = await scalar(auth_environment, kept)
    assert "$m=64,t=1,p=1$" in before
    monkeypatch.setenv("ARGON2_TIME_COST", "3")
    async with serving(create()) as later:
        wrong = await later.post("/api/v1/auth/login", json={**LOGIN, "password": "not the right password"})
        assert (wrong.status_code, await scalar(auth_environment, kept)) == (401, before)
        assert (await later.post("/api/v1/auth/login", json=LOGIN)).status_code == 200
        renewed = await scalar(auth_environment, kept)
        assert "$m=64,t=3,p=1$" in renewed
        assert (await later.post("/api/v1/auth/login", json=LOGIN)).status_code == 200
        assert await scalar(auth_environment, kept) == renewed


class HeldScheme:
    """Hashes nothing until it is let; knows which threads are in it, and how many were at once."""

    def __init__(self) -> None:
        self.let = threading.Event()
        self.inside: list[int] = []
        self.most = 0
        self._lock = threading.Lock()

    def hash(self, password: str) -> str:
        self._stay()
        return password

    def verify(self, password: str, known_hash: str) -> bool:
        self._stay()
        return password == known_hash

    def _stay(self) -> None:
        with self._lock:
            self.inside.append(threading.get_ident())
            self.most = max(self.most, len(self.inside))
        assert self.let.wait(10)
        with self._lock:
            self.inside.remove(threading.get_ident())


async def test_hashing_is_off_the_event_loop_and_of_a_bounded_number_at_once(defaults: AuthSettings) -> None:
    passwords, scheme = Passwords(defaults), HeldScheme()
    passwords._scheme = scheme
    verifying = [asyncio.create_task(passwords.verify("a", "a")) for _ in range(4)]
    hashing = [asyncio.create_task(passwords.hash("b")) for _ in range(4)]

    async def full() -> bool:
        return len(scheme.inside) == defaults.password_hashing_at_once

    # The loop goes on while all slots are taken: else this would not end.
    await eventually(full, within=10)
    assert threading.get_ident() not in scheme.inside
    scheme.let.set()
    assert await asyncio.gather(*verifying, *hashing) == [*[True] * 4, *["b"] * 4]
    assert scheme.most == defaults.password_hashing_at_once == 2
