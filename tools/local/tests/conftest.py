"""Projects and servers of these tests' own, removed afterwards whatever happens."""

import sys
from collections.abc import Iterator
from pathlib import Path

import pytest

from local.embedded import Postgres, Valkey

sys.path.insert(0, str(Path(__file__).parent / "support" / "src"))

from sample_project import Project, free_port_base, make_project


@pytest.fixture
def project(tmp_path: Path) -> Iterator[Project]:
    """A project in which nothing was started yet."""
    made = make_project(tmp_path / "project", tmp_path / "project" / "var")
    yield made
    done = made.command("clean", FORCE="1")
    assert done.returncode == 0, done.stderr


@pytest.fixture
def running(project: Project) -> Project:
    """A project that is up."""
    done = project.command("up")
    assert done.returncode == 0, done.stderr
    return project


@pytest.fixture
def postgres(tmp_path: Path) -> Iterator[Postgres]:
    server = Postgres(tmp_path, free_port_base(), "a password with ' and @")
    yield server
    server.remove()


@pytest.fixture
def valkey(tmp_path: Path) -> Iterator[Valkey]:
    server = Valkey(tmp_path, free_port_base(), 'a password with " and \\')
    yield server
    server.remove()
