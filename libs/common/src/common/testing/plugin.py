"""Pytest fixtures on real servers, named by ``TEST_DATABASE_ADMIN_URL`` and ``TEST_REDIS_URL``."""

import asyncio
import functools
import os
import shutil
from collections.abc import AsyncIterator, Callable, Iterator
from contextlib import AsyncExitStack, asynccontextmanager
from pathlib import Path
from typing import Any

import httpx2
import pytest
import redis
from fastapi import FastAPI

from common.settings import DataSettings
from common.testing.databases import empty, make_database, make_schema
from common.testing.engines import Engines
from common.testing.ports import free_port
from common.testing.tokens import TokenMint

Environment = dict[str, str]
Applications = Callable[[Callable[[], FastAPI]], FastAPI]
Ports = Callable[[str], int]


@pytest.fixture(scope="session")
def admin_database_url(worker_id: str) -> str:
    """Administrator's address of a database of this test process's own."""
    return make_database(os.environ["TEST_DATABASE_ADMIN_URL"], f"test_{worker_id}_{os.getpid()}")


@pytest.fixture(scope="session")
def schemas(admin_database_url: str) -> Callable[[str], str]:
    """Give the database address of a service, provisioned and migrated at first use."""
    known: dict[str, str] = {}

    def address(service: str) -> str:
        if service not in known:
            known[service] = make_schema(admin_database_url, service)
        return known[service]

    return address


@pytest.fixture(scope="session", autouse=True)
def engines() -> Iterator[None]:
    """Databases compile each statement once per test process, not once per test."""
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr("common.db.engine.create_async_engine", Engines())
        yield


@pytest.fixture(scope="session")
def redis_database_url(worker_id: str) -> str:
    """Address of a Redis database of this test process's own."""
    number = int(worker_id.removeprefix("gw")) + 1 if worker_id.startswith("gw") else 0
    base, _, _ = os.environ["TEST_REDIS_URL"].rpartition("/")
    return f"{base}/{number}"


@pytest.fixture
def redis_url(redis_database_url: str) -> str:
    """Address of the test process's Redis database, empty."""
    with redis.Redis.from_url(redis_database_url) as client:
        client.flushdb()
    return redis_database_url


@pytest.fixture
def mint() -> TokenMint:
    """Issuer of tokens that the applications under test accept."""
    return TokenMint()


@pytest.fixture(scope="session")
def objects_root(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return tmp_path_factory.mktemp("objects")


@pytest.fixture
def objects(objects_root: Path) -> Path:
    """Folder of the object store, empty."""
    for folder in objects_root.iterdir():
        shutil.rmtree(folder)
    return objects_root


@pytest.fixture(scope="session")
def port_of() -> Ports:
    """Give a server of the tests a free port by its name: the same in all tests of a process, which run one by one."""
    return functools.cache(lambda _name: free_port())


@pytest.fixture(scope="session")
def applications() -> dict[frozenset[tuple[str, str]], FastAPI]:
    return {}


@pytest.fixture
def application(applications: dict[frozenset[tuple[str, str]], FastAPI]) -> Applications:
    """Make an application, or give the one made before in the same environment.

    Each test runs it anew, with all that it holds open; to put its many routes together would cost a test more than
    the rest of it.
    """

    def made(create: Callable[[], FastAPI]) -> FastAPI:
        settings = {name: value for name, value in os.environ.items() if not name.startswith("PYTEST_")}
        key = frozenset({**settings, "": f"{create.__module__}.{create.__qualname__}"}.items())
        if key not in applications:
            applications[key] = create()
        return applications[key]

    return made


@pytest.fixture
async def environment_of(schemas: Callable[[str], str], redis_url: str, objects: Path) -> Callable[[str], Any]:
    """Give the environment of a service's process, on an empty schema."""

    async def environment(service: str) -> Environment:
        url = await asyncio.to_thread(schemas, service)
        await empty(url)
        return {
            "ENVIRONMENT": "test",
            "DATABASE_URL": url,
            "REDIS_URL": redis_url,
            "OBJECT_STORE_URL": f"file://{objects}",
            "SERVICE_CLIENT_SECRET": "a-secret-of-the-test",
            "LOG_LEVEL": "INFO",
        }

    return environment


@asynccontextmanager
async def serving(app: FastAPI, mint: TokenMint | None = None) -> AsyncIterator[httpx2.AsyncClient]:
    """Run the application's lifespan and give a client that talks to it in process."""
    async with AsyncExitStack() as stack:
        await stack.enter_async_context(app.router.lifespan_context(app))
        if mint is not None:
            app.state.verifier = mint.verifier()
        transport = httpx2.ASGITransport(app=app, raise_app_exceptions=False)
        client = httpx2.AsyncClient(transport=transport, base_url="http://service.test")
        yield await stack.enter_async_context(client)


def settings_from(kind: type[DataSettings], environment: Environment, **overrides: Any) -> DataSettings:
    """Read settings from a test's environment instead of the process's."""
    values = {name.lower(): value for name, value in environment.items()}
    return kind(**{**values, **overrides})
