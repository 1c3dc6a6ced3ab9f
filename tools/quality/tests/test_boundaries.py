from pathlib import Path

import pytest
from tools.quality.boundaries import lint


def append(root: Path, place: str, line: str) -> None:
    path = root / place
    path.write_text(f"{path.read_text()}{line}\n")


def test_a_workspace_that_keeps_the_rules_passes(workspace: Path) -> None:
    done = lint(workspace)
    assert done.returncode == 0, done.stdout


@pytest.mark.parametrize(
    ("place", "line", "told"),
    [
        ("services/strava/src/strava/models.py", "import analytics", "strava is not allowed to import analytics"),
        ("libs/contracts/src/contracts/events.py", "import strava", "contracts is not allowed to import strava"),
        ("libs/common/src/common/ids.py", "import contracts", "common is not allowed to import contracts"),
        (
            "services/strava/src/strava/laps/repository.py",
            "import strava.laps.service",
            "strava.laps.repository is not allowed to import strava.laps.service",
        ),
        (
            "services/analytics/src/analytics/kernels/efforts.py",
            "import analytics.models",
            "analytics.kernels is not allowed to import sqlalchemy",
        ),
        ("services/strava/src/strava/models.py", "import httpx2", "strava is not allowed to import httpx2"),
        ("libs/common/src/common/ids.py", "import httpx2", "common.ids is not allowed to import httpx2"),
    ],
)
def test_a_forbidden_import_is_named(workspace: Path, place: str, line: str, told: str) -> None:
    append(workspace, place, line)
    done = lint(workspace)
    assert done.returncode == 1
    assert told in done.stdout


def test_a_service_may_use_the_shared_http_client(workspace: Path) -> None:
    append(workspace, "services/strava/src/strava/laps/service.py", "import common.http.client")
    assert lint(workspace).returncode == 0
