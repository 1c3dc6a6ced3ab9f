from collections.abc import Sequence
from fractions import Fraction
from itertools import pairwise
from pathlib import Path

import numpy as np
import pytest
from analytics_support import recording
from hypothesis import example, given
from hypothesis import strategies as st
from numpy.typing import ArrayLike

from analytics.kernels.best_efforts import DistanceCurve, Effort, Pause, best_effort, best_efforts

GOLDEN: dict[str, dict[float, float]] = {
    "race-10k.fit": {400: 81.5, 800: 166.3, 1000: 210.0, 1609.344: 347.8, 5000: 1096.2, 10000: 2221.3},
    "run-with-pauses.fit": {1000: 248.1, 5000: 1388.2, 10000: 2890.5},
    "run-10k-hr-11-laps.fit": {400: 86.9, 1000: 235.9, 5000: 1298.9, 10000: 2716.0},
}


@pytest.mark.parametrize("name", GOLDEN)
def test_real_recordings_give_the_known_times(recordings_dir: Path, name: str) -> None:
    expected = GOLDEN[name]
    found = best_efforts(*recording(recordings_dir / name), list(expected))
    assert {effort.length: effort.time for effort in found if effort} == pytest.approx(expected, abs=0.1)


def slow_best_time(time: Sequence[int], distance: Sequence[int], length: int) -> Fraction | None:
    """The definition, word for word: try every sample as start and as end, walk to the other end."""
    found = []
    samples = list(zip(time, distance, strict=True))
    for i, (t1, d1) in enumerate(samples):
        for (ta, da), (tb, db) in pairwise(samples[i:]):
            if da < d1 + length <= db:
                found.append(ta + Fraction(d1 + length - da, db - da) * (tb - ta) - t1)
                break
    for j, (t2, d2) in enumerate(samples):
        for (ta, da), (tb, db) in reversed(list(pairwise(samples[: j + 1]))):
            if da <= d2 - length < db:
                found.append(t2 - ta - Fraction(d2 - length - da, db - da) * (tb - ta))
                break
    return min(found, default=None)


steps = st.tuples(st.sampled_from([1, 1, 1, 2, 7, 11, 60]), st.sampled_from([0, 0, 1, 250, 301, 333, 500, 1200]))
curves = st.lists(steps, min_size=1, max_size=60).map(
    lambda pairs: tuple(np.cumsum([(0, 7), *pairs], axis=0).T.tolist()),  # whole seconds and centimetres
)


@given(curve=curves, length=st.sampled_from([1, 100, 333, 1000, 1301, 5000]))
@example(curve=([0, 1, 61, 62], [7, 1007, 1007, 2007]), length=1000)
def test_the_fast_way_equals_the_slow_obvious_one(curve: tuple[list[int], list[int]], length: int) -> None:
    time, distance = curve
    effort = best_efforts(time, [each / 100 for each in distance], [length / 100])[0]
    expected = slow_best_time(time, distance, length)
    assert (effort is None) == (expected is None)
    if effort and expected is not None:
        assert effort.time == pytest.approx(float(expected), abs=0.00051)


@given(curve=curves, length=st.sampled_from([100, 333, 1301]), at=st.floats(0, 1))
def test_no_start_anywhere_between_samples_is_faster(
    curve: tuple[list[int], list[int]], length: int, at: float
) -> None:
    time, distance = np.array(curve[0], dtype=float), np.array(curve[1], dtype=float)
    effort = best_efforts(time, distance / 100, [length / 100])[0]
    start = at * time[-1]
    reached = np.interp(start, time, distance) + length
    if reached > distance[-1]:
        return
    after = int(np.searchsorted(distance, reached, "left"))
    end = np.interp(reached, distance[after - 1 : after + 1], time[after - 1 : after + 1])
    assert effort is not None
    assert effort.time <= end - start + 0.001


@given(curve=curves, length=st.sampled_from([100, 333, 1301]))
def test_an_effort_is_what_it_says_of_itself(curve: tuple[list[int], list[int]], length: int) -> None:
    time, distance = curve
    effort = best_efforts(time, [each / 100 for each in distance], [length / 100])[0]
    if effort is None:
        return
    assert effort.end - effort.start == pytest.approx(effort.time, abs=0.0011)
    assert effort.end_distance - effort.start_distance == pytest.approx(length / 100, abs=0.011)
    assert time[effort.start_index] <= effort.start < time[effort.start_index + 1]
    assert time[effort.end_index - 1] < effort.end <= time[effort.end_index]
    exact = {"start": time[effort.start_index] == effort.start, "end": time[effort.end_index] == effort.end}
    assert exact["end" if effort.interpolated == "start" else "start"]
    assert distance[effort.start_index + 1] > distance[effort.start_index], "the start is a plateau's last sample"
    assert distance[effort.end_index - 1] < distance[effort.end_index], "the end is a plateau's first sample"


def only(time: ArrayLike, distance: ArrayLike, length: float) -> Effort:
    found = best_efforts(time, distance, [length])[0]
    assert found
    return found


def test_pauses_at_both_ends_stay_outside_and_the_one_inside_counts() -> None:
    time = [0, 30, 31, 32, 52, 53, 54, 100]
    distance = [0, 0, 5, 10, 10, 15, 20, 20]
    effort = only(time, distance, 20)
    assert (effort.start, effort.end, effort.time) == (30, 54, 24)
    assert (effort.start_index, effort.end_index, effort.interpolated) == (1, 6, None)
    assert effort.pauses == (Pause(start=32, duration=20, distance=0, kind="gap"),)
    assert effort.longest_gap == 20


def test_standing_with_samples_is_a_plateau_and_ten_seconds_are_no_pause_yet() -> None:
    time = np.arange(40.0)
    speed = np.where((time >= 5) & (time < 16), 0.1, 3.0)
    speed[20:30] = 0.1
    distance = np.concatenate([[0], np.cumsum(speed)[:-1]])
    effort = only(time, distance.round(2), float(distance[-1].round(2)))
    assert effort.pauses == (Pause(start=5, duration=11, distance=1.1, kind="plateau"),)


def test_a_pause_is_cut_where_the_effort_begins() -> None:
    effort = only([0, 100, 101], [0, 10, 20], 15)
    assert (effort.start, effort.interpolated) == (50, "start")
    assert effort.pauses == (Pause(start=50, duration=50, distance=5, kind="gap"),)


def test_of_equal_efforts_the_earliest_is_taken() -> None:
    time = np.arange(1000.0)
    effort = only(time, (time * 3.3).round(2), 330)
    assert (effort.start, effort.time) == (0, 100)


def test_decimal_metres_meet_exactly_so_that_no_pause_slips_in() -> None:
    distance = [0.07, 1000.07, 1000.07, 1000.17]
    assert 0.07 + 1000.0 != 1000.07 or 1000.07 - 1000.0 != 0.07, "floats would miss"
    assert only([0, 200, 260, 261], distance, 1000).time == 200


@pytest.mark.parametrize(
    ("time", "distance"),
    [
        ([0, 1, 2, 1, 3], [0, 5, 10, 12, 15]),
        ([0, 1, 2, 2.5, 3], [0, 5, 10, 8, 15]),
        ([0, 1, 1, 2, 3], [0, 5, 9, 10, 15]),
        ([0, 1, float("nan"), 2, 3], [0, 5, 7, 10, 15]),
        ([0, 1, 1.5, 2, 3], [0, 5, float("inf"), 10, 15]),
    ],
    ids=["back in time", "back in distance", "same time", "no time", "no distance"],
)
def test_bad_samples_are_dropped_and_indices_stay_the_recording_s(time: list[float], distance: list[float]) -> None:
    effort = only(time, distance, 15)
    assert (effort.time, effort.start_index, effort.end_index) == (3, 0, 4)
    assert DistanceCurve.through(time, distance).distance.tolist() == [0, 5e6, 10e6, 15e6]


@pytest.mark.parametrize(("time", "distance"), [([], []), ([0], [500]), ([0, 1], [0, 9.99]), ([0, 9], [3, 3])])
def test_a_recording_that_does_not_reach_the_length_has_no_effort(time: list[float], distance: list[float]) -> None:
    assert best_efforts(time, distance, [10]) == [None]


def test_wrong_shapes_and_lengths_are_refused() -> None:
    with pytest.raises(ValueError, match="shape"):
        DistanceCurve.through([0, 1], [0, 1, 2])
    with pytest.raises(ValueError, match="above 0"):
        best_effort(DistanceCurve.through([0, 1], [0, 1]), 0)
