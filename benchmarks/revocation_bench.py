"""How soon the gateway refuses a session that was signed out.

``.venv/bin/python -m benchmarks.revocation_bench`` measures this alone.
"""

import sys
import time
from pathlib import Path

ROOT = Path(__file__).parents[1]
sys.path[:0] = [str(ROOT / "tests/support/src"), str(ROOT)]

import httpx2  # noqa: E402 - with those below, found on the path set above
from running_platform import RunningPlatform, temporary_platform  # noqa: E402 - as above

from benchmarks.whole_path import spread  # noqa: E402 - as above

TIMES = 40
PAUSE_SECONDS = 0.001
PATIENCE_SECONDS = 10.0


def _seconds_until_refused(running: RunningPlatform) -> float:
    """From the answer to a sign-out until the access token, known at the gateway before, gets a 401."""
    person = running.person()
    assert person.http.get("/plans").status_code == httpx2.codes.OK
    assert person.http.post("/auth/logout").is_success
    began = time.perf_counter()
    while person.http.get("/plans").status_code != httpx2.codes.UNAUTHORIZED:
        assert time.perf_counter() < began + PATIENCE_SECONDS
        time.sleep(PAUSE_SECONDS)
    took = time.perf_counter() - began
    person.close()
    return took


def measure(running: RunningPlatform) -> None:
    spread("signed out until refused", [_seconds_until_refused(running) for _ in range(TIMES)])


def main() -> None:
    with temporary_platform() as running:
        measure(running)


if __name__ == "__main__":
    main()
