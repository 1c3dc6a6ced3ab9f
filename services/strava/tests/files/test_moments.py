import math

from hypothesis import example, given, settings
from hypothesis import strategies as st

from strava.files.moments import moments, timestamp

TEXTS = st.one_of(
    st.datetimes().map(lambda moment: f"{moment:%Y-%m-%dT%H:%M:%S}Z"),
    st.integers(0, 86_399).map(lambda at: f"2026-03-01T{at // 3600:02d}:{at // 60 % 60:02d}:{at % 60:02d}Z"),
    st.text("0123456789-:TZ. +", min_size=18, max_size=21),
    st.sampled_from(["2026-03-01T24:00:00Z", "2026-13-01T07:00:00Z", "2026-03-01T07:00:60Z", "2026-02-30T07:00:00Z"]),
)
ONE_DAY = st.lists(TEXTS.filter(lambda text: len(text) == 20).map(lambda text: f"2026-03-01T{text[11:]}"), min_size=1)


@settings(max_examples=200, deadline=None, derandomize=True, database=None)
@given(st.one_of(st.lists(st.one_of(st.none(), TEXTS)), ONE_DAY))
@example(["2026-03-01T07:00:00Z", "2026-03-01T07:00:0\uff11Z"])
@example(["0000-03-01T07:00:00Z"])
def test_times_read_the_same_one_by_one_and_all_at_once(texts: list[str | None]) -> None:
    ascii_only = [text if text is None or text.isascii() else "x" for text in texts]
    found = moments([None if text is None else text.encode() for text in ascii_only])
    expected = [timestamp(text) for text in ascii_only]
    assert [math.isnan(each) for each in found] == [math.isnan(each) for each in expected]
    assert [each for each in found if not math.isnan(each)] == [each for each in expected if not math.isnan(each)]


def test_a_day_of_seconds_counts_up() -> None:
    texts = [f"2026-03-01T{at // 3600:02d}:{at // 60 % 60:02d}:{at % 60:02d}Z".encode() for at in range(86_400)]
    found = moments(texts)
    assert found == [found[0] + at for at in range(86_400)]
