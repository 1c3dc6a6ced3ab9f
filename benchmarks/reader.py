"""Somebody who looks at pages while something else is measured."""

import statistics
import threading
import time
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, field

from running_platform import Person

from benchmarks.load import ID

PAUSE_S = 0.05


@dataclass
class Reader:
    """Looks at each path in turn, from a thread of its own."""

    person: Person
    paths: Sequence[str]
    seconds: dict[str, list[float]] = field(default_factory=dict)

    @contextmanager
    def reading(self) -> Iterator[None]:
        over = threading.Event()
        thread = threading.Thread(target=self._read, args=(over,))
        thread.start()
        try:
            yield
        finally:
            over.set()
            thread.join()

    def _read(self, over: threading.Event) -> None:
        while not over.wait(PAUSE_S):
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
