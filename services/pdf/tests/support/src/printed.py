"""Plans to print, and PDFs read back."""

import datetime as dt
import io
from collections.abc import Sequence
from typing import Any

from pypdf import PdfReader

from contracts.testing.training import MONDAY, plan, workout
from contracts.trainer.api import Goal, Phase, PlanDocument, WorkoutDocument

STEPS: list[dict[str, Any]] = [
    {"kind": "warmup", "end": {"duration": 900.0}},
    {
        "kind": "work",
        "repeat": 3,
        "steps": [
            {"kind": "work", "end": {"distance": 1000.0}, "target": {"pace": [240.0, 250.0]}},
            {"kind": "rest", "end": {"duration": 90.0}},
        ],
    },
    {"kind": "cooldown"},
]
_WEEK: Sequence[tuple[int, str, Any, float, float]] = (
    (1, "Intervals", "interval", 11_000.0, 3900.0),
    (2, "Easy run", "easy", 8000.0, 2880.0),
    (3, "Threshold", "tempo", 10_600.0, 3200.0),
    (5, "Recovery", "recovery", 6000.0, 2300.0),
    (6, "Long run", "long", 20_000.0, 6900.0),
)


def season(*, weeks: int = 16, name: str = "Spring marathon", version: int = 1) -> PlanDocument:
    """Five workouts a week, two phases, and a race at the end."""
    last = MONDAY + dt.timedelta(weeks=weeks, days=-1)
    middle = MONDAY + dt.timedelta(weeks=weeks // 2)
    return plan(
        [each for number in range(weeks) for each in _week(MONDAY + dt.timedelta(weeks=number))],
        name=name,
        version=version,
        end=last,
        goal=Goal(distance=42_195, date=last, time=12_600, name="Oslo Marathon"),
        phases=[
            Phase(name="Base", start_date=MONDAY, end_date=middle - dt.timedelta(days=1)),
            Phase(name="Build", start_date=middle, end_date=last),
        ],
    )


def _week(monday: dt.date) -> list[WorkoutDocument]:
    return [
        workout(
            monday + dt.timedelta(days=day),
            name,
            kind=kind,
            distance=distance,
            duration=duration,
            steps=STEPS if kind == "interval" else (),
            description="A gel every 40 minutes." if kind == "long" else "",
        )
        for day, name, kind, distance, duration in _WEEK
    ]


def pages(content: bytes) -> list[str]:
    """The text of each page, with plain spaces."""
    read = PdfReader(io.BytesIO(content))
    return [page.extract_text().replace("\u00a0", " ") for page in read.pages]


def text(content: bytes) -> str:
    """All text on one line."""
    return " ".join(" ".join(pages(content)).split())
