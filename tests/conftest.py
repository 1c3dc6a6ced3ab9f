import os
from collections.abc import Callable, Iterator
from pathlib import Path

import named_platform
import pytest
from running_platform import Person, RunningPlatform, Strava


@pytest.fixture(scope="session")
def platform(tmp_path_factory: pytest.TempPathFactory) -> Iterator[RunningPlatform]:
    """A whole platform, started as a person starts it and stopped at the end, or one that the environment names."""
    if named_platform.URL in os.environ:
        running: RunningPlatform = named_platform.NamedPlatform()
    else:
        running = RunningPlatform(tmp_path_factory.mktemp("platform"))
        running.environment["ENCRYPT_ORIGINALS"] = "true"
    running.up()
    yield running
    running.down()


@pytest.fixture
def new_person(platform: RunningPlatform) -> Iterator[Callable[[], Person]]:
    """Register people who are there for one test."""
    people: list[Person] = []

    def register() -> Person:
        people.append(platform.person())
        return people[-1]

    yield register
    for person in people:
        person.close()


@pytest.fixture
def runner(new_person: Callable[[], Person]) -> Person:
    return new_person()


@pytest.fixture(scope="session")
def recording(recordings_dir: Path) -> Callable[[str], tuple[str, bytes]]:
    """Read a recording: its name and content, as an upload takes them."""

    def read(name: str) -> tuple[str, bytes]:
        return name, (recordings_dir / name).read_bytes()

    return read


@pytest.fixture
def strava(platform: RunningPlatform) -> Iterator[Strava]:
    """The emulated Strava; what a test lets go wrong there ends with it."""
    emulated = platform.strava
    yield emulated
    emulated.faults()
    emulated.http.close()
