"""What the steps of a workout come to."""

from collections.abc import Sequence

from contracts.trainer.api import Step

METERS_PER_KM = 1000.0

Totals = tuple[float | None, float | None]


def totals(steps: Sequence[Step]) -> Totals:
    """Return distance in m and duration in s of the steps, each None unless every step says it.

    A step says both when one is its end and the other follows from the middle of its target pace; standing
    (``rest``) covers no distance. Rounded to 0.1 m and 0.1 s.
    """
    if not steps:
        return None, None
    distance, duration = _sum([_one(step) for step in steps])
    return _rounded(distance), _rounded(duration)


def _one(step: Step) -> Totals:
    if step.steps is not None:
        distance, duration = _sum([_one(inner) for inner in step.steps])
        times = step.repeat or 1
        return _times(distance, times), _times(duration, times)
    if step.end is None:
        return None, None
    distance, duration = step.end.distance, step.end.duration
    pace = sum(step.target.pace) / 2 if step.target and step.target.pace else None
    if step.kind == "rest" and distance is None:
        distance = 0.0
    elif pace is not None and duration is not None:
        distance = duration / pace * METERS_PER_KM
    elif pace is not None and distance is not None:
        duration = distance * pace / METERS_PER_KM
    return distance, duration


def _sum(parts: Sequence[Totals]) -> Totals:
    distances = [distance for distance, _ in parts if distance is not None]
    durations = [duration for _, duration in parts if duration is not None]
    return (
        sum(distances) if len(distances) == len(parts) else None,
        sum(durations) if len(durations) == len(parts) else None,
    )


def _times(value: float | None, times: int) -> float | None:
    return None if value is None else value * times


def _rounded(value: float | None) -> float | None:
    return None if value is None else round(value, 1)
