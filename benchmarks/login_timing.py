"""Compare how long signing in and registering take for accounts that exist and for those that do not.

``.venv/bin/python -m benchmarks.login_timing [--tries 500]``: one auth process in this one, on a Postgres and a Valkey
of its own, with the password hashing of production. Known and unknown accounts take turns, each with a new address.
Sign-ins are refused, registrations answered as where mail goes out; the mails stay jobs that nobody does.
"""

import argparse
import asyncio
import base64
import os
import shutil
import statistics
import sys
import tempfile
import time
from collections.abc import Awaitable, Callable, Iterator
from contextlib import contextmanager
from pathlib import Path

import httpx2
from sqlalchemy import insert, text

from auth.main import create
from auth.models import User
from auth.passwords import Passwords
from auth.settings import AuthSettings
from common.crypto import KeyRing
from common.db import Database
from common.testing.databases import make_database, make_schema
from common.testing.plugin import serving
from common.testing.ports import free_port
from local.embedded import Postgres, Valkey

API = "/api/v1/auth"
WARM_UP = 10
WRONG = "not the right password"
Act = Callable[[httpx2.AsyncClient, str, str], Awaitable[float]]
Taken = dict[str, list[float]]
"""Seconds of each try, by whether the account exists."""


@contextmanager
def servers() -> Iterator[tuple[Postgres, Valkey]]:
    home = Path(tempfile.mkdtemp(prefix="rt-login-timing-"))
    postgres, valkey = Postgres(home, free_port(), "bench-admin", durable=False), Valkey(home, free_port(), "bench")
    try:
        postgres.start()
        valkey.start()
        yield postgres, valkey
    finally:
        for server in (valkey, postgres):
            server.stop()
            server.remove()
        shutil.rmtree(home, ignore_errors=True)


def known(number: int) -> str:
    return f"somebody{number}@example.org"


def unknown(number: int) -> str:
    return f"nobodyhere{number}@example.org"


async def add_accounts(settings: AuthSettings, count: int) -> None:
    database = Database(settings.database_url.get_secret_value(), service="auth", pool_size=1)
    password_hash = Passwords(settings).hash_now("the right password of all")
    rows = [
        {"email": known(n), "display_name": "Somebody", "password_hash": password_hash, "roles": ["athlete"]}
        for n in range(count)
    ]
    async with database.transaction() as session:
        await session.execute(insert(User), rows)
        await session.execute(text("UPDATE users SET email_verified_at = now()"))
    await database.aclose()


async def seconds(auth: httpx2.AsyncClient, path: str, expected: int, address: str, **body: str) -> float:
    began = time.perf_counter()
    answer = await auth.post(f"{API}/{path}", json=body, headers={"X-Forwarded-For": address})
    taken = time.perf_counter() - began
    if answer.status_code != expected:
        sys.exit(f"{answer.status_code}: {answer.text}")
    return taken


async def sign_in(auth: httpx2.AsyncClient, email: str, address: str) -> float:
    return await seconds(auth, "login", httpx2.codes.UNAUTHORIZED, address, email=email, password=WRONG)


async def register(auth: httpx2.AsyncClient, email: str, address: str) -> float:
    body = {"email": email, "password": WRONG, "display_name": "Somebody"}
    return await seconds(auth, "register", httpx2.codes.CREATED, address, **body)


async def compared(auth: httpx2.AsyncClient, act: Act, tries: int) -> Taken:
    taken: Taken = {"known": [], "unknown": []}
    for number in range(tries + WARM_UP):
        address = f"2001:db8:{number:x}::1"
        turns = [("known", known(number)), ("unknown", unknown(number))]
        for kind, email in turns if number % 2 else reversed(turns):
            taken[kind].append(await act(auth, email, address))
    return {kind: each[WARM_UP:] for kind, each in taken.items()}


async def measure_all(tries: int) -> dict[str, Taken]:
    await add_accounts(AuthSettings.from_environment(), tries + WARM_UP)
    async with serving(create()) as auth:
        # In this order: who was unknown is registered then.
        return {name: await compared(auth, act, tries) for name, act in (("sign in", sign_in), ("register", register))}


def report(seen: dict[str, Taken]) -> None:
    print("| | account | tries | median ms | p95 ms |\n| --- | --- | --- | --- | --- |")
    for name, taken in seen.items():
        for kind, each in taken.items():
            p95 = statistics.quantiles(each, n=20)[-1]
            print(f"| {name} | {kind} | {len(each)} | {1000 * statistics.median(each):.2f} | {1000 * p95:.2f} |")
    print()
    for name, taken in seen.items():
        known_median, unknown_median = (statistics.median(each) for each in taken.values())
        print(f"{name}: the medians differ by {1000 * abs(known_median - unknown_median):.2f} ms", flush=True)


def measure(tries: int) -> None:
    """Print what the two look like; the process has the settings of an auth service from then on."""
    with servers() as (postgres, valkey):
        os.environ |= {
            "ENVIRONMENT": "test",
            "LOG_LEVEL": "ERROR",
            "DATABASE_URL": make_schema(make_database(postgres.url, "login_timing"), "auth"),
            "REDIS_URL": valkey.url,
            "SERVICE_CLIENT_SECRET": "a secret of the benchmark",
            "SERVICE_CLIENT_SECRETS": "{}",
            "ENCRYPTION_KEYS": KeyRing.new_setting(),
            "SIGNING_SECRETS": base64.b64encode(os.urandom(32)).decode(),
            "SMTP_HOST": "127.0.0.1",
            "MAIL_FROM": "no-reply@example.org",
        }
        report(asyncio.run(measure_all(tries)))


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--tries", type=int, default=500)
    measure(parser.parse_args().tries)


if __name__ == "__main__":
    main()
