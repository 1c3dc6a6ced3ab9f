"""The HTML of a plan. Everything that people wrote is escaped by the template, and no style holds any of it."""

import datetime as dt
import unicodedata
from functools import cache

from jinja2 import Environment, PackageLoader, StrictUndefined

from contracts.trainer.api import Goal, PlanDocument, WorkoutDocument
from pdf.rendering import chart, words
from pdf.rendering.glyphs import REPLACEMENT, Covers, replacements
from pdf.rendering.season import Gap, Season
from pdf.rendering.words import Units

_LONGEST_FOOTER = 60
_STEM = 5  # letters; "interval" in "intervals"
_PER_STEP = 40
_TALL = 1500  # characters; such a row may go over the end of a page
_RIGHT_TO_LEFT = {"R", "AL"}
KINDS = {
    "easy": "Easy run",
    "long": "Long run",
    "tempo": "Tempo",
    "interval": "Intervals",
    "repetition": "Repetitions",
    "hill": "Hill session",
    "recovery": "Recovery run",
    "race": "Race",
    "progression": "Progression",
    "strides": "Strides",
    "cross": "Cross-training",
    "rest": "Rest",
    "other": "Other",
}


def html_of(plan: PlanDocument, units: Units, printed_on: dt.date, covers: Covers) -> str:
    """Return the whole document, styles included; it refers to nothing outside of itself.

    ``covers`` tells which characters can be shown; the title, which is not drawn, keeps them all.
    """
    replaced = replacements(set(plan.model_dump_json()), covers)
    season = Season.of(plan)
    drawn = chart.draw(season, units)
    html = (
        _environment()
        .get_template("plan.html")
        .render(
            plan=plan,
            incomplete=REPLACEMENT in replaced.values(),
            season=season,
            units=units,
            goal=_goal(plan.goal, units) if plan.goal else None,
            chart=drawn,
            chart_text=chart.describe(season, units) if drawn else "",
            footer=_shortened(plan.name),
            printed_on=printed_on,
        )
    )
    head, end, body = html.partition("</head>")
    return head + end + body.translate(str.maketrans(replaced))


@cache
def _environment() -> Environment:
    environment = Environment(
        loader=PackageLoader("pdf.rendering"),
        autoescape=True,
        undefined=StrictUndefined,
        trim_blocks=True,
        lstrip_blocks=True,
    )
    environment.globals.update(words=words, kinds=KINDS, weekdays=words.WEEKDAYS, direction=direction)
    environment.tests["said_by_name"] = _is_said_by_name
    environment.tests["tall"] = lambda workout: len(workout.description) + _PER_STEP * len(workout.steps) > _TALL
    environment.tests["gap"] = lambda part: isinstance(part, Gap)
    return environment


def direction(text: str) -> str:
    """``rtl`` or ``ltr``, by the first letter that has a direction (as ``dir=auto`` in a browser)."""
    for character in text:
        bidirectional = unicodedata.bidirectional(character)
        if bidirectional in _RIGHT_TO_LEFT:
            return "rtl"
        if bidirectional == "L":
            return "ltr"
    return "ltr"


def _is_said_by_name(workout: WorkoutDocument) -> bool:
    """Whether the name tells the kind, as "Hill repeats" and "6 x 1 km intervals" do."""
    name = workout.name.casefold()
    return any(word[:_STEM] in name for word in KINDS[workout.kind].casefold().split() if word != "run")


def _goal(goal: Goal, units: Units) -> dict[str, str | None]:
    """The facts of a race as they are shown; ``time`` and ``pace`` are None when no time is aimed for."""
    pace = words.pace(goal.time / goal.distance * 1000, units) if goal.time else None
    return {
        "name": goal.name or "Race",
        "distance": words.distance(goal.distance, units),
        "date": f"{words.WEEKDAYS[goal.date.weekday()]} {words.full_day(goal.date)}",
        "time": words.clock(goal.time) if goal.time else None,
        "pace": f"{pace}{words.NBSP}/{units.long}",
    }


def _shortened(name: str) -> str:
    return name if len(name) <= _LONGEST_FOOTER else f"{name[: _LONGEST_FOOTER - 1]}\u2026"
