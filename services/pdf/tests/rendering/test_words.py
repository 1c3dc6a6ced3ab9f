import datetime as dt
from typing import Any

import pytest
from printed import STEPS

from contracts.trainer.api import Step
from pdf.rendering import words
from pdf.rendering.words import Units

METRIC, IMPERIAL = Units.METRIC, Units.IMPERIAL


def said(step: dict[str, Any], units: Units = METRIC) -> str:
    [text] = words.steps([Step.model_validate(step)], units)
    return text.replace(words.NBSP, " ")


def test_a_workout_reads_as_a_coach_would_write_it() -> None:
    steps = words.steps([Step.model_validate(step) for step in STEPS], METRIC)
    assert [step.replace(words.NBSP, " ") for step in steps] == [
        "Warm up 15 min",
        "3 \u00d7 (1 km at 4:00\u20134:10 /km, 90 s rest)",
        "Cool down",
    ]


@pytest.mark.parametrize(
    ("step", "text"),
    [
        ({"kind": "work"}, "Run as long as you like"),
        ({"kind": "recovery"}, "Recovery"),
        ({"kind": "recovery", "name": "jog", "end": {"duration": 120}}, "2 min jog"),
        (
            {"kind": "work", "name": "uphill", "end": {"duration": 45}, "target": {"rpe": [8, 9]}},
            "Uphill 45 s at effort 8\u20139 of 10",
        ),
        ({"kind": "work", "end": {"distance": 42195}, "target": {"heartrate": [150, 150]}}, "42.2 km at 150 bpm"),
        ({"kind": "work", "repeat": 6, "steps": [{"kind": "work", "end": {"distance": 200}}]}, "6 \u00d7 200 m"),
        ({"kind": "work", "repeat": 1, "steps": [{"kind": "work", "end": {"distance": 200}}]}, "200 m"),
        (
            {
                "kind": "work",
                "name": "Set",
                "repeat": 2,
                "steps": [{"kind": "work", "repeat": 4, "steps": [{"kind": "rest", "end": {"duration": 30}}]}],
            },
            "Set: 2 \u00d7 (4 \u00d7 30 s rest)",
        ),
    ],
)
def test_each_step_has_its_words(step: dict[str, Any], text: str) -> None:
    assert said(step) == text


def test_miles_are_for_roads_and_metres_for_tracks() -> None:
    pace = {"pace": [240.0, 240.0]}
    assert said({"kind": "work", "end": {"distance": 800}, "target": pace}, IMPERIAL) == "800 m at 6:26 /mi"
    assert said({"kind": "work", "end": {"distance": 1609.344}}, IMPERIAL) == "1 mi"
    assert said({"kind": "work", "end": {"distance": 5000}}, IMPERIAL) == "3.11 mi"


@pytest.mark.parametrize(
    ("seconds", "text"),
    [
        (45, "45 s"),
        (60, "1 min"),
        (90, "90 s"),
        (91, "1:31 min"),
        (600, "10 min"),
        (3600, "1 h"),
        (5405, "1 h 30 min"),
        (3900, "1 h 05 min"),
    ],
)
def test_durations(seconds: float, text: str) -> None:
    assert words.duration(seconds).replace(words.NBSP, " ") == text


def test_sums_have_as_many_digits_as_mean_something() -> None:
    shown = [
        words.total(each, METRIC).replace(words.NBSP, " ") for each in (400, 8000, 12_340, 99_940, 901_234, 1_234_567)
    ]
    assert shown == ["0.4 km", "8 km", "12.3 km", "99.9 km", "901 km", "1,235 km"]
    assert words.planned_time(3229).replace(words.NBSP, " ") == "54 min"
    assert words.planned_time(1).replace(words.NBSP, " ") == "1 min"


def test_days_say_once_what_they_share() -> None:
    ranges = [
        (dt.date(2026, 3, 9), dt.date(2026, 3, 15)),
        (dt.date(2026, 4, 27), dt.date(2026, 5, 3)),
        (dt.date(2025, 12, 29), dt.date(2026, 1, 4)),
        (dt.date.min, dt.date.min),
    ]
    assert [words.days(*each).replace(words.NBSP, " ") for each in ranges] == [
        "9 \u2013 15 March 2026",
        "27 April \u2013 3 May 2026",
        "29 December 2025 \u2013 4 January 2026",
        "1 January 1",
    ]
