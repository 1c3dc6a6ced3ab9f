import pytest
from prometheus_client import CollectorRegistry, Histogram, generate_latest
from prometheus_client.registry import DuplicateTimeseries

from common.durations import Durations

BUCKETS = (0.001, 0.0025, 0.5, 1, 30)
SECONDS = (0.0, 0.001, 0.00100001, 0.3, 0.5, 1.0, 29.9, 30.0, 31.0, 1e9)


def lines(registry: CollectorRegistry) -> set[str]:
    return {line for line in generate_latest(registry).decode().splitlines() if "_created" not in line}


def test_it_says_what_the_library_would_say() -> None:
    theirs, ours = CollectorRegistry(), CollectorRegistry()
    histogram = Histogram("a_seconds", "Help", ["method", "status"], buckets=BUCKETS, registry=theirs)
    durations = Durations("a_seconds", "Help", ["method", "status"], buckets=BUCKETS, registry=ours)
    for number, seconds in enumerate(SECONDS):
        histogram.labels("GET", 200 + number % 2).observe(seconds)
        durations.labels("GET", 200 + number % 2).observe(seconds)
    assert lines(ours) == lines(theirs)


def test_the_same_values_count_together() -> None:
    registry = CollectorRegistry()
    durations = Durations("a_seconds", "Help", ["status"], buckets=BUCKETS, registry=registry)
    assert durations.labels(200) is durations.labels("200")
    assert registry.get_sample_value("a_seconds_count", {"status": "200"}) == 0
    durations.labels(200).observe(0.5)
    assert registry.get_sample_value("a_seconds_count", {"status": "200"}) == 1
    assert registry.get_sample_value("a_seconds_sum", {"status": "200"}) == 0.5


def test_names_are_not_given_twice_nor_values_without_a_label() -> None:
    registry = CollectorRegistry()
    durations = Durations("a_seconds", "Help", ["status"], buckets=BUCKETS, registry=registry)
    with pytest.raises(DuplicateTimeseries):
        Durations("a_seconds", "Help", ["status"], buckets=BUCKETS, registry=registry)
    with pytest.raises(ValueError, match="has the labels status"):
        durations.labels("GET", 200)
