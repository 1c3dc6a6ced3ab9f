"""Whatever fits the API's description, or nearly does: no 5xx, and every error a problem with next steps.

Schemathesis makes the requests, in all its phases. RT_FUZZ_SECONDS gives it more time, and other requests each time.
"""

import os
import re
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path

import problem_check
import pytest
from running_platform import Person, RunningPlatform

pytestmark = pytest.mark.inside  # it wants a platform of its own: failed sign-ins slow down everybody at an address

SECONDS = os.environ.get("RT_FUZZ_SECONDS", "")
ONE_BY_ONE = "examples", "coverage", "fuzzing"
ENDS_THE_SESSION = r"/auth/(logout|logout-all|sessions|refresh)|/strava/logout"
CHANGES_ADMINISTRATORS = r"/admin/users/\{user_id\}"


@pytest.fixture(scope="module")
def own_platform(tmp_path_factory: pytest.TempPathFactory) -> Iterator[RunningPlatform]:
    running = RunningPlatform(tmp_path_factory.mktemp("fuzzed"))
    running.environment["ACCESS_TOKEN_SECONDS"] = "86400"  # nobody renews it while the requests are made
    running.up()
    yield running
    running.down()


def fuzz(platform: RunningPlatform, person: Person, folder: Path, phases: tuple[str, ...], *chosen: str) -> None:
    source = Path(problem_check.__file__)
    command = [
        *(sys.executable, "-m", "schemathesis.cli", "run", f"{platform.url}/api/openapi.json"),
        *("--header", f"Authorization: {person.http.headers['Authorization']}"),
        *("--checks", "not_a_server_error,errors_are_problems", "--phases", ",".join(phases)),
        *("--max-examples", "10", "--request-timeout", "30", "--no-color"),
        *(["--max-time", SECONDS] if SECONDS else ["--generation-deterministic"]),
        *chosen,
    ]
    environment = {**os.environ, "SCHEMATHESIS_HOOKS": source.stem, "PYTHONPATH": str(source.parent)}
    done = subprocess.run(command, cwd=folder, env=environment, capture_output=True, text=True, check=False)
    shown = "\n".join(line[:300] for line in done.stdout.splitlines())
    assert done.returncode == 0, f"{shown}\n{done.stderr}"
    assert "passed" in done.stdout
    assert ran(done.stdout) == {phase.capitalize() for phase in phases}, shown


def ran(printed: str) -> set[str]:
    """Names of the phases that the summary ticks off: those that were skipped or broken off have another sign."""
    return set(re.findall(r"✅ (\w+)", printed.rpartition("Test Phases:")[2]))


def no_process_failed(platform: RunningPlatform) -> bool:
    return not any('"level":"error"' in platform.log(name) for name in platform.processes if name != "strava-emulator")


def test_nothing_that_a_person_sends_is_a_server_error(own_platform: RunningPlatform, tmp_path: Path) -> None:
    person = own_platform.person()
    chosen = ("--exclude-path-regex", f"{ENDS_THE_SESSION}|/admin/")
    fuzz(own_platform, person, tmp_path, (*ONE_BY_ONE, "stateful"), *chosen)
    # Else the later requests were refused for want of a session, and showed nothing.
    assert person.get("/auth/me")
    assert no_process_failed(own_platform)
    person.close()


def test_nothing_that_an_administrator_sends_is_a_server_error(own_platform: RunningPlatform, tmp_path: Path) -> None:
    admin = own_platform.admin()
    chosen = ("--include-path-regex", "/admin/", "--exclude-path-regex", CHANGES_ADMINISTRATORS)
    fuzz(own_platform, admin, tmp_path, ONE_BY_ONE, *chosen)
    assert admin.get("/admin/overview")
    assert no_process_failed(own_platform)
    admin.close()
