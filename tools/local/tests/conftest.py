"""Projects and servers of these tests' own, removed afterwards whatever happens."""

import sys
from collections.abc import Iterator
from pathlib import Path

import pytest

from local.embedded import Postgres, Valkey

sys.path.insert(0, str(Path(__file__).parent / "support" / "src"))

from sample_project import Project, add_auth, add_strava, free_port_base, make_project

SHORT_NOTICE = {"NOTICE_SECONDS": "0.1"}
"""For projects in which nobody asks while processes are restarted."""


@pytest.fixture
def project(tmp_path: Path) -> Iterator[Project]:
    """A project in which nothing was started yet."""
    made = make_project(tmp_path / "project", tmp_path / "project" / "var")
    yield made
    done = made.command("clean", FORCE="1")
    assert done.returncode == 0, done.stderr


@pytest.fixture(scope="session")
def shared(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Project]:
    """A project that many tests use one after the other; `running` and `stopped` bring it into a known state."""
    folder = tmp_path_factory.mktemp("shared")
    made = make_project(folder / "project", folder / "project" / "var")
    made.environment |= SHORT_NOTICE
    yield made
    done = made.command("clean", FORCE="1")
    assert done.returncode == 0, done.stderr


@pytest.fixture
def running(shared: Project) -> Project:
    """The shared project, up: whatever a former test left of it is mended."""
    done = shared.command("up")
    assert done.returncode == 0, done.stderr
    return shared


@pytest.fixture
def stopped(shared: Project) -> Project:
    """The shared project, of which nothing runs."""
    done = shared.command("down")
    assert done.returncode == 0, done.stderr
    return shared


@pytest.fixture(scope="session")
def first_start(tmp_path_factory: pytest.TempPathFactory) -> Iterator[tuple[Project, str]]:
    """Another shared project, with accounts and Strava, and what its first start printed."""
    folder = tmp_path_factory.mktemp("peopled")
    made = make_project(folder / "project", folder / "project" / "var")
    made.environment |= SHORT_NOTICE | {"ADMIN_EMAIL": "operator@home.example"}
    add_auth(made)
    add_strava(made)
    done = made.command("up")
    assert done.returncode == 0, done.stderr
    yield made, done.stdout
    done = made.command("clean", FORCE="1")
    assert done.returncode == 0, done.stderr


@pytest.fixture
def peopled(first_start: tuple[Project, str]) -> Project:
    """The shared project with accounts and Strava; it may be up or down."""
    return first_start[0]


@pytest.fixture(scope="session")
def shared_postgres(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Postgres]:
    server = Postgres(tmp_path_factory.mktemp("postgres"), free_port_base(), "a password with ' and @")
    yield server
    server.remove()


@pytest.fixture
def postgres(shared_postgres: Postgres) -> Postgres:
    """A server that many tests use one after the other; it may run."""
    return shared_postgres


@pytest.fixture
def new_postgres(tmp_path: Path) -> Iterator[Postgres]:
    """A server of which there is nothing yet."""
    server = Postgres(tmp_path, free_port_base(), "a password with ' and @")
    yield server
    server.remove()


@pytest.fixture
def valkey(tmp_path: Path) -> Iterator[Valkey]:
    server = Valkey(tmp_path, free_port_base(), 'a password with " and \\')
    yield server
    server.remove()
