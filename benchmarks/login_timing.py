"""Compare how long a refused sign-in takes for accounts that exist and for those that do not.

``.venv/bin/python benchmarks/login_timing.py [--tries 500]``: one auth process in this one, on a Postgres and a Valkey
of its own, with the password hashing of production. Known and unknown accounts take turns, each with a new address.
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
from collections.abc import Iterator
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

LOGIN = "/api/v1/auth/login"
WARM_UP = 10


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


async def seconds(auth: httpx2.AsyncClient, email: str, address: str) -> float:
    body = {"email": email, "password": "not the right password"}
    began = time.perf_counter()
    answer = await auth.post(LOGIN, json=body, headers={"X-Forwarded-For": address})
    taken = time.perf_counter() - began
    if answer.status_code != httpx2.codes.UNAUTHORIZED:
        sys.exit(f"{answer.status_code}: {answer.text}")
    return taken


async def measure(tries: int) -> dict[str, list[float]]:
    settings = AuthSettings.from_environment()
    await add_accounts(settings, tries + WARM_UP)
    taken: dict[str, list[float]] = {"known": [], "unknown": []}
    async with serving(create()) as auth:
        for number in range(tries + WARM_UP):
            address = f"2001:db8:{number:x}::1"
            turns = [("known", known(number)), ("unknown", unknown(number))]
            for kind, email in turns if number % 2 else reversed(turns):
                taken[kind].append(await seconds(auth, email, address))
    return {kind: each[WARM_UP:] for kind, each in taken.items()}


def report(taken: dict[str, list[float]]) -> None:
    print("| account | tries | median ms | p95 ms |\n| --- | --- | --- | --- |")
    for kind, each in taken.items():
        p95 = statistics.quantiles(each, n=20)[-1]
        print(f"| {kind} | {len(each)} | {1000 * statistics.median(each):.2f} | {1000 * p95:.2f} |")
    medians = [statistics.median(each) for each in taken.values()]
    print(f"\nThe medians differ by {1000 * abs(medians[0] - medians[1]):.2f} ms.")


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--tries", type=int, default=500)
    given = parser.parse_args()
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
        }
        report(asyncio.run(measure(given.tries)))


if __name__ == "__main__":
    main()
