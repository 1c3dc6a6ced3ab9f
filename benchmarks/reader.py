"""Somebody who looks at pages while something else is measured."""

import statistics
import time
from collections.abc import Sequence
from contextlib import AbstractContextManager
from dataclasses import dataclass, field

from running_platform import Person

from benchmarks.load import ID
from benchmarks.meanwhile import repeating

PAUSE_S = 0.05


@dataclass
class Reader:
    """Looks at each path in turn, from a thread of its own."""

    person: Person
    paths: Sequence[str]
    seconds: dict[str, list[float]] = field(default_factory=dict)

    def reading(self) -> AbstractContextManager[None]:
        return repeating(self._read, PAUSE_S)

    def _read(self) -> None:
        for path in self.paths:
            began = time.perf_counter()
            answer = self.person.http.get(path)
            took = time.perf_counter() - began
            assert answer.status_code == 200, f"{path}: {answer.status_code}"
            self.seconds.setdefault(path, []).append(took)

    def report(self) -> None:
        """Print each path alone: the slowest must not hide among the quick ones."""
        print("| GET meanwhile | reads | p50 ms | p95 ms | most ms |\n| --- | --- | --- | --- | --- |")
        for path, seconds in self.seconds.items():
            print(f"| {ID.sub('{id}', path)} | {_figures(seconds)} |")
        everything = [each for seconds in self.seconds.values() for each in seconds]
        print(f"| all | {_figures(everything)} |", flush=True)


def _figures(seconds: Sequence[float]) -> str:
    ordered = sorted(1e3 * each for each in seconds)
    p95 = ordered[int(0.95 * (len(ordered) - 1))]
    return f"{len(ordered)} | {statistics.median(ordered):.0f} | {p95:.0f} | {ordered[-1]:.0f}"
