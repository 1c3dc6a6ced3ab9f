from datetime import UTC, datetime, timedelta

import pytest
from hypothesis import given
from hypothesis import strategies as st

from analytics.efforts.distances import Window, leaves, since

moments = st.datetimes(datetime(2000, 1, 1), datetime(2040, 1, 1), timezones=st.just(UTC))  # noqa: DTZ001 - bounds
bounded = st.sampled_from([Window.YEARS_2, Window.YEAR, Window.MONTHS_3])


@pytest.mark.parametrize(
    ("window", "now", "expected"),
    [
        (Window.YEARS_2, "2026-11-20T22:00:00", "2024-11-20T22:00:00"),
        (Window.YEAR, "2028-02-29T10:00:00", "2027-02-28T10:00:00"),
        (Window.MONTHS_3, "2026-02-10T00:00:00", "2025-11-10T00:00:00"),
        (Window.MONTHS_3, "2026-05-31T08:00:00", "2026-02-28T08:00:00"),
    ],
)
def test_a_window_begins_on_the_same_day_of_an_earlier_month(window: Window, now: str, expected: str) -> None:
    assert since(window, datetime.fromisoformat(now)) == datetime.fromisoformat(expected)


def test_all_time_has_no_beginning_and_nothing_leaves_it() -> None:
    now = datetime.now(UTC)
    assert (since(Window.ALL, now), leaves(Window.ALL, now)) == (None, None)


@given(window=bounded, start=moments, before=st.timedeltas(timedelta(seconds=1), timedelta(days=800)))
def test_nothing_has_left_a_window_before_the_moment_named_for_it(
    window: Window, start: datetime, before: timedelta
) -> None:
    leaving = leaves(window, start)
    assert leaving is not None
    begin = since(window, leaving - before)
    assert begin is not None
    assert begin <= start


@given(window=bounded, start=moments)
def test_four_days_after_that_moment_it_has_left(window: Window, start: datetime) -> None:
    leaving = leaves(window, start)
    assert leaving is not None
    begin = since(window, leaving + timedelta(days=4))
    assert begin is not None
    assert begin > start
