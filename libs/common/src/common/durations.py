"""A histogram of durations that is cheap to add to, as every request adds to it.

prometheus_client's own takes locks and looks through its buckets one by one for each number. Ours is for one event
loop, which needs no lock.
"""

import math
from bisect import bisect_left
from collections.abc import Iterable, Sequence

from prometheus_client import REGISTRY, CollectorRegistry
from prometheus_client.core import HistogramMetricFamily
from prometheus_client.registry import Collector


class Duration:
    """One combination of label values."""

    __slots__ = ("_bounds", "_counts", "_sum")

    def __init__(self, bounds: Sequence[float]) -> None:
        self._bounds = bounds
        self._counts = [0] * (len(bounds) + 1)
        self._sum = 0.0

    def observe(self, seconds: float) -> None:
        """Add one duration."""
        self._counts[bisect_left(self._bounds, seconds)] += 1
        self._sum += seconds

    def buckets(self) -> list[tuple[str, float]]:
        """Return how many durations were at most so long, for each bound and for infinity."""
        found: list[tuple[str, float]] = []
        total = 0
        for bound, count in zip((*self._bounds, math.inf), self._counts, strict=True):
            total += count
            found.append(("+Inf" if bound == math.inf else str(float(bound)), total))
        return found

    @property
    def sum(self) -> float:
        return self._sum


class Durations(Collector):
    """Used as prometheus_client's ``Histogram`` is; ``buckets`` are upper bounds in seconds, in order."""

    def __init__(
        self,
        name: str,
        documentation: str,
        labels: Sequence[str],
        *,
        buckets: Sequence[float],
        registry: CollectorRegistry = REGISTRY,
    ) -> None:
        self._name = name
        self._documentation = documentation
        self._labels = tuple(labels)
        self._bounds = tuple(buckets)
        self._children: dict[tuple[str, ...], Duration] = {}
        registry.register(self)

    def labels(self, *values: object) -> Duration:
        """Return what counts under these values; keep it where it is needed often."""
        key = tuple(map(str, values))
        child = self._children.get(key)
        if child is None:
            if len(key) != len(self._labels):
                raise ValueError(f"{self._name} has the labels {', '.join(self._labels)}")
            child = self._children[key] = Duration(self._bounds)
        return child

    def describe(self) -> Iterable[HistogramMetricFamily]:
        """Name the family, for the registry."""
        return [HistogramMetricFamily(self._name, self._documentation, labels=self._labels)]

    def collect(self) -> Iterable[HistogramMetricFamily]:
        """Return all that was counted."""
        (family,) = self.describe()
        for values, child in self._children.items():
            family.add_metric(values, child.buckets(), child.sum)
        return [family]
