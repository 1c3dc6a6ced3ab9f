"""Real servers for the tests: started once, shared by the processes of one run, gone with it."""

import gc
import os
import shutil
import tempfile
from ctypes.util import find_library
from pathlib import Path

import pytest

ADMIN_URL = "TEST_DATABASE_ADMIN_URL"
REDIS_URL = "TEST_REDIS_URL"

_LONGEST = ["test_worker.py", "test_schema_fuzzing.py", "test_nothing_is_lost.py"]
"""Files, those that wait and those that compute by turns."""

_COLLECTED_AFTER = (100_000, 50, 50)
"""Objects, and collections of the younger: by Python's own figures a tenth of a test's time goes there."""

pytest_plugins = ["common.testing.plugin"]


def pytest_configure(config: pytest.Config) -> None:
    """Start Postgres and Valkey unless both are named; processes of a parallel run inherit the addresses."""
    gc.set_threshold(*_COLLECTED_AFTER)
    if ADMIN_URL in os.environ and REDIS_URL in os.environ:
        return
    from common.testing.ports import free_port
    from local.embedded import Postgres, Valkey

    home = Path(tempfile.mkdtemp(prefix="rt-test-servers-"))
    servers = [
        Postgres(home, free_port(), "test-admin", durable=False),
        Valkey(home, free_port(), "test-redis"),
    ]

    def end() -> None:
        for server in servers:
            server.stop()
            server.remove()
        for name in (ADMIN_URL, REDIS_URL):
            os.environ.pop(name, None)
        shutil.rmtree(home, ignore_errors=True)

    config.add_cleanup(end)
    for server in servers:
        server.start()
    os.environ[ADMIN_URL] = servers[0].url
    os.environ[REDIS_URL] = servers[1].url


def pytest_itemcollected(item: pytest.Item) -> None:
    """Refuse what tools/quality/test.sh would pass over: it looks for each kind of tests in some folders only."""
    whole = item.get_closest_marker("e2e") or item.get_closest_marker("faults")
    folder = item.path.relative_to(item.config.rootpath).parts[0]
    if (folder == "tests") != bool(whole):
        raise pytest.UsageError(f"{item.nodeid}: tests of the whole platform are in tests/, all others are not")


def pytest_collection_modifyitems(items: list[pytest.Item]) -> None:
    """What takes long begins first, lest all wait for it at the end."""
    items.sort(key=lambda item: _LONGEST.index(item.path.name) if item.path.name in _LONGEST else len(_LONGEST))


def pytest_collection_finish() -> None:
    """Let the collector pass over what lasts to the end: pytest has it look at everything five times at last."""
    gc.freeze()


@pytest.fixture(scope="session")
def recordings_dir() -> Path:
    """Folder of real recordings, which stay outside the project."""
    folder = Path(os.environ.get("RT_RECORDINGS", Path(__file__).parent.parent / "shared/data/activities"))
    if not folder.is_dir():
        pytest.skip(f"no recordings at {folder}; RT_RECORDINGS names another folder")
    return folder


@pytest.fixture(scope="session")
def printing() -> None:
    """What plans are printed with; where the test starts no process that prints, it need not be here."""
    missing = [name for name in ("pango-1.0", "pangoft2-1.0", "harfbuzz-subset") if find_library(name) is None]
    if missing and "RT_E2E_URL" not in os.environ:
        pytest.skip(f"{', '.join(missing)} cannot be found: make up names the packages that only root can install")
