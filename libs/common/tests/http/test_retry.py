from datetime import UTC, datetime

import pytest

from common.http import RetryBudget, RetryPolicy
from common.http.retry import parse_retry_after


class Clock:
    now = 0.0

    def __call__(self) -> float:
        return self.now


def granted(budget: RetryBudget, tries: int) -> int:
    return sum(budget.try_spend() for _ in range(tries))


def test_retries_are_a_fifth_of_the_requests_and_a_small_reserve() -> None:
    budget = RetryBudget(clock=Clock())
    for _ in range(100):
        budget.record_request()
    assert granted(budget, 100) == 23


def test_a_quiet_service_may_retry_a_few_times() -> None:
    budget = RetryBudget(clock=Clock())
    budget.record_request()
    assert granted(budget, 10) == 4


def test_only_recent_requests_and_retries_count() -> None:
    clock = Clock()
    budget = RetryBudget(clock=clock)
    for _ in range(100):
        budget.record_request()
    granted(budget, 100)
    clock.now = 11
    assert granted(budget, 100) == 3
    clock.now = 22
    assert granted(budget, 100) == 3


def test_a_long_run_of_requests_does_not_grow_the_window() -> None:
    clock = Clock()
    budget = RetryBudget(clock=clock)
    for second in range(10_000):
        clock.now = float(second)
        budget.record_request()
    assert len(budget._requests._counts) <= 11


def test_backoff_is_random_below_a_doubling_cap() -> None:
    policy = RetryPolicy(base_s=0.1, cap_s=0.3)
    for attempt, ceiling in ((1, 0.1), (2, 0.2), (3, 0.3), (9, 0.3)):
        waits = [policy.backoff(attempt) for _ in range(200)]
        assert min(waits) >= 0
        assert ceiling / 2 < max(waits) <= ceiling


@pytest.mark.parametrize(
    ("header", "seconds"),
    [
        ("7", 7.0),
        (" 0 ", 0.0),
        ("Wed, 21 Oct 2026 07:28:10 GMT", 10.0),
        ("Wed, 21 Oct 2026 07:27:00 GMT", 0.0),
        ("soon", None),
        ("-3", None),
        ("²", None),
        ("", None),
        (None, None),
    ],
)
def test_retry_after_is_seconds_or_a_date(header: str | None, seconds: float | None) -> None:
    assert parse_retry_after(header, now=datetime(2026, 10, 21, 7, 28, tzinfo=UTC)) == seconds
