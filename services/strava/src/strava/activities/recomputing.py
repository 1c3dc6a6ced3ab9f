"""Figures of a stored recording, computed again from its samples: after a change of formula, or of a mistake in one."""

from collections.abc import Collection
from typing import Literal, get_args

from sqlalchemy.ext.asyncio import AsyncSession

from strava.activities import repository
from strava.activities.rederiving import recomputed, replace_parts
from strava.activities.store import audit, settle
from strava.models import Activity
from strava.models import Recording as Row

Figure = Literal[
    "distance",
    "moving_time",
    "elapsed_time",
    "elevation_gain",
    "average_speed",
    "max_speed",
    "average_heartrate",
    "max_heartrate",
    "average_cadence",
    "fastest_pace",
]
"""What samples tell of an activity as a whole."""

_OF_DISTANCE = frozenset({"distance", "average_speed"})


async def recompute(session: AsyncSession, row: Row, names: Collection[str] | None, *, actor: str) -> list[str]:
    """Compute figures of a recording again, all with the splits or those named; returns what changed.

    What samples cannot tell keeps its value, and so does what the athlete set by hand. ``actor`` asked for it. The
    caller holds ``lock_athlete``.
    """
    streams = await repository.streams(session, row.id)
    if "time" not in streams:
        return []
    fresh = recomputed(row, streams)
    figures = fresh.summary()
    kept = frozenset() if "distance" in streams else _OF_DISTANCE
    changed = {
        name: figures[name]
        for name in get_args(Figure)
        if (names is None or name in names)
        and name not in kept
        and figures[name] is not None
        and figures[name] != row.summary[name]
    }
    parts = names is None and await replace_parts(session, row.id, fresh, streams)
    if not changed and not parts:
        return []
    row.summary = {**row.summary, **changed}
    activity = await session.get_one(Activity, row.activity_id, with_for_update=True)
    words = ", ".join([*changed, *(["splits"] if parts else [])])
    reason = f"Computed again from the samples: {words}."
    audit(session, activity.id, activity.athlete_id, "updated", reason, actor=actor)
    await settle(session, activity, ["streams"] if parts and row.primary else [])
    return [*changed, *(["splits"] if parts else [])]
