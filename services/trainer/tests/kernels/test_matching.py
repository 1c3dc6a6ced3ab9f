"""Properties of the matching of one day."""

import datetime as dt
import itertools
from uuid import UUID

import pytest
from hypothesis import given
from hypothesis import strategies as st

from trainer.kernels.matching import MOST_A_DAY, DoneRun, Match, PlannedWorkout, match_day, misfit

DAY = dt.date(2026, 5, 4)
FIGURES = st.one_of(st.none(), st.floats(0, 1e6, allow_nan=False))
KINDS = st.sampled_from(["easy", "long", "race", "cross", "other"])
IDS = st.integers(1, 10_000).map(lambda number: UUID(int=number))
STARTS = st.one_of(st.none(), st.datetimes(timezones=st.just(dt.UTC)))
WORKOUTS = st.lists(
    st.builds(PlannedWorkout, id=IDS, kind=KINDS, distance=FIGURES, duration=FIGURES),
    max_size=8,
    unique_by=lambda workout: workout.id,
)
RUNS = st.lists(
    st.builds(DoneRun, id=IDS, distance=st.floats(0, 1e6), duration=st.floats(0, 1e6), start=STARTS),
    max_size=8,
    unique_by=lambda run: run.id,
)


def workout(
    number: int, distance: float | None = None, duration: float | None = None, kind: str = "easy"
) -> PlannedWorkout:
    return PlannedWorkout(UUID(int=number), kind, distance, duration)


def run(number: int, distance: float, duration: float = 3000.0, hour: int | None = None) -> DoneRun:
    start = dt.datetime(2026, 5, 4, hour, tzinfo=dt.UTC) if hour is not None else None
    return DoneRun(UUID(int=number), distance, duration, start)


def pairs(matches: list[Match]) -> set[tuple[int, int]]:
    return {(match.workout_id.int, match.run_id.int) for match in matches}


@given(WORKOUTS, RUNS)
def test_as_many_pairs_as_the_smaller_side_has_members_and_nobody_twice(
    workouts: list[PlannedWorkout], runs: list[DoneRun]
) -> None:
    found = match_day(DAY, workouts, runs)
    assert len(found) == min(len(workouts), len(runs))
    assert len({match.workout_id for match in found}) == len({match.run_id for match in found}) == len(found)
    assert {match.workout_id for match in found} <= {each.id for each in workouts}
    assert {match.run_id for match in found} <= {each.id for each in runs}


@given(WORKOUTS, RUNS, st.randoms(use_true_random=False))
def test_the_order_in_which_things_became_known_does_not_matter(
    workouts: list[PlannedWorkout], runs: list[DoneRun], random: st.DataObject
) -> None:
    expected = match_day(DAY, workouts, runs)
    shuffle = random.shuffle  # type: ignore[attr-defined] # the strategy gives a random.Random
    shuffle(workouts)
    shuffle(runs)
    assert match_day(DAY, workouts, runs) == expected


@given(WORKOUTS, RUNS)
def test_no_run_and_workout_of_running_that_are_closer_to_each_other_are_kept_apart(
    workouts: list[PlannedWorkout], runs: list[DoneRun]
) -> None:
    workouts = [each for each in workouts if each.kind not in {"cross", "other"}]
    found = match_day(DAY, workouts, runs)
    run_of = {match.workout_id: match.run_id for match in found}
    workout_of = {match.run_id: match.workout_id for match in found}
    by_id = {each.id: each for each in runs}
    plan_by_id = {each.id: each for each in workouts}
    for planned, done in itertools.product(workouts, runs):
        closeness = misfit(planned, done)
        partner, plan = run_of.get(planned.id), workout_of.get(done.id)
        happier_with_it = partner is None or closeness < misfit(planned, by_id[partner])
        happier_with_them = plan is None or closeness < misfit(plan_by_id[plan], done)
        assert not (happier_with_it and happier_with_them)


@given(WORKOUTS, RUNS)
def test_every_pair_says_for_which_day_it_was_planned(workouts: list[PlannedWorkout], runs: list[DoneRun]) -> None:
    assert all(match.reason.startswith("planned for 2026-05-04") for match in match_day(DAY, workouts, runs))


@given(WORKOUTS, RUNS, WORKOUTS)
def test_a_run_is_never_left_over_because_more_was_planned(
    workouts: list[PlannedWorkout], runs: list[DoneRun], more: list[PlannedWorkout]
) -> None:
    known = {each.id for each in workouts}
    added = workouts + [each for each in more if each.id not in known]
    assert len(match_day(DAY, added, runs)) >= len(match_day(DAY, workouts, runs))


def test_the_closest_distance_wins() -> None:
    planned = [workout(1, 5_000), workout(2, 10_000), workout(3, 20_000)]
    assert pairs(match_day(DAY, planned, [run(10, 9_800)])) == {(2, 10)}
    assert pairs(match_day(DAY, planned, [run(10, 9_800), run(11, 9_000)])) == {(2, 10), (1, 11)}


def test_the_closest_duration_wins_where_no_distance_is_planned() -> None:
    planned = [workout(1, None, 1800), workout(2, None, 3600)]
    assert pairs(match_day(DAY, planned, [run(10, 9_800, 3500)])) == {(2, 10)}


def test_distance_and_duration_count_the_same() -> None:
    planned = [workout(1, 10_000, 6_000), workout(2, 11_000, 3_000)]
    assert pairs(match_day(DAY, planned, [run(10, 10_000, 3_000)])) == {(2, 10)}


def test_a_workout_without_figures_fits_like_one_of_twice_the_size() -> None:
    assert pairs(match_day(DAY, [workout(1), workout(2, 15_000)], [run(10, 10_000)])) == {(2, 10)}
    assert pairs(match_day(DAY, [workout(1), workout(2, 25_000)], [run(10, 10_000)])) == {(1, 10)}


def test_other_sports_get_what_is_left() -> None:
    planned = [workout(1, 10_000, kind="cross"), workout(2, 30_000)]
    assert pairs(match_day(DAY, planned, [run(10, 10_000)])) == {(2, 10)}
    assert pairs(match_day(DAY, planned, [run(10, 10_000), run(11, 11_000)])) == {(1, 10), (2, 11)}


def test_of_equal_runs_the_earlier_is_the_workout_planned_first() -> None:
    planned = [workout(2, 10_000), workout(1, 10_000)]
    runs = [run(10, 10_000, hour=18), run(11, 10_000, hour=6), run(9, 10_000)]
    assert pairs(match_day(DAY, planned, runs)) == {(1, 11), (2, 10)}


@pytest.mark.parametrize(
    ("planned", "reason"),
    [
        (workout(1, 10_000, 3_000), "planned for 2026-05-04, 9.8 km of 10.0 km planned"),
        (workout(1, None, 2_700), "planned for 2026-05-04, 48 min of 45 min planned"),
        (workout(1), "planned for 2026-05-04"),
    ],
)
def test_the_reason_says_how_much_of_the_plan_was_done(planned: PlannedWorkout, reason: str) -> None:
    assert [match.reason for match in match_day(DAY, [planned], [run(10, 9_800, 2_880)])] == [reason]


def test_the_reason_says_when_there_was_a_choice() -> None:
    [match] = match_day(DAY, [workout(1, 10_000), workout(2, 5_000)], [run(10, 9_800)])
    assert (
        match.reason == "planned for 2026-05-04, 9.8 km of 10.0 km planned, best fit of 2 planned and 1 done that day"
    )


def test_a_day_with_thousands_of_workouts_ends_soon() -> None:
    planned = [workout(number, number) for number in range(1, 2_001)]
    assert len(match_day(DAY, planned, [run(number, number) for number in range(1, 2_001)])) == MOST_A_DAY
