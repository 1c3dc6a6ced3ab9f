"""What was planned beside what was done, in words for people: pure."""

from dataclasses import dataclass

HEADING = "Plan and result:"
_KILOMETRE = 1000.0
_MINUTE, _HOUR = 60, 3600


@dataclass(frozen=True)
class Effort:
    """m and s, None where it is not known."""

    distance: float | None
    duration: float | None
    name: str | None = None


def plan_versus_actual(planned: Effort, done: Effort) -> str:
    """Three lines: a heading, what was planned, and what was done with its share of the plan."""
    shares = [
        f"{100 * actual / wanted:.0f} % of the {word}"
        for word, wanted, actual in (
            ("distance", planned.distance, done.distance),
            ("time", planned.duration, done.duration),
        )
        if wanted and actual
    ]
    told = f"Done: {_told(done)}" + (f" ({', '.join(shares)})" if shares else "")
    return f"{HEADING}\nPlanned: {_told(planned)}\n{told}"


def _told(effort: Effort) -> str:
    parts = [effort.name] if effort.name else []
    if effort.distance:
        parts.append(f"{effort.distance / _KILOMETRE:.2f} km")
    if effort.duration:
        parts.append(clock(effort.duration))
    if effort.distance and effort.duration:
        parts.append(f"{clock(effort.duration / effort.distance * _KILOMETRE)} /km")
    return ", ".join(parts)


def clock(seconds: float) -> str:
    """``5:52``, ``1:05:09``."""
    whole = round(seconds)
    hours, minutes = whole // _HOUR, whole % _HOUR // _MINUTE
    return f"{hours}:{minutes:02d}:{whole % _MINUTE:02d}" if hours else f"{minutes}:{whole % _MINUTE:02d}"


def with_block(description: str, block: str) -> str:
    """Return the description with the block at its end, in place of an earlier one."""
    kept = description.split(HEADING, 1)[0].rstrip()
    return f"{kept}\n\n{block}" if kept else block
