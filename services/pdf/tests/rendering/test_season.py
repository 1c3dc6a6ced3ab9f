import datetime as dt

from printed import season

from contracts.testing.training import MONDAY, plan, workout
from contracts.trainer.api import Goal, Phase
from pdf.rendering import chart
from pdf.rendering.season import Gap, Season, Week
from pdf.rendering.words import Units


def test_weeks_begin_on_monday_and_know_their_phase_and_sums() -> None:
    arranged = Season.of(season(weeks=4))
    assert arranged.week_count == 4
    assert [week.number for week in arranged.weeks] == [1, 2, 3, 4]
    assert [week.phase.name for week in arranged.weeks if week.phase] == ["Base", "Base", "Build", "Build"]
    first = arranged.weeks[0]
    assert (first.first, first.last) == (MONDAY, MONDAY + dt.timedelta(days=6))
    assert (first.total.workouts, first.total.distance, first.longest) == (5, 55_600.0, 20_000.0)
    assert [len(day.workouts) for day in first.days] == [0, 1, 1, 1, 0, 1, 1]


def test_rest_counts_as_no_workout_and_an_unknown_distance_is_told() -> None:
    week = [workout(MONDAY, kind="rest", distance=None), workout(MONDAY, kind="cross", distance=None), workout(MONDAY)]
    total = Season.of(plan(week)).total
    assert (total.workouts, total.distance, total.without_distance) == (2, 8000.0, 1)


def test_a_week_in_two_phases_belongs_to_the_one_with_more_days() -> None:
    phases = [
        Phase(name="A", start_date=MONDAY, end_date=MONDAY + dt.timedelta(days=2)),
        Phase(name="B", start_date=MONDAY + dt.timedelta(days=3), end_date=MONDAY + dt.timedelta(days=30)),
    ]
    [week] = Season.of(plan([workout(MONDAY)], phases=phases)).weeks
    assert week.phase is not None
    assert week.phase.name == "B"


def test_empty_weeks_are_told_in_one_line_each_time() -> None:
    dates = [MONDAY + dt.timedelta(weeks=number) for number in (2, 3, 9)]
    arranged = Season.of(plan([workout(date) for date in dates], end=MONDAY + dt.timedelta(weeks=12)))
    seen = [(part.first.number, part.last.number) if isinstance(part, Gap) else part.number for part in arranged.parts]
    assert seen == [(1, 2), 3, 4, (5, 9), 10, (11, 13)]


def test_workouts_outside_of_the_plan_make_the_season_longer() -> None:
    arranged = Season.of(plan([workout(MONDAY - dt.timedelta(days=8))], end=MONDAY))
    assert (arranged.week_count, arranged.weeks[0].number) == (3, 1)


def test_the_first_and_the_last_day_there_is_do_no_harm() -> None:
    edges = plan([workout(dt.date.min), workout(dt.date.max)], start=dt.date.min, end=dt.date.max)
    edges.goal = Goal(distance=10_000, date=dt.date.max)
    edges.phases = [Phase(name="All", start_date=dt.date.min, end_date=dt.date.max)]
    arranged = Season.of(edges)
    assert [type(part) for part in arranged.parts] == [Week, Gap, Week]
    assert arranged.weeks[-1].last == dt.date.max
    drawn = chart.draw(arranged, Units.METRIC)
    assert drawn is not None
    assert len(drawn.bars) <= 60


def test_the_chart_stays_inside_its_frame() -> None:
    for weeks in (2, 3, 16, 61, 400):
        drawn = chart.draw(Season.of(season(weeks=weeks)), Units.IMPERIAL)
        assert drawn is not None
        assert all(drawn.left <= bar.x and bar.x + bar.width <= drawn.right for bar in drawn.bars)
        assert all(bar.longest <= bar.height <= drawn.bottom for bar in drawn.bars)
        assert drawn.goal is not None
        assert drawn.left <= drawn.goal <= drawn.right
        assert max(band.x + band.width for band in drawn.bands) <= drawn.right


def test_without_distances_there_is_no_chart() -> None:
    assert chart.draw(Season.of(plan([workout(MONDAY, distance=None)])), Units.METRIC) is None
