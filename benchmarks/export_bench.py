"""All activities of somebody as CSV through the gateway: how long it takes, and what it costs the service.

``.venv/bin/python -m benchmarks.export_bench [--rows 100000]`` measures this alone.
"""

import argparse
import sys
import time
from contextlib import AbstractContextManager, suppress
from dataclasses import dataclass
from pathlib import Path

ROOT = Path(__file__).parents[1]
sys.path[:0] = [str(ROOT / "tests/support/src"), str(ROOT / "services/strava/tests/support/src"), str(ROOT)]

from running_platform import Person, RunningPlatform, temporary_platform  # noqa: E402 - found on the path set above

from benchmarks import import_bench, memory  # noqa: E402 - as above
from benchmarks.meanwhile import repeating  # noqa: E402 - as above

SERVICE = "strava"
LOOKS_S = 0.1


@dataclass
class Peak:
    """The most memory that a process with its children had while it was watched, in MiB."""

    running: RunningPlatform
    most: float = 0.0

    def look(self) -> float:
        now = memory.pss_mib(memory.family(self.running.pid_of(SERVICE)))
        self.most = max(self.most, now)
        return now

    def watching(self) -> AbstractContextManager[None]:
        return repeating(self._look_again, LOOKS_S)

    def _look_again(self) -> None:
        with suppress(FileNotFoundError):  # a child ended while it was looked at
            self.look()


def measure(running: RunningPlatform, person: Person) -> None:
    """``person`` has the activities already."""
    import_bench.heading("All activities as CSV, through the gateway")
    person.renew()
    peak = Peak(running)
    before = peak.look()
    began = time.perf_counter()
    first, lines, size = 0.0, 0, 0
    with peak.watching(), person.http.stream("GET", "/activities.csv", timeout=600) as answer:
        assert answer.status_code == 200, answer.status_code
        for piece in answer.iter_bytes():
            first = first or time.perf_counter() - began
            lines += piece.count(b"\n")
            size += len(piece)
    took = time.perf_counter() - began
    print(f"{lines - 1} rows, {size / 2**20:.1f} MiB in {took:.1f} s, the first bytes after {first:.3f} s")
    print(f"{SERVICE}: {before:.0f} MiB before, at most {peak.most:.0f} MiB meanwhile", flush=True)


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--rows", type=int, default=100_000)
    arguments = parser.parse_args()
    with temporary_platform() as running:
        person = running.person()
        person.import_files(import_bench.files("fit", 0, 1))
        import_bench.multiply(running, person, arguments.rows)
        measure(running, person)
        person.close()


if __name__ == "__main__":
    main()
