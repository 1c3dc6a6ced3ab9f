import datetime as dt
from collections import defaultdict
from itertools import pairwise

import numpy as np
import pytest

from local.demo import terrain
from local.demo.body import Run, run
from local.demo.fitfile import archive
from local.demo.sessions import ZONE, Session, months_before, sessions

END = dt.date(2026, 11, 20)
RACES = ("5 km race", "10 km race", "Half marathon race", "Marathon race")


@pytest.fixture(scope="module")
def story() -> list[Session]:
    return sessions(END, 24)


@pytest.fixture(scope="module")
def runs(story: list[Session]) -> list[Run]:
    return [run(session) for session in story]


def local_day(session: Session) -> dt.date:
    return session.start.astimezone(ZONE).date()


def weekly_kilometres(runs: list[Run]) -> dict[dt.date, float]:
    weeks: dict[dt.date, float] = defaultdict(float)
    for one in runs:
        day = local_day(one.session)
        weeks[day - dt.timedelta(days=day.weekday())] += float(one.distance[-1]) / 1000
    return weeks


def test_the_same_end_gives_the_same_bytes(story: list[Session]) -> None:
    again = sessions(END, 24)
    assert again == story
    some = story[::40]
    assert archive(run(session) for session in some) == archive(run(session) for session in again[::40])


def test_fewer_months_give_the_same_runs_only_fewer(story: list[Session]) -> None:
    half = sessions(END, 6)
    assert half == story[-len(half) :]
    assert 90 < len(half) < 160


def test_two_years_have_400_to_450_runs(story: list[Session]) -> None:
    assert 400 <= len(story) <= 450


@pytest.mark.parametrize("end", [END, dt.date(2026, 2, 28), dt.date(2028, 2, 29), dt.date(2027, 1, 4)])
def test_runs_lie_between_the_first_day_and_the_day_before_the_end(end: dt.date) -> None:
    days = [local_day(session) for session in sessions(end, 24)]
    assert months_before(end, 24) <= min(days)
    assert max(days) < end
    assert len(set(days)) == len(days)


def test_no_two_runs_start_at_once_and_they_come_in_order(story: list[Session]) -> None:
    starts = [session.start for session in story]
    assert sorted(set(starts)) == starts
    assert all(start.tzinfo is dt.UTC for start in starts)


def test_weeks_grow_rest_and_stay_believable(runs: list[Run]) -> None:
    weeks = sorted(weekly_kilometres(runs).items())[1:-1]
    volumes = [kilometres for _, kilometres in weeks]
    assert min(volumes) > 10
    assert 60 < max(volumes) < 80
    assert np.mean(volumes[-26:-2]) > 1.3 * np.mean(volumes[:24])
    fourth = [volumes[at] / volumes[at - 1] for at in (6, 10, 26, 30)]
    assert all(0.6 < ratio < 0.9 for ratio in fourth)


def test_an_injury_takes_three_weeks(runs: list[Run]) -> None:
    days = [local_day(one.session) for one in runs]
    longest = max((after - before).days for before, after in pairwise(days))
    assert 21 <= longest <= 25


def test_a_week_has_intervals_tempo_and_a_long_run_on_its_days(story: list[Session]) -> None:
    for kind, weekday in (("intervals", 1), ("tempo", 3), ("long", 6), ("race", 6)):
        found = [local_day(session).weekday() for session in story if session.kind == kind]
        assert set(found) == {weekday}, kind
        assert len(found) > 5


def test_personal_bests_improve_from_race_to_race(runs: list[Run]) -> None:
    times: dict[str | None, list[float]] = defaultdict(list)
    for one in runs:
        if one.session.kind == "race":
            times[one.session.name].append(float(one.time[-1]))
    assert set(times) == set(RACES)
    for name, found in times.items():
        assert found == sorted(found, reverse=True), name
    assert 38 * 60 < times["10 km race"][-1] < times["10 km race"][0] - 120 < 48 * 60


def test_heart_rates_and_speeds_are_those_of_a_runner(runs: list[Run]) -> None:
    for one in runs:
        assert one.heartrate.min() >= 90
        assert one.heartrate.max() <= 195
        assert 2.0 < one.distance[-1] / one.time[-1] < 6.0
        steps = np.diff(one.distance) / np.diff(one.time)
        assert steps.min() >= 0.0
        assert steps.max() < 6.0
        assert 2_500 < one.distance[-1] < 43_000


def test_heart_rate_follows_the_pace_late_and_drifts_up(runs: list[Run]) -> None:
    race = next(one for one in runs if one.session.name == "10 km race")
    assert race.heartrate[0] < 110
    assert race.heartrate[60] > 160
    long = max((one for one in runs if len(one.session.parts) == 1), key=lambda one: one.time[-1])
    third = len(long.time) // 3
    assert long.heartrate[2 * third :].mean() > long.heartrate[third : 2 * third].mean() + 0.3


def test_hard_days_are_harder_than_easy_days(runs: list[Run]) -> None:
    beats = defaultdict(list)
    for one in runs:
        beats[one.session.kind].append(float(one.heartrate.mean()))
    mean = {kind: np.mean(values) for kind, values in beats.items()}
    assert mean["easy"] < 150 < mean["tempo"] < 165 < mean["race"]


def test_positions_are_as_long_as_the_distance_and_come_home(runs: list[Run]) -> None:
    for one in runs[::7]:
        north = np.diff(one.latitude) * 111_195
        east = np.diff(one.longitude) * 111_195 * np.cos(np.radians(one.latitude[1:]))
        assert float(np.hypot(north, east).sum()) == pytest.approx(float(one.distance[-1]), rel=0.02)
        assert abs(one.latitude[0] - terrain.HOME[0]) * 111_195 < 10
        assert abs(one.latitude[-1] - terrain.HOME[0]) * 111_195 < 10


def test_easy_runs_stop_at_lights_now_and_then_and_races_never(runs: list[Run]) -> None:
    stopped = {
        kind: [bool((np.diff(one.distance) == 0).any()) for one in runs if one.session.kind == kind]
        for kind in ("easy", "race")
    }
    assert 0.2 < np.mean(stopped["easy"]) < 0.8
    assert not any(stopped["race"])


def test_the_way_goes_over_hills(runs: list[Run]) -> None:
    long = [one for one in runs if one.session.kind == "long"]
    assert all(20 < np.ptp(one.altitude) < 120 for one in long)


def test_laps_cover_the_run(runs: list[Run]) -> None:
    for one in runs[::5]:
        assert one.laps[0].start == 0
        assert one.laps[-1].end == one.time[-1]
        assert all(before.end == after.start for before, after in pairwise(one.laps))
        assert sum(lap.distance for lap in one.laps) == pytest.approx(float(one.distance[-1]), abs=0.1)


def test_repeats_are_laps_of_their_own(runs: list[Run]) -> None:
    one = next(one for one in runs if one.session.kind == "intervals")
    assert len(one.laps) == len(one.session.parts)
    fast, jog = one.laps[1], one.laps[2]
    assert fast.distance / (fast.end - fast.start) > 1.3 * jog.distance / (jog.end - jog.start)
